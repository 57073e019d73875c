"""From merged lines back to the lines as sent: shares are handed on offer after offer."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.allocation import allocate

from .basket import Basket
from .earning import Earner
from .playing import Step
from .tenders import Paid, Payment
from .types import Cart, Discount, PricedLine, TenderShares

NO_TENDERS = TenderShares()


def priced_lines(
    cart: Cart,
    basket: Basket,
    steps: Sequence[Step],
    net: Sequence[int],
    payment: Payment,
    earner: Earner,
) -> tuple[tuple[PricedLine, ...], int]:
    """The lines in the order sent, and the points that they earn together."""
    lines = cart.lines
    gross = [line.gross_minor for line in lines]
    left = list(gross)
    discounts: list[list[Discount]] = [[] for _ in lines]
    parts = basket.parts
    for step in steps:
        code = step.play.code
        for i, share in zip(step.play.lines, step.shares, strict=False):
            if share:
                places = parts[i]
                if len(places) == 1:
                    place = places[0]
                    left[place] -= share
                    discounts[place].append(Discount(code, share))
                else:
                    _hand_on(share, places, left, discounts, code)
    tenders, base = _tendered(basket, payment, left, net)
    multipliers = earner.multiplied([step.play for step in steps if step.play.is_multiplier])
    rates = earner.rates(multipliers)
    points = earner.points(rates, base.merged)
    to_earn = _points_by_line(points, rates, basket, base)
    rate_of = [0] * len(lines)
    for i, places in enumerate(parts):
        for place in places:
            rate_of[place] = rates[i]
    priced = tuple(
        [
            PricedLine(
                line=place + 1,
                gross_minor=gross[place],
                discounts=tuple(discounts[place]),
                tenders=tenders[place],
                net_minor=left[place],
                points_to_earn=to_earn[place],
                earn_bps=rate_of[place],
            )
            for place in range(len(lines))
        ]
    )
    return priced, points


def _hand_on(
    share: int, places: list[int], left: list[int], discounts: list[list[Discount]], code: str
) -> None:
    for place, part in zip(places, allocate(share, [left[p] for p in places]), strict=True):
        if part:
            left[place] -= part
            discounts[place].append(Discount(code, part))


class _Base:
    """What earns: of the merged lines, and of the lines as sent."""

    __slots__ = ("merged", "sent")

    def __init__(self, merged: list[int], sent: list[int]) -> None:
        self.merged = merged
        self.sent = sent


def _tendered(
    basket: Basket, payment: Payment, net: list[int], merged_net: Sequence[int]
) -> tuple[list[TenderShares], _Base]:
    """Each sent line's tenders, and the nets that earn: points, growth value and bonus do not."""
    count = len(net)
    if payment.points is payment.growth_value is payment.stored_value is None:
        return [NO_TENDERS] * count, _Base(list(merged_net), net)
    left = list(net)
    points = _handed(payment.points, basket, left)
    growth = _handed(payment.growth_value, basket, left)
    stored = _handed(payment.stored_value, basket, left)
    bonus = _bonus_handed(payment.bonus, basket, stored)
    tenders = [
        TenderShares(
            points=points[0][place],
            growth_value=growth[0][place],
            stored_value=stored[0][place],
            points_minor=points[1][place],
            growth_value_minor=growth[1][place],
            stored_value_minor=stored[1][place],
            bonus=bonus[0][place],
            bonus_minor=bonus[1][place],
        )
        for place in range(count)
    ]
    sent = [
        amount - paid.points_minor - paid.growth_value_minor - paid.bonus_minor
        for amount, paid in zip(net, tenders, strict=True)
    ]
    return tenders, _Base([sum([sent[p] for p in places]) for places in basket.parts], sent)


def _handed(paid: Paid | None, basket: Basket, left: list[int]) -> tuple[list[int], list[int]]:
    """A tender's units and worth on each sent line; ``left`` falls by the worth."""
    units, minor = [0] * len(left), [0] * len(left)
    if paid is None:
        return units, minor
    for i, places in enumerate(basket.parts):
        if len(places) == 1:
            (place,) = places
            units[place], minor[place] = paid.units[i], paid.minor[i]
            left[place] -= paid.minor[i]
            continue
        worths = allocate(paid.minor[i], [left[place] for place in places])
        counts = worths if paid.units is paid.minor else allocate(paid.units[i], worths)
        for place, worth, count in zip(places, worths, counts, strict=True):
            units[place], minor[place] = count, worth
            left[place] -= worth
    return units, minor


def _bonus_handed(
    bonus: Paid | None, basket: Basket, stored: tuple[list[int], list[int]]
) -> tuple[list[int], list[int]]:
    """The bonus lies where the stored value lies."""
    count = len(stored[0])
    units, minor = [0] * count, [0] * count
    if bonus is None:
        return units, minor
    for i, places in enumerate(basket.parts):
        counts = allocate(bonus.units[i], [stored[0][place] for place in places])
        worths = allocate(bonus.minor[i], [stored[1][place] for place in places])
        for place, count_, worth in zip(places, counts, worths, strict=True):
            units[place], minor[place] = count_, worth
    return units, minor


def _points_by_line(points: int, rates: Sequence[int], basket: Basket, base: _Base) -> list[int]:
    """Points over base x rate of the merged lines, and on to the lines as sent."""
    by_line = [0] * len(base.sent)
    if not points:
        return by_line
    weights = [amount * rate for amount, rate in zip(base.merged, rates, strict=True)]
    for places, share in zip(basket.parts, allocate(points, weights), strict=True):
        if len(places) == 1:
            by_line[places[0]] = share
            continue
        handed = allocate(share, [base.sent[place] for place in places])
        for place, part in zip(places, handed, strict=True):
            by_line[place] = part
    return by_line
