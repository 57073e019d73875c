"""Reads of standings, and the recorder's way to write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_day, as_uuid, fetch_all
from regulars.infra.recording import Table, Update, Writes
from regulars.kernel.ids import new_id

from .types import Floor, Standing, Step

STANDING_COLUMNS: Final = (
    "tier, since, keep_until, grace_until, warned, evaluated_on, review_on, "
    "floor_tier, floor_until, floor_reason, programme, revision"
)
#: A scalar for other gathers: the standing of the member in the CTE ``who``.
STANDING_OF_WHO: Final = f"""(SELECT json_array({STANDING_COLUMNS})
  FROM tiers_standing s WHERE s.merchant_id = :merchant_id
    AND s.member_id = (SELECT carrier FROM who))"""
_STANDINGS: Final = Sql(
    f"SELECT member_id, {STANDING_COLUMNS} FROM tiers_standing "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_PER_TIER: Final = Sql(
    "SELECT tier, count(*), min(CAST(member_id AS TEXT)) FROM tiers_standing "
    "WHERE merchant_id = :merchant_id GROUP BY tier"
)
_NOTHING_SPECIAL: Final = {
    "grace_until": None,
    "warned": False,
    "floor_tier": None,
    "floor_until": None,
    "floor_reason": None,
}
STANDING: Final = Table(
    "tiers_standing",
    "merchant_id",
    "member_id",
    *(column.strip() for column in STANDING_COLUMNS.split(",")),
    usually={**_NOTHING_SPECIAL, "revision": 1},
)
STANDING_CHANGE: Final = Update(
    "tiers_standing",
    key={"merchant_id": "bigint", "member_id": "uuid"},
    sets={
        "tier": "text",
        "since": "date",
        "keep_until": "date",
        "grace_until": "date",
        "warned": "boolean",
        "evaluated_on": "date",
        "review_on": "date",
        "floor_tier": "text",
        "floor_until": "date",
        "floor_reason": "text",
        "programme": "integer",
        "revision": "integer",
    },
    seen={"revision": "integer"},
    usually=_NOTHING_SPECIAL,
)
TIER_CHANGE: Final = Table(
    "tiers_tierchange",
    "merchant_id",
    "member_id",
    "id",
    "at",
    "from_tier",
    "to_tier",
    "reason",
    "counter",
    "threshold",
    "cause_type",
    "cause_id",
    "programme",
)


@dataclass(slots=True)
class Stored:
    """A standing as the database has it; ``revision`` 0 means there is no row yet."""

    standing: Standing
    programme: int
    revision: int


def standing_of_row(row: Sequence[Any]) -> Stored:
    """From STANDING_COLUMNS."""
    tier, since, keep, grace, warned, evaluated, review, *rest = row
    f_tier, f_until, f_reason, number, rev = rest
    since_day, evaluated_day, floor_until = as_day(since), as_day(evaluated), as_day(f_until)
    assert since_day is not None
    assert evaluated_day is not None
    floor = Floor(f_tier, floor_until, f_reason or "") if f_tier and floor_until else None
    standing = Standing(
        tier=tier,
        since=since_day,
        evaluated_on=evaluated_day,
        keep_until=as_day(keep),
        grace_until=as_day(grace),
        warned=bool(warned),
        review_on=as_day(review),
        floor=floor,
    )
    return Stored(standing, number, rev)


def load_standings(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, Stored]:
    rows = fetch_all(_STANDINGS, {"merchant_id": merchant_id, "ids": list(member_ids)})
    return {as_uuid(member_id): standing_of_row(row) for member_id, *row in rows}


def members_per_tier(merchant_id: int) -> dict[str, tuple[int, UUID]]:
    """By the tier that activity gave: how many stand there, and one of them."""
    rows = fetch_all(_PER_TIER, {"merchant_id": merchant_id})
    return {tier: (count, UUID(example)) for tier, count, example in rows}


def add_standing(
    writes: Writes,
    *,
    merchant_id: int,
    member_id: UUID,
    standing: Standing,
    programme: int,
    seen_revision: int,
) -> None:
    """Write a standing over the one that was seen (0: none was)."""
    floor = standing.floor
    row = (
        merchant_id,
        member_id,
        standing.tier,
        standing.since,
        standing.keep_until,
        standing.grace_until,
        standing.warned,
        standing.evaluated_on,
        standing.review_on,
        floor.tier if floor else None,
        floor.until if floor else None,
        floor.reason if floor else None,
        programme,
        seen_revision + 1,
    )
    if seen_revision:
        writes.add(STANDING_CHANGE, (*row, seen_revision))
    else:
        writes.add(STANDING, row)


def step_row(
    *,
    merchant_id: int,
    member_id: UUID,
    step: Step,
    at: datetime,
    cause_type: str,
    cause_id: str,
    programme: int,
) -> tuple[Any, ...]:
    return (
        merchant_id,
        member_id,
        new_id(),
        at,
        step.from_tier,
        step.to_tier,
        step.reason,
        step.counter,
        step.threshold,
        cause_type,
        cause_id,
        programme,
    )
