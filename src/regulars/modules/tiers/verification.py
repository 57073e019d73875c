"""Verification: every standing against a replay of the activity it stands on (I-20)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, as_uuid, fetch_all
from regulars.infra.snapshots import one_snapshot
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.earning.gather import Counts, load_activity, series
from regulars.modules.members.lookup import Circle, circles

from . import rules
from .gather import Stored, load_standings
from .types import Ladder, Standing

_BATCH: Final = 500
_NEXT: Final = Sql(
    "SELECT s.member_id FROM tiers_standing s WHERE s.merchant_id = :merchant_id "
    "AND s.member_id > :after AND NOT EXISTS (SELECT 1 FROM members_member m "
    "WHERE m.merchant_id = s.merchant_id AND m.id = s.member_id AND m.merged_into IS NOT NULL) "
    "ORDER BY s.member_id LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class StandingFault:
    """A member whose stored standing is not what their activity gives."""

    member_id: str
    detail: str


def verify(
    merchant_id: int,
    *,
    ladder_of: Callable[[int], Ladder],
    zone: ZoneInfo,
    day: date,
    progress: Callable[[int], None] = lambda done: None,
) -> list[StandingFault]:
    """Every standing that a replay up to ``day`` does not give; empty where all is well.

    ``ladder_of`` gives the ladder of a programme version. Floors lift a member beside what counts
    and are not replayed. Each batch is read in one snapshot, so orders may go on meanwhile.
    """
    faults: list[StandingFault] = []
    done, after = 0, UUID(int=0)
    while True:
        with one_snapshot():
            params = {"merchant_id": merchant_id, "after": after, "most": _BATCH}
            ids = [as_uuid(row[0]) for row in fetch_all(_NEXT, params)]
            if not ids:
                return faults
            for stored, circle, days in _known(merchant_id, ids):
                fault = _fault(stored, circle, days, ladder_of(stored.programme), zone, day)
                if fault:
                    faults.append(StandingFault(show("mem", circle.member_id), fault))
        after = ids[-1]
        done += len(ids)
        progress(done)


def _known(
    merchant_id: int, ids: list[UUID]
) -> Iterator[tuple[Stored, Circle, dict[date, Counts]]]:
    found = circles(merchant_id, ids)
    carrier_of = {own: circle.member_id for circle in found.values() for own in circle.ids}
    activity = load_activity(merchant_id, carrier_of)
    for member_id, stored in load_standings(merchant_id, ids).items():
        if member_id in found:
            yield stored, found[member_id], activity.get(member_id, {})


def _fault(
    stored: Stored,
    circle: Circle,
    days: dict[date, Counts],
    ladder: Ladder,
    zone: ZoneInfo,
    day: date,
) -> str | None:
    """What is wrong with a standing; None where the replay agrees."""
    activity = series(days, ladder.counter)
    joined_on = program_day(circle.joined_at, zone)
    until = max(day, stored.standing.evaluated_on)
    replayed, _ = rules.replay(activity, ladder=ladder, until=until, joined_on=joined_on)
    # What the calendar brought and no job has written down yet is no fault.
    standing, _ = rules.advance(
        stored.standing,
        history=rules.History(activity),
        ladder=ladder,
        until=until,
        joined_on=joined_on,
    )
    if _told(standing) == _told(replayed):
        return None
    return f"stands as {_told(standing)}, a replay gives {_told(replayed)}"


def _told(standing: Standing) -> str:
    kept = f", kept until {standing.keep_until}" if standing.keep_until else ""
    grace = f", grace until {standing.grace_until}" if standing.grace_until else ""
    return f"{standing.tier}{kept}{grace}"
