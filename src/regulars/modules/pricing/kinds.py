"""What each kind of offer takes off: one class per kind, as pricing.md's table says it.

A *play* is a relevant offer bound to the lines of one basket. ``size`` is its discount on what is
left of the merged lines, ``shares`` its parts per line in scope; both before budgets and caps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, ClassVar

from regulars.kernel.allocation import allocated
from regulars.modules.promotions.types import (
    AmountOff,
    BuyGet,
    MemberPrice,
    UnitPrice,
)

from .basket import Basket
from .types import GiftLine

if TYPE_CHECKING:
    from .book import Entry

BPS = 10_000
Lefts = Sequence[int]


class Play:
    """One relevant offer of a basket.

    ``lines`` are the merged lines in scope, ``budget`` what its budget still allows. ``bit`` and
    ``reach`` are given by the search: the higher the bit the earlier the offer applies, and the
    reach has a bit for each line in scope.
    """

    __slots__ = (
        "bit",
        "budget",
        "code",
        "entry",
        "group",
        "lines",
        "rank",
        "reach",
        "spend",
        "whole",
    )
    on_goods: ClassVar[bool] = False
    sums: ClassVar[bool] = False
    steps: ClassVar[int] = 4  # what a line costs, in steps of the search
    is_shipping: ClassVar[bool] = False
    is_gift: ClassVar[bool] = False
    is_multiplier: ClassVar[bool] = False
    bit: int
    reach: int

    def __init__(
        self, entry: Entry, lines: tuple[int, ...], budget: int | None, basket: Basket
    ) -> None:
        self.entry = entry
        self.code = entry.code
        self.group = entry.group
        self.rank = entry.rank
        self.spend = entry.spend
        self.lines = lines
        self.budget = budget
        self.whole = len(lines) == len(basket.skus)

    def size(self, left: Lefts) -> int:
        raise TypeError(f"{self.code} takes nothing off goods")

    def shares(self, left: Lefts) -> list[int]:
        raise TypeError(f"{self.code} takes nothing off goods")

    def off(self, left: Lefts) -> tuple[int, list[int]]:
        """The size and the shares."""
        shares = self.shares(left)
        return sum(shares), shares

    def sum_in_scope(self, left: Lefts) -> int:
        """What the threshold looks at."""
        if self.whole:
            return sum(left)
        return sum([left[i] for i in self.lines])


class FreeShippingPlay(Play):
    __slots__ = ()
    is_shipping = True

    def sum_in_scope(self, left: Lefts) -> int:
        """Free shipping looks at all lines."""
        return sum(left)


class GiftPlay(Play):
    """``gift`` is what is given: the offer's own, or what stands in for it."""

    __slots__ = ("gift",)
    is_gift = True
    gift: GiftLine


class MultiplierPlay(Play):
    __slots__ = ()
    is_multiplier = True


class SumPlay(Play):
    """A discount that depends on the sum over the scope, allocated over what is left: percent_off,
    spend_save, spend_percent."""

    __slots__ = ("_of_sum", "_pick")
    on_goods = sums = True

    def __init__(
        self, entry: Entry, lines: tuple[int, ...], budget: int | None, basket: Basket
    ) -> None:
        super().__init__(entry, lines, budget, basket)
        self._of_sum = entry.of_sum
        self._pick: Callable[[Lefts], Lefts]
        if self.whole:
            self._pick = _all
        elif len(lines) == 1:
            # A slice, since one item would come without a sequence around it.
            self._pick = itemgetter(slice(lines[0], lines[0] + 1))
        else:
            self._pick = itemgetter(*lines)

    def size(self, left: Lefts) -> int:
        return self._of_sum(sum(self._pick(left)))

    def shares(self, left: Lefts) -> list[int]:
        return self.off(left)[1]

    def off(self, left: Lefts) -> tuple[int, list[int]]:
        weights = self._pick(left)
        whole = sum(weights)
        amount = self._of_sum(whole)
        return (amount, allocated(amount, weights, whole)) if amount else _NOTHING

    def sum_in_scope(self, left: Lefts) -> int:
        return sum(self._pick(left))


def _all(left: Lefts) -> Lefts:
    return left


_NOTHING: tuple[int, list[int]] = (0, [])


class AmountOffPlay(Play):
    __slots__ = ("most",)
    on_goods = True

    def __init__(
        self, entry: Entry, lines: tuple[int, ...], budget: int | None, basket: Basket
    ) -> None:
        super().__init__(entry, lines, budget, basket)
        params = entry.offer.params
        assert isinstance(params, AmountOff)
        self.most = [(i, basket.quantities[i] * params.each) for i in lines]

    def size(self, left: Lefts) -> int:
        return sum([amount if amount < left[i] else left[i] for i, amount in self.most])

    def shares(self, left: Lefts) -> list[int]:
        return [amount if amount < left[i] else left[i] for i, amount in self.most]


