"""Reads of activity, and the recorder's way to add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_day, as_uuid, fetch_all
from regulars.infra.recording import Upsert

ACTIVITY: Final = Upsert(
    "earning_activity",
    key={"merchant_id": "bigint", "member_id": "uuid", "day": "date"},
    adds={
        "orders": "integer",
        "spend_minor": "bigint",
        "growth_value": "bigint",
        "points": "bigint",
    },
)
_DAYS: Final = Sql(
    "SELECT member_id, day, orders, spend_minor, growth_value, points FROM earning_activity "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')} ORDER BY day"
)
#: A scalar for other gathers: what the person in the CTE ``who`` gained from :window_from to :day,
#: and the points and the growth value of :day alone.
ACTIVITY_OF_WHO: Final = """(SELECT json_array(
    sum(CASE WHEN v.day >= :window_from THEN v.orders ELSE 0 END),
    sum(CASE WHEN v.day >= :window_from THEN v.spend_minor ELSE 0 END),
    sum(CASE WHEN v.day >= :window_from THEN v.growth_value ELSE 0 END),
    sum(CASE WHEN v.day = :day THEN v.points ELSE 0 END),
    sum(CASE WHEN v.day = :day THEN v.growth_value ELSE 0 END))
  FROM earning_activity v WHERE v.merchant_id = :merchant_id AND v.member_id IN (
    SELECT m.id FROM members_member m WHERE m.merchant_id = :merchant_id
      AND m.merged_into = (SELECT carrier FROM who)
    UNION ALL SELECT carrier FROM who) AND v.day <= :day)"""
COUNTERS: Final = ("orders", "spend", "growth_value")

Counts = list[int]
"""Orders, spend in minor units, growth value, points."""


def load_activity(
    merchant_id: int, carrier_of: Mapping[UUID, UUID]
) -> dict[UUID, dict[date, Counts]]:
    """Counts by day of each person; ``carrier_of`` maps every id to who carries on."""
    rows = fetch_all(_DAYS, {"merchant_id": merchant_id, "ids": list(carrier_of)})
    found: dict[UUID, dict[date, Counts]] = {}
    for member_id, day, *counts in rows:
        days = found.setdefault(carrier_of[as_uuid(member_id)], {})
        known_day = as_day(day)
        assert known_day is not None
        seen = days.setdefault(known_day, [0, 0, 0, 0])
        for index, count in enumerate(counts):
            seen[index] += count
    return found


def counter_index(counter: str) -> int:
    """Where a ladder's counter stands in ``Counts``."""
    return COUNTERS.index(counter)


def series(days: Mapping[date, Counts], counter: str) -> Sequence[tuple[date, int]]:
    index = counter_index(counter)
    return [(day, days[day][index]) for day in sorted(days)]
