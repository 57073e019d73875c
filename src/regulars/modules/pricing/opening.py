"""Since when an offer has been open without a break."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start, program_day
from regulars.modules.promotions.types import When

from .gates import local_tests

_MOST_DAYS: Final = 400


def open_since(when: When, *, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first instant of the span around ``at`` in which ``when`` holds, told by whole days or,
    where it has hours, by those of the day; None where it always held.

    ``when`` holds at ``at``. No break is looked for further back than 400 days.
    """
    tests = local_tests(when)
    if not tests:
        return when.begins
    first = program_day(at, zone)
    start = day_start(first, zone)
    if when.hours is not None:
        start += timedelta(minutes=when.hours[0])
    else:
        for _ in range(_MOST_DAYS):
            before = day_start(first - timedelta(days=1), zone)
            if not all(fits(before.astimezone(zone)) for fits in tests):
                break
            first, start = first - timedelta(days=1), before
    return start if when.begins is None else max(start, when.begins)
