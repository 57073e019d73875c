"""When an offer is open: the first instant from a given one on, or never."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start, program_day
from regulars.modules.pricing.gates import local_tests
from regulars.modules.promotions.types import When

#: Long enough for a 29 February that is a given weekday's turn to come round: 28 years.
_MOST_DAYS: Final = 10_300
#: Without days named in a calendar, a month and its weekdays repeat within these.
_FEW_DAYS: Final = 400
_ONE_DAY: Final = timedelta(days=1)
_Hours = tuple[int, int] | None


def first_open(when: When, *, zone: ZoneInfo, from_at: datetime) -> datetime | None:
    """The first instant at or after ``from_at`` at which ``when`` holds, to the minute."""
    return _first_of((when,), zone=zone, from_at=from_at)


def may_meet(one: When, other: When, *, zone: ZoneInfo, from_at: datetime) -> datetime | None:
    """The first instant at which both are open; None where none is found."""
    return _first_of((one, other), zone=zone, from_at=from_at)


def _first_of(whens: tuple[When, ...], *, zone: ZoneInfo, from_at: datetime) -> datetime | None:
    """The first instant at or after ``from_at`` at which all of them hold."""
    start = max(from_at, *(when.begins or from_at for when in whens))
    ends = min((when.ends for when in whens if when.ends is not None), default=None)
    hours, any_hour = _shared_hours(whens)
    if (ends is not None and ends <= start) or not any_hour:
        return None
    tests = [fits for when in whens for fits in local_tests(when)]
    if not tests:
        return start
    first = program_day(start, zone)
    for day in _shared_days(whens, first):
        at = _on(day, hours, zone, start)
        if at is None:
            continue
        if ends is not None and at >= ends:
            return None
        # Asked once more of the instant itself: clocks that jump move an hour of the day.
        if all(fits(at.astimezone(zone)) for fits in tests):
            return at
    return None


def _shared_hours(whens: tuple[When, ...]) -> tuple[_Hours, bool]:
    """The hours that all of them allow, None for the whole day; and whether there are any."""
    named = [when.hours for when in whens if when.hours is not None]
    if not named:
        return None, True
    hours = max(first for first, _ in named), min(end for _, end in named)
    return hours, hours[0] < hours[1]


def _shared_days(whens: tuple[When, ...], first: date) -> Iterator[date]:
    """The days from ``first`` on that every calendar allows, as far as it is worth looking."""
    rare = any(when.days_of_month or when.nth_weekdays or when.festivals for when in whens)
    count = min(_MOST_DAYS if rare else _FEW_DAYS, (date.max - first).days)
    left = (1 << count) - 1
    for when in whens:
        left &= _open_days(
            replace(when, begins=None, ends=None, hours=None, early=()), first, count
        )
    while left:
        lowest = left & -left
        yield first + timedelta(days=lowest.bit_length() - 1)
        left ^= lowest


@lru_cache(maxsize=1024)
def _open_days(calendar: When, first: date, count: int) -> int:
    """Bit n is set where ``calendar`` allows the n-th day from ``first`` on.

    Each calendar is walked once, and pairs of them are compared as numbers: a hundred member
    days have thousands of pairs, most of which never meet.
    """
    tests = local_tests(calendar)
    midnight = datetime.combine(first, time())
    marks = []
    for _ in range(count):
        marks.append("1" if all(fits(midnight) for fits in tests) else "0")
        midnight += _ONE_DAY
    return int("".join(reversed(marks)), 2)


def _on(day: date, hours: _Hours, zone: ZoneInfo, start: datetime) -> datetime | None:
    """The first instant of ``day`` that the hours allow, not before ``start``."""
    at = day_start(day, zone)
    if hours is not None:
        at += timedelta(minutes=hours[0])
    if at >= start:
        return at
    inside = hours is None or start < day_start(day, zone) + timedelta(minutes=hours[1])
    return start if inside else None
