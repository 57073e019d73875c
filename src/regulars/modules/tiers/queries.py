"""Reads of standings: one member's statement, and the ladder with everybody on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, any_of, as_day, as_instant, as_uuid, fetch_all
from regulars.kernel.periods import day_start, program_day
from regulars.modules.earning.gather import load_activity, series
from regulars.modules.members.lookup import circle_of, circles

from . import rules
from .forecast import Forecast
from .gather import STANDING_COLUMNS, Stored, load_standings, standing_of_row
from .statement import Statement, as_of, told
from .types import Ladder, Step, Tier

_MOST_MOVES: Final = 200
_BATCH: Final = 1_000
#: For standings (and activity) of those who carry on alone.
_ALIVE: Final = (
    "JOIN members_member m ON m.merchant_id = s.merchant_id AND m.id = s.member_id "
    "AND m.merged_into IS NULL"
)
_CHANGES: Final = Sql(
    "SELECT at, from_tier, to_tier, reason, counter, threshold, cause_type, cause_id "
    "FROM tiers_tierchange WHERE merchant_id = :merchant_id AND member_id = :member_id "
    "ORDER BY at DESC, id DESC LIMIT :most"
)
_GROUPS: Final = Sql(
    "SELECT s.tier, s.floor_tier, s.floor_until, count(*) "
    f"FROM tiers_standing s {_ALIVE} WHERE s.merchant_id = :merchant_id "
    "GROUP BY s.tier, s.floor_tier, s.floor_until"
)
_MEMBERS: Final = Sql(
    "SELECT count(*) FROM members_member WHERE merchant_id = :merchant_id AND merged_into IS NULL"
)
_WARNED: Final = Sql(
    f"SELECT s.member_id FROM tiers_standing s {_ALIVE} "
    "WHERE s.merchant_id = :merchant_id AND s.warned AND m.status <> 'left'"
)
_MOVES: Final = Sql(
    "SELECT from_tier, to_tier, count(DISTINCT member_id) FROM tiers_tierchange "
    "WHERE merchant_id = :merchant_id AND at >= :since AND from_tier <> to_tier "
    "GROUP BY from_tier, to_tier ORDER BY from_tier, to_tier"
)
_ALL_STANDINGS: Final = Sql(
    f"SELECT s.member_id, m.joined_at, {', '.join(f's.{c}' for c in STANDING_COLUMNS.split(', '))} "
    f"FROM tiers_standing s {_ALIVE} WHERE s.merchant_id = :merchant_id "
    "AND s.member_id > :after ORDER BY s.member_id LIMIT :most"
)
_RECORDS: Final = Sql(
    "SELECT id, merged_into, joined_at FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('merged_into')}"
)


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a member's history, with the figures that caused it."""

    at: datetime
    from_tier: str | None
    to_tier: str
    reason: str
    counter: int
    threshold: int
    cause_type: str
    cause_id: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a member stands and how they came there; ``member_id`` is who carries on."""

    member_id: UUID
    statement: Statement
    history: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What another ladder would do: members per tier under it, and how many move which way."""

    members_now: Mapping[str, int]
    members_then: Mapping[str, int]
    up: int
    down: int
    same: int


def stand(
    *,
    merchant_id: int,
    member_id: UUID,
    ladder: Ladder,
    number: int,
    zone: ZoneInfo,
    now: datetime,
) -> Stand:
    """A member's standing as of ``now``, whether or not the jobs ran. Raises NotFound.

    ``number`` is the version that ``ladder`` is of. A merged member is answered by who carries on.
    """
    circle = circle_of(merchant_id, member_id)
    carrier = circle.member_id
    day = program_day(now, zone)
    joined_on = program_day(circle.joined_at, zone)
    days = load_activity(merchant_id, dict.fromkeys(circle.ids, carrier)).get(carrier, {})
    activity = series(days, ladder.counter)
    first = Stored(rules.first_standing(ladder, joined_on), number, 0)
    stored = load_standings(merchant_id, [carrier]).get(carrier, first)
    standing, steps = as_of(
        stored.standing,
        activity=activity,
        ladder=ladder,
        day=day,
        joined_on=joined_on,
        under_ladder=stored.programme in (0, number),
    )
    statement = told(
        standing, activity=activity, ladder=ladder, day=day, joined_on=joined_on, steps=steps
    )
    ahead = [_move_of(step, number, zone, now) for step in reversed(steps)]
    return Stand(carrier, statement, (*ahead, *_history(merchant_id, carrier)))


