"""Pure: from when to when each version of a programme held, in whole program days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start, program_day

from .types import VersionView

_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reign:
    """When a version held: from ``since`` up to ``until`` (None: nothing comes after it).

    ``began_on`` is the day of ``since``; ``first_day`` and ``last_day`` are its first and last
    whole program days, ``last_day`` None where ``until`` is.
    """

    number: int
    since: datetime
    until: datetime | None
    began_on: date
    first_day: date
    last_day: date | None

    @property
    def ever(self) -> bool:
        """Whether it held for a whole day, or will."""
        return self.last_day is None or self.first_day <= self.last_day


def reigns(versions: Sequence[VersionView], zone: ZoneInfo) -> list[Reign]:
    """One for each version, in the order in which they take effect."""
    steps = sorted(versions, key=lambda view: (view.effective_at, view.number))
    ends = [view.effective_at for view in steps[1:]]
    return [
        Reign(
            number=view.number,
            since=view.effective_at,
            until=until,
            began_on=program_day(view.effective_at, zone),
            first_day=_first_whole(view.effective_at, zone),
            last_day=None if until is None else program_day(until, zone) - _A_DAY,
        )
        for view, until in zip(steps, [*ends, None], strict=True)
    ]


def in_force(held: Sequence[Reign], at: datetime) -> Reign | None:
    """The reign of that instant; history before the first version is the first's."""
    begun = [reign for reign in held if reign.since <= at]
    return begun[-1] if begun else next(iter(held), None)


def _first_whole(instant: datetime, zone: ZoneInfo) -> date:
    day = program_day(instant, zone)
    return day if day_start(day, zone) >= instant else day + _A_DAY
