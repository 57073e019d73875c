"""Offers that draw from one pot: together where it holds enough for all of them, else one of them.

How much an offer takes is known once a combination is chosen, so each is reckoned with the most it
could take of the cart. Where that is more than is left, they are as offers of one group: the best
of them is taken, cut to what is left. So near its end a pot is emptied by one offer an order, and
never passed. The last units of a gift are a pot too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from regulars.modules.promotions.splitting import at_most
from regulars.modules.promotions.types import Gift, Offer

from .basket import Basket
from .kinds import GiftPlay, Play
from .playing import shipping_discount
from .types import Context, GiftLine


def keep_apart(plays: Sequence[Play], basket: Basket, context: Context, groups: int) -> None:
    """Give the offers of each pot that is too small for all of them a group in common; bits from
    ``groups`` on are free."""
    bit = 1 << groups
    for pot in context.pots:
        drawing = [
            play
            for play in plays
            if play.code in pot.shares_bps and (play.on_goods or play.is_shipping)
        ]
        if len(drawing) < 2:
            continue
        wanted = sum(at_most(pot.shares_bps[play.code], _most(play, basket)) for play in drawing)
        if wanted > pot.left_minor:
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