def tiers_of(
    merchant_id: int, member_ids: Sequence[UUID], *, ladder: Ladder, day: date
) -> dict[UUID, Tier]:
    """The tier of each of some members who carry on, as last written down."""
    stored = load_standings(merchant_id, member_ids)
    return {
        member_id: rules.effective_tier(stored[member_id].standing, ladder, day)
        if member_id in stored
        else ladder.tiers[0]
        for member_id in member_ids
    }


def members_by_tier(merchant_id: int, *, ladder: Ladder, day: date) -> dict[str, int]:
    """How many members stand on each rung, by code; who never bought stands on the first."""
    params = {"merchant_id": merchant_id}
    found = dict.fromkeys((tier.code for tier in ladder.tiers), 0)
    (everybody,) = fetch_all(_MEMBERS, params)[0]
    for tier, floor_tier, floor_until, members in fetch_all(_GROUPS, params):
        rank, until = ladder.rank(tier), as_day(floor_until)
        if floor_tier is not None and until is not None and day < until:
            rank = max(rank, ladder.rank(floor_tier))
        found[ladder.tiers[rank].code] += members
        everybody -= members
    found[ladder.tiers[0].code] += everybody
    return found


def at_risk(merchant_id: int, *, ladder: Ladder, zone: ZoneInfo, day: date) -> list[UUID]:
    """Members who lose their tier at the coming review unless their counter grows; not those who
    left."""
    warned = [as_uuid(row[0]) for row in fetch_all(_WARNED, {"merchant_id": merchant_id})]
    return [
        member_id
        for start in range(0, len(warned), _BATCH)
        for member_id in _lacking(merchant_id, warned[start : start + _BATCH], ladder, zone, day)
    ]


def moves_since(merchant_id: int, since: datetime) -> list[tuple[str, str, int]]:
    """From which tier to which how many members moved, of those moves that changed it."""
    rows = fetch_all(_MOVES, {"merchant_id": merchant_id, "since": since})
    return [(before, after, members) for before, after, members in rows]


def outlook(
    merchant_id: int, *, current: Ladder, draft: Ladder, zone: ZoneInfo, day: date
) -> Outlook:
    """Where every member would stand under ``draft``, were it to take effect on ``day``.

    What the keep rule holds it holds here too, so it is what publishing would do.
    """
    (everybody,) = fetch_all(_MEMBERS, {"merchant_id": merchant_id})[0]
    members_now = dict.fromkeys((tier.code for tier in current.tiers), 0)
    members_then = dict.fromkeys((tier.code for tier in draft.tiers), 0)
    up = down = same = 0
    forecast = Forecast(draft, day)
    counter = _DAYS_OF[draft.counter]
    for batch in _batches(merchant_id):
        days = _activity_by_member(merchant_id, batch, counter)
        for member_id, (joined_at, stored) in batch.items():
            renewed = forecast.standing(days.get(member_id, ()), program_day(joined_at, zone))
            held = rules.held_after_recount(stored.standing, renewed, draft, day)
            now_on = rules.effective_tier(stored.standing, current, day).code
            then_on = rules.effective_tier(held, draft, day).code
            members_now[now_on] += 1
            members_then[then_on] += 1
            everybody -= 1
            climb = draft.rank(then_on) - _height(current, draft, now_on)
            up, down, same = up + (climb > 0), down + (climb < 0), same + (climb == 0)
    members_now[current.tiers[0].code] += everybody
    members_then[draft.tiers[0].code] += everybody
    return Outlook(members_now, members_then, up, down, same + everybody)


# ── one member ────────────────────────────────────────────────────────────────────────────


def _history(merchant_id: int, carrier: UUID) -> Iterator[Move]:
    params = {"merchant_id": merchant_id, "member_id": carrier, "most": _MOST_MOVES}
    for at, *rest in fetch_all(_CHANGES, params):
        happened_at = as_instant(at)
        assert happened_at is not None
        yield Move(happened_at, *rest)


