"""Reads of activity, and the recorder's way to add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_day, as_uuid, fetch_all
from regulars.infra.json_text import from_json
from regulars.infra.recording import Upsert
from regulars.modules.members.enrolment import IDS_OF_WHO

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


def sums_of_who(*columns: str, where: str = "") -> str:
    """A scalar for other gathers: these sums over what the person in the CTE ``who`` did, which
    ``sums_of`` reads. ``columns`` and ``where`` name the activity ``v``.

    The records of a person are walked one by one: as a join they would let a planner that has no
    statistics yet read every row of the merchant instead.
    """
    sums = ", ".join(f"sum({column})" for column in columns)
    return f"""(SELECT json_group_array((SELECT json_array({sums})
  FROM earning_activity v WHERE v.merchant_id = :merchant_id AND v.member_id = p.id {where}))
  FROM ({IDS_OF_WHO}) p)"""


#: What the person gained from :window_from to :day (orders, spend, growth value), then the points
#: and the growth value of :day alone.
ACTIVITY_OF_WHO: Final = sums_of_who(
    *(
        f"CASE WHEN v.day >= :window_from THEN v.{counter} ELSE 0 END"
        for counter in ("orders", "spend_minor", "growth_value")
    ),
    *(
        f"CASE WHEN v.day = :day THEN v.{earned} ELSE 0 END"
        for earned in ("points", "growth_value")
    ),
    where="AND v.day <= :day",
)
COUNTERS: Final = ("orders", "spend", "growth_value")

Counts = list[int]
"""Orders, spend in minor units, growth value, points."""


def sums_of(scalar: Any) -> list[int]:
    """What ``sums_of_who`` told; empty where nobody is meant."""
    records = _as_json(scalar) or []
    if records and type(records[0]) is str:
        # SQLite gives JSON within JSON as text.
        records = list(map(from_json, records))
    if len(records) == 1:
        return [int(one or 0) for one in records[0]]
    return [sum(int(one or 0) for one in column) for column in zip(*records, strict=True)]


def _as_json(scalar: Any) -> Any:
    return from_json(scalar) if isinstance(scalar, str) else scalar


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
