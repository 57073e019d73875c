"""Which programme holds, and what it says."""

from __future__ import annotations

from datetime import datetime
from threading import Lock
from typing import Final

from regulars.infra.db import Sql, as_instant, fetch_all
from regulars.kernel.errors import NotFound

from .document import compiled
from .models import ProgrammeVersion
from .types import Programme, VersionView

#: A scalar for other gathers: the number of the latest version; ``schedule_of`` takes it.
NEWEST_VERSION: Final = """(SELECT v.number FROM programmes_programmeversion v
  WHERE v.merchant_id = :merchant_id ORDER BY v.number DESC LIMIT 1)"""
_SCHEDULE: Final = Sql(
    "SELECT effective_at, number FROM programmes_programmeversion "
    "WHERE merchant_id = :merchant_id ORDER BY effective_at, number"
)

_compiled: dict[tuple[int, int], Programme] = {}
_lock = Lock()


def programme(merchant_id: int, number: int) -> Programme:
    """One version, compiled once per process: a version never changes."""
    found = _compiled.get((merchant_id, number))
    if found is None:
        row = ProgrammeVersion.objects.of(merchant_id).filter(number=number).first()
        if row is None:
            raise NotFound
        found = compiled(number, row.document)
        with _lock:
            _compiled[merchant_id, number] = found
    return found


class Schedule:
    """Every version of a merchant by when it takes effect, for work that walks through time.

    History older than the first version is read under the first.
    """

    def __init__(self, merchant_id: int) -> None:
        self._merchant_id = merchant_id
        rows = fetch_all(_SCHEDULE, {"merchant_id": merchant_id})
        self._steps = [(as_instant(at), number) for at, number in rows]
        if not self._steps:
            raise NotFound
        self.newest: int = max(number for _, number in self._steps)

    def at(self, instant: datetime) -> Programme:
        number = self._steps[0][1]
        if len(self._steps) > 1:
            for effective_at, candidate in self._steps:
                if effective_at is not None and effective_at <= instant:
                    number = candidate
        return programme(self._merchant_id, number)

    def version(self, number: int) -> Programme:
        return programme(self._merchant_id, number)


_schedules: dict[int, Schedule] = {}


def schedule_of(merchant_id: int, newest: int | None = None) -> Schedule:
    """The schedule, read once per process and version: versions are only ever added.

    ``newest`` is what NEWEST_VERSION told. Without it the schedule may be an older one: a guess,
    for whoever gathers with it and looks then. Raises NotFound.
    """
    known = _schedules.get(merchant_id)
    if known is not None and newest in (None, known.newest):
        return known
    found = Schedule(merchant_id)
    with _lock:
        _schedules[merchant_id] = found
    return found


def programme_at(merchant_id: int, instant: datetime) -> Programme:
    return Schedule(merchant_id).at(instant)


def versions(merchant_id: int) -> list[VersionView]:
    rows = ProgrammeVersion.objects.of(merchant_id).order_by("effective_at", "number")
    return [
        VersionView(r.number, r.effective_at, r.created_at, r.created_by, r.document) for r in rows
    ]
