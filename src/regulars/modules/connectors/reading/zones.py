"""A merchant's wall clock as SQL: local times to UTC by the zone's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


def offset_sql(zone: ZoneInfo, *, local: str, first: datetime, last: datetime) -> str:
    """SQL for the UTC offset in microseconds of ``local``, a column of naive local times.

    A time that the clocks skip is read with the offset before the change, which moves it
    forward by the gap; of a time that comes twice, the first is meant. Right for times from
    ``first`` to ``last``, both naive.
    """
    steps = list(_steps(zone, first, last))
    branches = " ".join(
        f"WHEN {local} >= TIMESTAMP '{start.isoformat(sep=' ')}' THEN {offset // _MICROSECOND}"
        for start, offset in reversed(steps[1:])
    )
    base = f"CAST({steps[0][1] // _MICROSECOND} AS BIGINT)"
    return f"CASE {branches} ELSE {base} END" if branches else base


def _steps(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """The local times from which another offset holds; zones change at most once a day."""
    day = first.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = _offset(zone, day)
    yield day, offset
    while day <= last:
        after = _offset(zone, day + _DAY)
        if after != offset:
            yield _change(zone, day, offset), after
            offset = after
        day += _DAY


def _change(zone: ZoneInfo, day: datetime, before: timedelta) -> datetime:
    """The first second of the day after ``day``'s start at which the offset is another."""
    low, high = day, day + _DAY
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, local: datetime) -> timedelta:
    return local.replace(tzinfo=zone, fold=0).utcoffset() or timedelta(0)
