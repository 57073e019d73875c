"""Program days, and periods counted in whole days of a program's zone.

A program day is the half-open span [start of the day, start of the next day). Periods are told
as dates with an exclusive end, and become instants through ``day_start`` alone.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

Unit = Literal["day", "month", "quarter", "year"]
Span = Literal[
    "days",
    "months",
    "calendar_month",
    "calendar_quarter",
    "calendar_year",
    "anniversary",
    "lifetime",
]

DAWN = date(1900, 1, 1)
"""The start of a lifetime: before every order, and late enough to be an instant in every zone."""

_ONE_DAY = timedelta(days=1)
_ONE_SECOND = timedelta(seconds=1)
_MOST = {"days": 36_525, "months": 1_200}  # a hundred years


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The instant in UTC at which ``day`` begins in ``zone``: the first that reads ``day``.

    Where clocks skip midnight that is the end of the gap (01:00 in Santiago on 2026-09-06);
    where midnight comes twice it is the first. A day that a zone skipped whole (Apia,
    2011-12-30) begins where the next one does, and is empty.
    """
    return _day_start(day, zone)


@lru_cache(maxsize=8192)
def _day_start(day: date, zone: ZoneInfo) -> datetime:
    midnight = datetime.combine(day, time(), zone)
    start = midnight.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    return _end_of_gap(midnight)


def _end_of_gap(missing: datetime) -> datetime:
    """The first instant after the gap in which the local time ``missing`` lies."""
    zone = missing.tzinfo
    # Read with the offset from before the gap it falls after the jump, and the other way round.
    after = missing.replace(fold=0).astimezone(UTC)
    before = missing.replace(fold=1).astimezone(UTC)
    new_offset = after.astimezone(zone).utcoffset()
    seconds, known = 0, (after - before) // _ONE_SECOND
    while known - seconds > 1:
        middle = (seconds + known) // 2
        if (before + middle * _ONE_SECOND).astimezone(zone).utcoffset() == new_offset:
            known = middle
        else:
            seconds = middle
    return before + known * _ONE_SECOND


@lru_cache(maxsize=4_096)
def program_day(instant: datetime, zone: ZoneInfo) -> date:
    """The day d with ``day_start(d) <= instant < day_start(d + 1)``, the zone's program day.

    It is the local date, but for zones that turn back the clock across midnight: an hour that
    reads yesterday again belongs to the day that had begun. Raises ValueError for a datetime
    without a zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a datetime without a zone is no instant: give it its zone")
    day = instant.astimezone(zone).date()
    while instant >= day_start(day + _ONE_DAY, zone):
        day += _ONE_DAY
    return day


class DayClock:
    """``program_day`` of one zone for many instants, quickest where they come in order.

    It keeps the bounds of the last day asked for. Safe to share among threads.
    """

    __slots__ = ("_current", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        # Empty until the first question. One tuple, replaced whole, so no thread sees half.
        never = datetime.max.replace(tzinfo=UTC)
        self._current = (never, never, date.max)

    def day(self, instant: datetime) -> date:
        """The program day of ``instant``, which carries its zone."""
        start, end, day = self._current
        if start <= instant < end:
            return day
        day = program_day(instant, self.zone)
        end = day_start(day + _ONE_DAY, self.zone)
        self._current = (day_start(day, self.zone), end, day)
        return day


def add_months(day: date, months: int) -> date:
    """The same day of the month ``months`` later (or earlier), or that month's last day.

    The 31st plus one month is the last of the next. The cut is not undone by adding again, so
    never step month by month: count from the anchor (``anniversary``). Raises ValueError
    outside the years 1 to 9999.
    """
    year, month_before = divmod(day.year * 12 + day.month - 1 + months, 12)
    month = month_before + 1
    last = monthrange(year, month)[1] if 1 <= year <= date.max.year else 0
    return date(year, month, min(day.day, last))


def anniversary(anchor: date, months: int) -> date:
    """The day ``months`` after ``anchor``, each counted from the anchor itself.

    So a plan of January 31 renews on the last of February and on March 31, and twelve times one
    month is one year.
    """
    return add_months(anchor, months)


def start_of(day: date, unit: Unit) -> date:
    """The first day of the calendar ``unit`` that holds ``day``."""
    if unit == "day":
        return day
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return date(day.year, day.month - (day.month - 1) % 3, 1)
    if unit == "year":
        return date(day.year, 1, 1)
    assert_never(unit)


def end_of(day: date, unit: Unit) -> date:
    """The first day after the calendar ``unit`` that holds ``day``: its exclusive end."""
    if unit == "day":
        return day + _ONE_DAY
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    return add_months(start_of(day, unit), months)


@dataclass(frozen=True, slots=True)
class Window:
    """Which days count when one looks back from a day, that day included.

    ``days`` and ``months`` roll and need a ``count``; the calendar spans run from the start of
    the current month, quarter or year; ``anniversary`` runs from the last anniversary of an
    anchor day; ``lifetime`` has no start.
    """

    span: Span
    count: int = 1

    def __post_init__(self) -> None:
        most = _MOST.get(self.span, 1)
        if not 1 <= self.count <= most:
            raise ValueError(f"a window of {self.span} has a count of 1 to {most}")


@lru_cache(maxsize=4_096)
def window_start(day: date, window: Window, *, anchor: date = DAWN) -> date:
    """The first day of ``window`` as it stands on ``day``, its last.

    ``anchor`` is what an ``anniversary`` window turns on: the day a member joined.

    Ninety days on day d are (d - 90, d]. Twelve months are those that end with day d: from
    2026-02-01 on 2027-01-31. The start never moves back as ``day`` moves on.
    """
    if window.span == "lifetime":
        return DAWN
    if window.span == "days":
        return day + _ONE_DAY - timedelta(days=window.count)
    if window.span == "months":
        return add_months(day + _ONE_DAY, -window.count)
    if window.span == "calendar_month":
        return start_of(day, "month")
    if window.span == "calendar_quarter":
        return start_of(day, "quarter")
    if window.span == "calendar_year":
        return start_of(day, "year")
    if window.span == "anniversary":
        return _last_anniversary(anchor, day)
    assert_never(window.span)


def _last_anniversary(anchor: date, day: date) -> date:
    years = day.year - anchor.year
    candidate = anniversary(anchor, 12 * years)
    return candidate if candidate <= day else anniversary(anchor, 12 * (years - 1))
