"""When an offer is open: the first instant from a given one on, or never."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start, program_day
from regulars.modules.pricing.gates import local_tests
from regulars.modules.promotions.types import When

#: Long enough for a 29 February that is a given weekday's turn to come round: 28 years.
_MOST_DAYS: Final = 10_300
#: Without days named in a calendar, a month and its weekdays repeat within these.
_FEW_DAYS: Final = 400


def first_open(when: When, *, zone: ZoneInfo, from_at: datetime) -> datetime | None:
    """The first instant at or after ``from_at`` at which ``when`` holds, to the minute."""
    start = max(from_at, when.begins) if when.begins else from_at
    if when.ends is not None and when.ends <= start:
        return None
    tests = local_tests(when)
    if not tests:
        return start
    rare = bool(when.days_of_month or when.nth_weekdays or when.festivals)
    first = program_day(start, zone)
    for offset in range(_MOST_DAYS if rare else _FEW_DAYS):
        at = _on(first + timedelta(days=offset), when, zone, start)
        if at is None:
            continue
        if when.ends is not None and at >= when.ends:
            return None
        if all(fits(at.astimezone(zone)) for fits in tests):
            return at
    return None


def _on(day: date, when: When, zone: ZoneInfo, start: datetime) -> datetime | None:
    """The first instant of ``day`` that the hours allow, not before ``start``."""
    at = day_start(day, zone)
    if when.hours is not None:
        at += timedelta(minutes=when.hours[0])
    if at >= start:
        return at
    inside = when.hours is None or start < day_start(day, zone) + timedelta(minutes=when.hours[1])
    return start if inside else None


def may_meet(one: When, other: When, *, zone: ZoneInfo, from_at: datetime) -> datetime | None:
    """An instant at which both are open, looked for where either opens; None where none is found.

    Looks at the days of the next year on which the first is open, at most.
    """
    at: datetime | None = from_at
    for _ in range(_FEW_DAYS):
        at = first_open(one, zone=zone, from_at=at) if at else None
        if at is None:
            return None
        both = first_open(other, zone=zone, from_at=at)
        if both is None:
            return None
        if first_open(one, zone=zone, from_at=both) == both:
            return both
        at = max(both, at + timedelta(days=1))
    return None
