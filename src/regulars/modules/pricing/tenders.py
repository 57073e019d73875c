"""How a price is paid besides cash: points, growth value, stored value, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from regulars.kernel.allocation import allocate

from .kinds import BPS
from .types import Context, Rejected, Tender


class Paid(NamedTuple):
    """What one tender takes: units and worth in all, and per merged line."""

    units: list[int]
    minor: list[int]


class Payment(NamedTuple):
    """All tenders over the merged lines; ``bonus`` is the part of the stored value that was given
    and not paid for. ``reduced`` tells each tender that was asked for more than there is."""

    points: Paid | None
    growth_value: Paid | None
    stored_value: Paid | None
    bonus: Paid | None
    reduced: list[Rejected]


NO_PAYMENT = Payment(None, None, None, None, [])


def pay(context: Context, net: Sequence[int]) -> Payment:
    """Take what is asked of each tender, as far as it reaches; shipping is for cash alone."""
    if not (context.points.wanted or context.growth_value.wanted or context.stored_value.wanted):
        return NO_PAYMENT
    goods, left = sum(net), list(net)
    reduced: list[Rejected] = []
    points, short = _take(context.points, goods, left)
    if short:
        reduced.append(Rejected("tender_reduced", tender="points"))
    growth_value, short = _take(context.growth_value, goods, left)
    if short:
        reduced.append(Rejected("tender_reduced", tender="growth_value"))
    stored_value, short = _take(context.stored_value, goods, left)
    if short:
        reduced.append(Rejected("tender_reduced", tender="stored_value"))
    bonus = _bonus(context.stored_value, stored_value) if stored_value is not None else None
    return Payment(points, growth_value, stored_value, bonus, reduced)


def _take(tender: Tender, goods: int, left: list[int]) -> tuple[Paid | None, bool]:
    """What ``tender`` pays of ``left``, which falls by it, and whether it is less than asked."""
    if not tender.wanted:
        return None, False
    wanted = tender.available if tender.wanted == "max" else tender.wanted
    room = min(goods * tender.cap_bps // BPS, sum(left))
    steps = min(wanted // tender.units, tender.available // tender.units, room // tender.minor)
    short = tender.wanted != "max" and steps * tender.units < wanted
    if steps <= 0:
        return None, short
    minor = allocate(steps * tender.minor, left)
    left[:] = [rest - share for rest, share in zip(left, minor, strict=True)]
    if tender.units == tender.minor:
        return Paid(minor, minor), short
    return Paid(allocate(steps * tender.units, minor), minor), short


def _bonus(tender: Tender, stored: Paid) -> Paid | None:
    """Principal goes first; what exceeds it is bonus, over the lines as the stored value is."""
    principal = max(0, tender.available - tender.bonus)
    units = max(0, sum(stored.units) - principal)
    if not units:
        return None
    minor = units * tender.minor // tender.units
    return Paid(allocate(units, stored.units), allocate(minor, stored.minor))