def _move_of(step: Step, number: int, zone: ZoneInfo, now: datetime) -> Move:
    by_programme = step.reason == "programme"
    return Move(
        now if by_programme else min(day_start(step.day, zone), now),
        step.from_tier,
        step.to_tier,
        step.reason,
        step.counter,
        step.threshold,
        "programme" if by_programme else "review",
        str(number) if by_programme else step.day.isoformat(),
    )


# ── everybody ─────────────────────────────────────────────────────────────────────────────


def _lacking(
    merchant_id: int, member_ids: Sequence[UUID], ladder: Ladder, zone: ZoneInfo, day: date
) -> Iterator[UUID]:
    found = circles(merchant_id, member_ids)
    carrier_of = {own: circle.member_id for circle in found.values() for own in circle.ids}
    activity = load_activity(merchant_id, carrier_of)
    for member_id, stored in load_standings(merchant_id, member_ids).items():
        gap = rules.keep_gap(
            stored.standing,
            history=rules.History(series(activity.get(member_id, {}), ladder.counter)),
            ladder=ladder,
            day=day,
            joined_on=program_day(found[member_id].joined_at, zone),
        )
        if gap:
            yield member_id


def _height(current: Ladder, draft: Ladder, code: str) -> int:
    """Where a tier of the current ladder stands on the draft's; by its place where it is gone."""
    if any(tier.code == code for tier in draft.tiers):
        return draft.rank(code)
    return min(current.rank(code), len(draft.tiers) - 1)


def _batches(merchant_id: int) -> Iterator[dict[UUID, tuple[datetime, Stored]]]:
    """Everybody who has a standing, with the earliest instant they joined, some at a time."""
    after = UUID(int=0)
    while True:
        params = {"merchant_id": merchant_id, "after": after, "most": _BATCH}
        batch: dict[UUID, tuple[datetime, Stored]] = {}
        for member_id, joined_at, *standing in fetch_all(_ALL_STANDINGS, params):
            joined = as_instant(joined_at)
            assert joined is not None
            after = as_uuid(member_id)
            batch[after] = (joined, standing_of_row(standing))
        if not batch:
            return
        for _, carrier, joined_at in _records_of(merchant_id, batch):
            joined, stored = batch[carrier]
            batch[carrier] = (min(joined, joined_at), stored)
        yield batch


def _records_of(
    merchant_id: int, carriers_: Iterable[UUID]
) -> Iterator[tuple[UUID, UUID, datetime]]:
    """The merged records of some carriers: own id, who carries on, joined."""
    params = {"merchant_id": merchant_id, "ids": list(carriers_)}
    for own, carrier, joined_at in fetch_all(_RECORDS, params):
        joined = as_instant(joined_at)
        assert joined is not None
        yield as_uuid(own), as_uuid(carrier), joined


def _counter_by_day(column: str) -> Sql:
    return Sql(
        f"SELECT member_id, day || '', {column} FROM earning_activity "
        f"WHERE merchant_id = :merchant_id AND {any_of('member_id')} ORDER BY member_id, day"
    )


_DAYS_OF: Final = {
    "orders": _counter_by_day("orders"),
    "spend": _counter_by_day("spend_minor"),
    "growth_value": _counter_by_day("growth_value"),
}


def _activity_by_member(
    merchant_id: int, member_ids: Iterable[UUID], sql: Sql
) -> dict[UUID, Sequence[tuple[date, int]]]:
    """One counter by day of each person, merged records included."""
    wanted = list(member_ids)
    merged = {own: carrier for own, carrier, _ in _records_of(merchant_id, wanted)}
    params = {"merchant_id": merchant_id, "ids": [*wanted, *merged]}
    found: dict[UUID, Sequence[tuple[date, int]]] = {}
    # A programme knows few days and many members: each day is read once.
    day_of = cache(date.fromisoformat)
    for key, rows in groupby(fetch_all(sql, params), key=itemgetter(0)):
        own = as_uuid(key)
        days = [(day_of(day), amount) for _, day, amount in rows]
        carrier = merged.get(own, own)
        found[carrier] = _together(found[carrier], days) if carrier in found else days
    return found


def _together(
    one: Sequence[tuple[date, int]], other: Sequence[tuple[date, int]]
) -> Sequence[tuple[date, int]]:
    sums: dict[date, int] = {}
    for day, amount in (*one, *other):
        sums[day] = sums.get(day, 0) + amount
    return sorted(sums.items())
