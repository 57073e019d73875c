"""The floor of a quote: the least that pricing 10 lines under N offers can cost in plain Python.

Integers, offers in a fixed order, largest-remainder shares and a trace of each application; then
a coupon of 10 % and points up to half. No search, no groups, no reasons, no records: a limit, not
a product. 50 products, ranges of 15; the offers take turns: 5 % off a range, buy three of a range
and the cheapest is free, 5.00 off from a threshold.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Offer(NamedTuple):
    kind: str
    name: int
    scope: frozenset[int] | None
    least: int
    size: int


class Line(NamedTuple):
    sku: int
    quantity: int
    price: int


Trace = list[tuple[object, int, int]]
LINES = [Line(i * 5, 1 + i % 3, 500 + 500 * i) for i in range(10)]
MEMBER_PRICES = {5: 990, 25: 2_900}
COUPON_PERCENT, POINTS = 10, 300


def reach(number: int) -> frozenset[int]:
    """One of 20 ranges of 15 products."""
    return frozenset((number * 7 + j * 3) % 50 for j in range(15))


def offers(count: int) -> list[Offer]:
    turn: Sequence[Callable[[int], Offer]] = (
        lambda i: Offer("percent", i, reach(i % 20), 2, 5),
        lambda i: Offer("cheapest_free", i, reach(i % 20), 3, 1),
        lambda i: Offer("amount", i, None, 10_000 + 100 * i, 500),
    )
    return [turn[i % 3](i) for i in range(count)]


def share_out(
    amount: int, lines: Sequence[int], left: list[int], off: list[int], name: object, trace: Trace
) -> None:
    whole = 0
    for i in lines:
        whole += left[i]
    amount = min(amount, whole)
    if amount <= 0:
        return
    spare = amount
    parts = []
    for i in lines:
        share, rest = divmod(amount * left[i], whole)
        spare -= share
        parts.append((rest, i, share))
    if spare:
        parts.sort(key=lambda part: (-part[0], part[1]))
        parts = [
            (rest, i, share + 1) if place < spare else (rest, i, share)
            for place, (rest, i, share) in enumerate(parts)
        ]
    for _, i, share in parts:
        if share:
            left[i] -= share
            off[i] += share
            trace.append((name, i, share))


def quote(lines: Sequence[Line], book: Sequence[Offer]) -> tuple[int, list[int], Trace]:
    """What is to be paid, what is off each line, and which offer took what from which line."""
    skus, quantities = [line[0] for line in lines], [line[1] for line in lines]
    prices = [MEMBER_PRICES.get(sku, price) for sku, _, price in lines]
    left = [quantity * price for quantity, price in zip(quantities, prices, strict=True)]
    off, trace, every = [0] * len(lines), [], range(len(lines))
    known: dict[frozenset[int], list[int]] = {}
    for kind, name, scope, least, size in book:
        if scope is None:
            if sum(left) >= least:
                share_out(size, every, left, off, name, trace)
            continue
        within = known.get(scope)
        if within is None:
            within = known[scope] = [i for i, sku in enumerate(skus) if sku in scope]
        units = 0
        for i in within:
            units += quantities[i]
        if units < least:
            continue
        if kind == "percent":
            for i in within:
                amount = left[i] * size // 100
                if amount:
                    left[i] -= amount
                    off[i] += amount
                    trace.append((name, i, amount))
        else:
            i = min(within, key=prices.__getitem__)
            amount = min(prices[i] * size, left[i])
            if amount:
                left[i] -= amount
                off[i] += amount
                trace.append((name, i, amount))
    share_out(sum(left) * COUPON_PERCENT // 100, every, left, off, "coupon", trace)
    share_out(min(POINTS, sum(left) // 2), every, left, off, "points", trace)
    return sum(left), off, trace


def microseconds(count: int, seconds: float = 0.4) -> float:
    """The median time of one quote under ``count`` offers."""
    book = offers(count)
    total, off, trace = quote(LINES, book)
    gross = sum(li.quantity * MEMBER_PRICES.get(li.sku, li.price) for li in LINES)
    assert gross - total == sum(off) == sum(share for _, _, share in trace)
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        for _ in range(20):
            quote(LINES, book)
        times.append((time.perf_counter() - begun) / 20 * 1e6)
    return statistics.median(times)
