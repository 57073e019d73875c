"""What each kind of offer takes off: one function per kind, as pricing.md's table says it.

Each binds an offer's params to the lines of one basket and gives ``Terms``: the discount as a
number, and as shares of the lines in scope, both before budgets and caps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from regulars.kernel.allocation import allocate
from regulars.modules.promotions.types import (
    AmountOff,
    BuyGet,
    MemberPrice,
    Offer,
    PercentOff,
    SpendPercent,
    SpendSave,
    UnitPrice,
)

from .basket import Basket

BPS = 10_000
Lefts = Sequence[int]


class Terms(NamedTuple):
    """``size`` is the discount on the lefts of all merged lines, ``shares`` its parts per line in
    scope; ``of_sum`` is the discount by the sum over the scope alone, where that decides."""

    size: Callable[[Lefts], int]
    shares: Callable[[Lefts], list[int]]
    of_sum: Callable[[int], int] | None = None


def terms_of(offer: Offer, basket: Basket, lines: tuple[int, ...]) -> Terms | None:
    """The discount of an offer on goods; None for the other kinds."""
    params = offer.params
    per_order = offer.limit.per_order
    if isinstance(params, PercentOff):
        return _by_sum(_percent(params.bps), lines, basket)
    if isinstance(params, SpendSave):
        return _by_sum(saving(params, per_order), lines, basket)
    if isinstance(params, SpendPercent):
        return _by_sum(_spend_percent(params), lines, basket)
    if isinstance(params, AmountOff):
        return _amount_off(params, basket, lines)
    if isinstance(params, UnitPrice):
        return _down_to([(i, basket.quantities[i] * params.price) for i in lines], lines)
    if isinstance(params, MemberPrice):
        prices, skus, quantities = params.prices, basket.skus, basket.quantities
        floors = [(i, quantities[i] * prices[skus[i]]) for i in lines if skus[i] in prices]
        return _down_to(floors, lines)
    if isinstance(params, BuyGet):
        return _buy_get(params, per_order, basket, lines)
    return None


def _by_sum(of_sum: Callable[[int], int], lines: tuple[int, ...], basket: Basket) -> Terms:
    """A discount that depends on the sum over the scope, allocated over what is left."""
    if len(lines) == len(basket.skus):

        def size(left: Lefts) -> int:
            return of_sum(sum(left))

        def shares(left: Lefts) -> list[int]:
            return allocate(of_sum(sum(left)), left)

        return Terms(size, shares, of_sum)

    def size_within(left: Lefts) -> int:
        return of_sum(sum([left[i] for i in lines]))

    def shares_within(left: Lefts) -> list[int]:
        weights = [left[i] for i in lines]
        return allocate(of_sum(sum(weights)), weights)

    return Terms(size_within, shares_within, of_sum)


def _percent(bps: int) -> Callable[[int], int]:
    return lambda total: total * bps // BPS


def saving(params: SpendSave, per_order: int | None) -> Callable[[int], int]:
    """What spending ``total`` saves: by the highest step reached, or again and again."""
    if params.every:
        spend, save = params.steps[0].spend, params.steps[0].save
        if per_order is None:
            return lambda total: min(save * (total // spend), total)
        return lambda total: min(save * min(total // spend, per_order), total)
    steps = [(step.spend, step.save) for step in reversed(params.steps)]
    if len(steps) == 1:
        ((only, saved),) = steps
        return lambda total: min(saved, total) if total >= only else 0

    def highest(total: int) -> int:
        for spend, save in steps:
            if total >= spend:
                return min(save, total)
        return 0

    return highest


def _spend_percent(params: SpendPercent) -> Callable[[int], int]:
    steps = [(step.spend, step.bps) for step in reversed(params.steps)]

    def highest(total: int) -> int:
        for spend, bps in steps:
            if total >= spend:
                return total * bps // BPS
        return 0

    return highest


def _amount_off(params: AmountOff, basket: Basket, lines: tuple[int, ...]) -> Terms:
    most = [(i, basket.quantities[i] * params.each) for i in lines]

    def shares(left: Lefts) -> list[int]:
        return [amount if amount < left[i] else left[i] for i, amount in most]

    return Terms(lambda left: sum(shares(left)), shares)


def _down_to(floors: list[tuple[int, int]], lines: tuple[int, ...]) -> Terms:
    """Each line down to its floor, where it is above; ``floors`` may leave lines out."""
    if len(floors) == len(lines):

        def shares(left: Lefts) -> list[int]:
            return [left[i] - floor if left[i] > floor else 0 for i, floor in floors]

        return Terms(lambda left: sum(shares(left)), shares)
    by_line = dict(floors)

    def some_shares(left: Lefts) -> list[int]:
        return [max(0, left[i] - by_line[i]) if i in by_line else 0 for i in lines]

    return Terms(lambda left: sum(some_shares(left)), some_shares)


def _buy_get(
    params: BuyGet, per_order: int | None, basket: Basket, lines: tuple[int, ...]
) -> Terms:
    """Units by value, highest first; of each set the lowest (or of all the lowest) are cheaper."""
    pools: list[tuple[int, ...]] = [lines]
    if params.same_item:
        by_sku: dict[str, list[int]] = {}
        for i in lines:
            by_sku.setdefault(basket.skus[i], []).append(i)
        pools = [tuple(same) for same in by_sku.values()]
    size = params.buy + params.get
    counted: list[tuple[tuple[int, ...], int, int]] = []
    for pool in pools:
        units = sum(basket.quantities[i] for i in pool)
        sets = units // size if per_order is None else min(units // size, per_order)
        if sets:
            counted.append((pool, units, sets))
    quantities, off_bps = basket.quantities, params.off_bps
    in_group, get = params.pick == "in_group", params.get

    def by_line(left: Lefts) -> dict[int, int]:
        found: dict[int, int] = {}
        for pool, units, sets in counted:
            blocks = _blocks(pool, quantities, left)
            place = 0
            for value, line, count in blocks:
                end = place + count
                if in_group:
                    cheaper = _chosen(end, size, get, sets) - _chosen(place, size, get, sets)
                else:
                    first = units - sets * get
                    cheaper = max(end, first) - max(place, first)
                if cheaper:
                    off = cheaper * (-value * off_bps // BPS)
                    found[line] = found.get(line, 0) + off
                place = end
        return found

    def shares(left: Lefts) -> list[int]:
        found = by_line(left)
        return [found.get(i, 0) for i in lines]

    return Terms(lambda left: sum(by_line(left).values()), shares)


def _blocks(
    pool: tuple[int, ...], quantities: list[int], left: Lefts
) -> list[tuple[int, int, int]]:
    """Units of equal value and line as (minus value, line, count), highest value first, of equal
    ones the earlier line first. A line's units are its left split evenly, spare units first."""
    blocks: list[tuple[int, int, int]] = []
    for i in pool:
        value, dearer = divmod(left[i], quantities[i])
        if dearer:
            blocks.append((-value - 1, i, dearer))
        blocks.append((-value, i, quantities[i] - dearer))
    blocks.sort()
    return blocks


def _chosen(place: int, size: int, get: int, sets: int) -> int:
    """How many of the first ``place`` units are among the lowest ``get`` of their full set."""
    full, rest = divmod(place, size)
    if full >= sets:
        return sets * get
    return full * get + max(0, rest - (size - get))
