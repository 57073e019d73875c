"""From merged lines back to the lines as sent: shares are handed on offer after offer."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.allocation import allocate

from .basket import Basket
from .earning import Earner
from .playing import Step
from .sharing import NO_TENDERS
from .tenders import Paid, Payment
from .types import Cart, Discount, PricedLine, TenderShares


def lines_handed_on(
    cart: Cart,
    basket: Basket,
    steps: Sequence[Step],
    net: Sequence[int],
    payment: Payment,
    earner: Earner,
) -> tuple[tuple[PricedLine, ...], int]:
    """The lines in the order sent, and the points that they earn together."""
    sent_net, discounts = _discounted(cart, basket, steps)
    tenders, base = _tendered(basket, payment, sent_net, net)
    rates = earner.rates_of([step.play for step in steps if step.play.is_multiplier])
    points = earner.points(rates, base.merged)
    to_earn = _points_by_line(points, rates, basket, base)
    rate_of = [0] * len(sent_net)
    for rate, places in zip(rates, basket.parts, strict=True):
        for place in places:
            rate_of[place] = rate
    lines = [
        PricedLine(
            line=place + 1,
            gross_minor=line.gross_minor,
            discounts=tuple(discounts[place]),
            tenders=tenders[place],
            net_minor=sent_net[place],
            points_to_earn=to_earn[place],
            earn_bps=rate_of[place],
        )
        for place, line in enumerate(cart.lines)
    ]
    return tuple(lines), points


def _discounted(
    cart: Cart, basket: Basket, steps: Sequence[Step]
) -> tuple[list[int], list[list[Discount]]]:
    """The net of each sent line, and its discounts in order of application."""
    discounts: list[list[Discount]] = [[] for _ in cart.lines]
    left = [line.gross_minor for line in cart.lines]
    for step in steps:
        code = step.play.code
        for i, share in zip(step.play.lines, step.shares, strict=False):
            if share:
                _hand_on(share, basket.parts[i], left, discounts, code)
    return left, discounts


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
    points, points_minor = _handed(payment.points, basket, left)
    growth, growth_minor = _handed(payment.growth_value, basket, left)
    stored, stored_minor = _handed(payment.stored_value, basket, left)
    bonus, bonus_minor = _bonus_handed(payment.bonus, basket, stored, stored_minor)
    columns = (
        points,
        growth,
        stored,
        points_minor,
        growth_minor,
        stored_minor,
        bonus,
        bonus_minor,
    )
    tenders = [TenderShares(*parts) for parts in zip(*columns, strict=True)]
    sent = [
        amount - by_points - by_growth - given
        for amount, by_points, by_growth, given in zip(
            net, points_minor, growth_minor, bonus_minor, strict=True
        )
    ]
    return tenders, _Base([sum([sent[p] for p in places]) for places in basket.parts], sent)


def _handed(paid: Paid | None, basket: Basket, left: list[int]) -> tuple[list[int], list[int]]:
    """A tender's units and worth on each sent line; ``left`` falls by the worth."""
    units, minor = [0] * len(left), [0] * len(left)
    if paid is None:
        return units, minor
    for i, places in enumerate(basket.parts):
        worths = allocate(paid.minor[i], [left[place] for place in places])
        counts = worths if paid.units is paid.minor else allocate(paid.units[i], worths)
        for place, worth, count_ in zip(places, worths, counts, strict=True):
            units[place], minor[place] = count_, worth
            left[place] -= worth
    return units, minor


def _bonus_handed(
    bonus: Paid | None, basket: Basket, stored: list[int], stored_minor: list[int]
) -> tuple[list[int], list[int]]:
    """The bonus lies where the stored value lies."""
    units, minor = [0] * len(stored), [0] * len(stored)
    if bonus is None:
        return units, minor
    for i, places in enumerate(basket.parts):
        counts = allocate(bonus.units[i], [stored[place] for place in places])
        worths = allocate(bonus.minor[i], [stored_minor[place] for place in places])
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
        handed = allocate(share, [base.sent[place] for place in places])
        for place, part in zip(places, handed, strict=True):
            by_line[place] = part
    return by_line