class FloorPlay(Play):
    """unit_price and member_price: each line down to its floor, where it is above. Of the lines in
    scope those alone count that have a price, where there are any."""

    __slots__ = ("floors",)
    on_goods = True

    def __init__(
        self, entry: Entry, lines: tuple[int, ...], budget: int | None, basket: Basket
    ) -> None:
        super().__init__(entry, lines, budget, basket)
        params, quantities, skus = entry.offer.params, basket.quantities, basket.skus
        #: What the lines that have a price come down to.
        if isinstance(params, UnitPrice):
            self.floors = [(i, quantities[i] * params.price) for i in lines]
        else:
            assert isinstance(params, MemberPrice)
            prices = params.prices
            self.floors = [(i, quantities[i] * prices[skus[i]]) for i in lines if skus[i] in prices]
            if self.floors:
                self.lines = tuple([i for i, _ in self.floors])
                self.whole = len(self.lines) == len(skus)

    def size(self, left: Lefts) -> int:
        return sum([left[i] - floor for i, floor in self.floors if left[i] > floor])

    def shares(self, left: Lefts) -> list[int]:
        return [left[i] - floor if left[i] > floor else 0 for i, floor in self.floors]


class BuyGetPlay(Play):
    """Units by value, highest first; of each set the lowest (or of all the lowest) are cheaper."""

    __slots__ = ("_params", "_pools", "_quantities")
    on_goods = True
    steps = 12

    def __init__(
        self, entry: Entry, lines: tuple[int, ...], budget: int | None, basket: Basket
    ) -> None:
        super().__init__(entry, lines, budget, basket)
        params, per_order = entry.offer.params, entry.offer.limit.per_order
        assert isinstance(params, BuyGet)
        self._params, self._quantities = params, basket.quantities
        pools: list[tuple[int, ...]] = [lines]
        if params.same_item:
            by_sku: dict[str, list[int]] = {}
            for i in lines:
                by_sku.setdefault(basket.skus[i], []).append(i)
            pools = [tuple(same) for same in by_sku.values()]
        size = params.buy + params.get
        self._pools: list[tuple[tuple[int, ...], int, int]] = []
        for pool in pools:
            units = sum([basket.quantities[i] for i in pool])
            sets = units // size if per_order is None else min(units // size, per_order)
            if sets:
                self._pools.append((pool, units, sets))

    def size(self, left: Lefts) -> int:
        return sum(self._by_line(left).values()) if self._pools else 0

    def shares(self, left: Lefts) -> list[int]:
        if not self._pools:
            return []
        found = self._by_line(left)
        return [found.get(i, 0) for i in self.lines]

    def _by_line(self, left: Lefts) -> dict[int, int]:
        params, quantities = self._params, self._quantities
        get, off_bps = params.get, params.off_bps
        size, in_group = params.buy + get, params.pick == "in_group"
        found: dict[int, int] = {}
        for pool, units, sets in self._pools:
            first = 0 if in_group else units - sets * get
            place = chosen = 0
            for value, line, count in _blocks(pool, quantities, left):
                place += count
                upto = _chosen(place, size, get, sets) if in_group else max(0, place - first)
                if upto > chosen:
                    off = (upto - chosen) * (-value * off_bps // BPS)
                    found[line] = found.get(line, 0) + off
                    chosen = upto
                    if chosen == sets * get:
                        break
        return found


def _blocks(
    pool: tuple[int, ...], quantities: list[int], left: Lefts
) -> list[tuple[int, int, int]]:
    """Units of equal value and line as (minus value, line, count), highest value first, of equal
    ones the earlier line first. A line's units are its left split evenly, spare units first."""
    blocks: list[tuple[int, int, int]] = []
    for i in pool:
        quantity = quantities[i]
        if quantity == 1:
            blocks.append((-left[i], i, 1))
            continue
        value, dearer = divmod(left[i], quantity)
        if dearer:
            blocks.append((-value - 1, i, dearer))
        blocks.append((-value, i, quantity - dearer))
    blocks.sort()
    return blocks


def _chosen(place: int, size: int, get: int, sets: int) -> int:
    """How many of the first ``place`` units are among the lowest ``get`` of their full set."""
    full, rest = divmod(place, size)
    if full >= sets:
        return sets * get
    over = rest - size + get
    return full * get + over if over > 0 else full * get


PLAYS: dict[str, type[Play]] = {
    "member_price": FloorPlay,
    "percent_off": SumPlay,
    "amount_off": AmountOffPlay,
    "unit_price": FloorPlay,
    "buy_get": BuyGetPlay,
    "spend_save": SumPlay,
    "spend_percent": SumPlay,
    "free_shipping": FreeShippingPlay,
    "points_multiplier": MultiplierPlay,
    "gift": GiftPlay,
}
