"""From merged lines back to the lines as sent: shares are handed on offer after offer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

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
    sent_net, discounts = _discounted(cart, basket, steps, net)
    tenders, base = _tendered(basket, payment, sent_net, net)
    rates = earner.rates_of([step.play for step in steps if step.play.is_multiplier])
    points = earner.points(rates, base.merged)
    to_earn = _points_by_line(points, rates, basket, base)
    rate_of = [0] * len(sent_net)
    for rate, places in zip(rates, basket.parts, strict=True):
        for place in places:
            rate_of[place] = rate
    make = tuple.__new__
    lines = [
        make(PricedLine, (number, line.gross_minor, tuple(shares), tender, left, earn, rate))
        for number, line, shares, tender, left, earn, rate in zip(
            count(1), cart.lines, discounts, tenders, sent_net, to_earn, rate_of, strict=False
        )
    ]
    return tuple(lines), points


def _discounted(
    cart: Cart, basket: Basket, steps: Sequence[Step], net: Sequence[int]
) -> tuple[list[int], list[list[Discount]]]:
    """The net of each sent line, and its discounts in order of application."""
    parts = basket.parts
    discounts: list[list[Discount]] = [[] for _ in cart.lines]
    if len(parts) == len(discounts):
        places = [place for (place,) in parts]
        by_line = [discounts[place] for place in places]
        make = tuple.__new__
        for step in steps:
            code = step.play.code
            for i, share in zip(step.play.lines, step.shares, strict=False):
                if share:
                    by_line[i].append(make(Discount, (code, share)))
        sent = [0] * len(places)
        for place, rest in zip(places, net, strict=True):
            sent[place] = rest
        return sent, discounts
    left = [line.gross_minor for line in cart.lines]
    for step in steps:
        code = step.play.code
        for i, share in zip(step.play.lines, step.shares, strict=False):
            if share:
                _hand_on(share, parts[i], left, discounts, code)
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
    make = tuple.__new__
    tenders = [
        make(TenderShares, parts)
        for parts in zip(
            points,
            growth,
            stored,
            points_minor,
            growth_minor,
            stored_minor,
            bonus,
            bonus_minor,
            strict=True,
        )
    ]
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
    if len(basket.parts) == len(left):
        for (place,), count_, worth in zip(basket.parts, paid.units, paid.minor, strict=True):
            units[place], minor[place] = count_, worth
            left[place] -= worth
        return units, minor
    for i, places in enumerate(basket.parts):
        if len(places) == 1:
            (place,) = places
            units[place], minor[place] = paid.units[i], paid.minor[i]
            left[place] -= paid.minor[i]
            continue
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
        if len(places) == 1:
            by_line[places[0]] = share
            continue
        handed = allocate(share, [base.sent[place] for place in places])
        for place, part in zip(places, handed, strict=True):
            by_line[place] = part
    return by_line
