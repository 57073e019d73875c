"""Offers that draw from one pot: together where it holds enough for all of them.

How much an offer takes is known once a combination is chosen, so each is reckoned with the most it
could take of the cart. Where that is more than is left, there are two ways, and the one that takes
more off counts: one of them alone, as offers of one group, cut to what is left (``keep_apart``); or
what is left dealt out in order of application, each the most it could take until nothing is left
(``dealt``). Either way no pot is passed. The last units of a gift are a pot too, which one of its
givers empties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from regulars.modules.promotions.splitting import at_most, most_of
from regulars.modules.promotions.types import Gift, Offer

from .basket import Basket
from .kinds import GiftPlay, Play
from .playing import shipping_discount
from .types import Context, GiftLine, Pot, Rejected


def keep_apart(plays: Sequence[Play], basket: Basket, context: Context, groups: int) -> None:
    """Give the offers of each pot that is too small for all of them a group in common; bits from
    ``groups`` on are free."""
    bit = 1 << groups
    for pot in context.pots:
        drawing = _short_of(pot, plays, basket)
        if drawing:
            _join(drawing, bit)
            bit <<= 1
    if not context.stock:
        return
    givers: dict[str, list[GiftPlay]] = {}
    for play in plays:
        if isinstance(play, GiftPlay) and play.gift.sku in context.stock:
            givers.setdefault(play.gift.sku, []).append(play)
    for sku, giving in givers.items():
        wanted = sum(play.gift.quantity for play in giving)
        if len(giving) > 1 and wanted > _rest(sku, basket, context.stock):
            _join(giving, bit)
            bit <<= 1


def dealt(plays: Sequence[Play], basket: Basket, context: Context) -> dict[str, int]:
    """What each offer of a pot that is too small for all of them may take off, where it is dealt
    out; empty where every pot is large enough. ``plays`` are in order of application."""
    caps: dict[str, int] = {}
    for pot in context.pots:
        left = pot.left_minor
        for play in _short_of(pot, plays, basket):
            share = pot.shares_bps[play.code]
            most = min(caps.get(play.code, _most(play, basket)), most_of(left, share))
            caps[play.code] = most
            left -= at_most(share, most)
    return caps


def limited(plays: Iterable[Play], caps: Mapping[str, int]) -> tuple[list[Play], list[Rejected]]:
    """``plays`` with what was dealt to them as budgets, without those that got nothing."""
    kept: list[Play] = []
    spent: list[Rejected] = []
    for play in plays:
        cap = caps.get(play.code)
        if cap == 0:
            spent.append(play.entry.rejected("budget_spent"))
            continue
        if cap is not None:
            play.budget = cap if play.budget is None else min(play.budget, cap)
        kept.append(play)
    return kept, spent


def _short_of(pot: Pot, plays: Sequence[Play], basket: Basket) -> list[Play]:
    """The offers that draw from a pot which does not hold what all of them could take."""
    drawing = [
        play
        for play in plays
        if play.code in pot.shares_bps and (play.on_goods or play.is_shipping)
    ]
    if len(drawing) < 2:
        return []
    wanted = sum(at_most(pot.shares_bps[play.code], _most(play, basket)) for play in drawing)
    return drawing if wanted > pot.left_minor else []


def gift_in_stock(offer: Offer, basket: Basket, stock: Mapping[str, int]) -> GiftLine | None:
    """The first of an offer's gifts of which there is enough beside what the cart buys."""
    params = offer.params
    assert isinstance(params, Gift)
    for choice in params.choices:
        if choice.sku not in stock or choice.quantity <= _rest(choice.sku, basket, stock):
            return GiftLine(offer.code, choice.sku, choice.quantity)
    return None


def _join(plays: Iterable[Play], bit: int) -> None:
    for play in plays:
        play.group |= bit


def _rest(sku: str, basket: Basket, stock: Mapping[str, int]) -> int:
    bought = [n for one, n in zip(basket.skus, basket.quantities, strict=True) if one == sku]
    return stock[sku] - sum(bought)


def _most(play: Play, basket: Basket) -> int:
    """What an offer takes at most: no offer takes more when less is left."""
    if play.is_shipping:
        return shipping_discount(play, basket.total, basket.shipping)
    whole = play.size(basket.gross)
    return whole if play.budget is None else min(whole, play.budget)
