"""What the kept units of an order would pay: offers that keep stay, the others apply again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from regulars.kernel.commerce import part_gone_back
from regulars.modules.promotions.types import Gift

from .basket import Basket, merged_lines
from .book import Entry
from .gates import OPEN
from .playing import Table, lowered
from .sale import FrozenOffer, Sale
from .types import GiftLine


def would_pay(sale: Sale, returned: Sequence[int]) -> int:
    """The net of the kept units, goods alone, before tenders."""
    return sum(_kept(sale, returned).left)


def gifts_kept(sale: Sale, returned: Sequence[int]) -> list[GiftLine]:
    """The gifts that stay: those that keep, and those whose threshold the kept units still meet."""
    gifts = [f for f in sale.offers if isinstance(f.offer.params, Gift)]
    if not any(frozen.offer.on_return == "requalify" for frozen in gifts):
        return [_named(frozen) for frozen in gifts]
    kept = _kept(sale, returned)
    stay = []
    for frozen in gifts:
        params = frozen.offer.params
        scope = kept.scope(frozen)
        reached = (
            isinstance(params, Gift)
            and bool(scope)
            and sum([kept.left[i] for i in scope]) >= params.spend
        )
        if reached or frozen.offer.on_return == "keep":
            stay.append(_named(frozen))
    return stay


def _named(frozen: FrozenOffer) -> GiftLine:
    if frozen.gift is not None:
        return frozen.gift
    params = frozen.offer.params
    assert isinstance(params, Gift)
    return GiftLine(frozen.offer.code, params.sku, params.quantity)


class _Kept:
    """The kept units as a basket of their own, and what is left of its lines to pay."""

    def __init__(self, basket: Basket, places: list[int]) -> None:
        self.basket = basket
        self.left = basket.gross
        #: The merged line of each kept line of the order, by its place in the order.
        self.line_of = {places[part]: i for i, parts in enumerate(basket.parts) for part in parts}

    def scope(self, frozen: FrozenOffer) -> tuple[int, ...]:
        found = {self.line_of[place] for place in frozen.lines if place in self.line_of}
        return tuple(sorted(found))


def _kept(sale: Sale, returned: Sequence[int]) -> _Kept:
    """Every offer on goods once more, in order of application."""
    places = [i for i, line in enumerate(sale.cart.lines) if line.quantity > returned[i]]
    lines = sale.cart.lines
    basket = merged_lines(
        [replace(lines[i], quantity=lines[i].quantity - returned[i]) for i in places], 0
    )
    kept = _Kept(basket, places)
    table = Table.of(basket, sale.max_discount_bps)
    for frozen in sale.offers:
        if frozen.offer.stage in ("shipping", "gift", "earn"):
            continue
        scope = kept.scope(frozen)
        if frozen.offer.on_return == "keep":
            shares = _allocated(sale, frozen, kept, returned)
            shares = [min(pair) for pair in zip(shares, table.left, strict=True)]
            table.room = max(0, table.room - sum(shares))
            table.left = lowered(table.left, basket.every_line, shares)
        elif scope:
            entry = Entry(frozen.offer, 0, OPEN, 0)
            table.apply(entry.play(entry, scope, frozen.budget_minor, basket))
    kept.left = table.left
    return kept


def _allocated(sale: Sale, frozen: FrozenOffer, kept: _Kept, returned: Sequence[int]) -> list[int]:
    """What the kept units still have of an offer's shares; never more than is left to pay."""
    shares = [0] * len(kept.left)
    for place, line in enumerate(sale.lines):
        if place not in kept.line_of:
            continue
        for discount in line.discounts:
            if discount.offer == frozen.offer.code:
                quantity = sale.cart.lines[place].quantity
                amount = discount.amount_minor
                gone = part_gone_back(amount, quantity=quantity, returned=returned[place])
                shares[kept.line_of[place]] += amount - gone
    return shares
