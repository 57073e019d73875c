"""The lines of an evaluation where every merged line is one line as sent."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.kernel.allocation import allocate

from .basket import Basket
from .earning import Earner
from .playing import Step
from .tenders import Payment
from .types import Discount, PricedLine, TenderShares

NO_TENDERS = TenderShares()


def lines_one_to_one(
    basket: Basket, steps: Sequence[Step], net: Sequence[int], payment: Payment, earner: Earner
) -> tuple[tuple[PricedLine, ...], int]:
    """The lines in the order sent, and the points that they earn together."""
    make = tuple.__new__
    discounts: list[list[Discount]] = [[] for _ in net]
    for step in steps:
        if step.amount:
            play = step.play
            code = play.code
            for i, share in zip(play.lines, step.shares, strict=False):
                if share:
                    discounts[i].append(make(Discount, (code, share)))
    tenders, base = _tendered(payment, net)
    rates = earner.rates_of([step.play for step in steps if step.play.is_multiplier])
    points = earner.points(rates, base)
    to_earn: Sequence[int] = [0] * len(net)
    if points:
        weights = base
        if rates.count(rates[0]) < len(rates):
            weights = [amount * rate for amount, rate in zip(base, rates, strict=True)]
        to_earn = allocate(points, weights)
    lines: list[PricedLine] = [_NOBODY] * len(net)
    for (place,), gross, off, tender, rest, earns, rate in zip(
        basket.parts, basket.gross, discounts, tenders, net, to_earn, rates, strict=True
    ):
        lines[place] = make(PricedLine, (place + 1, gross, tuple(off), tender, rest, earns, rate))
    return tuple(lines), points


_NOBODY = PricedLine(0, 0, (), NO_TENDERS, 0, 0)


def _tendered(payment: Payment, net: Sequence[int]) -> tuple[Sequence[TenderShares], Sequence[int]]:
    """Each line's tenders, and the nets that earn: points, growth value and bonus do not."""
    points, growth, stored, bonus, _ = payment
    count = len(net)
    if growth is stored is None:
        if points is None:
            return [NO_TENDERS] * count, net
        paid = list(zip(*points, strict=True))
        made = tuple.__new__
        return (
            [made(TenderShares, (units, 0, 0, minor, 0, 0, 0, 0)) for units, minor in paid],
            [rest - minor for rest, (_, minor) in zip(net, paid, strict=True)],
        )
    nothing = [0] * count
    none = (nothing, nothing)
    point_units, point_minor = points or none
    growth_units, growth_minor = growth or none
    stored_units, stored_minor = stored or none
    bonus_units, bonus_minor = bonus or none
    make = tuple.__new__
    tenders = [
        make(TenderShares, parts)
        for parts in zip(
            point_units,
            growth_units,
            stored_units,
            point_minor,
            growth_minor,
            stored_minor,
            bonus_units,
            bonus_minor,
            strict=True,
        )
    ]
    base = list(net)
    for minor in (point_minor, growth_minor, bonus_minor):
        if minor is not nothing:
            base = [rest - part for rest, part in zip(base, minor, strict=True)]
    return tenders, base
