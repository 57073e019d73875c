"""Reads of segments for whoever writes or prices: rules, facts and memberships of some members."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_all

from .rules import Rule, compiled
from .types import Values

#: A scalar for other gathers: the segments of the member in the CTE ``who`` (column ``carrier``)
#: as of :now; ``segments_of_row`` reads it. Null where nothing is known of the member yet.
SEGMENTS_OF_WHO: Final = """(SELECT json_array(
    CASE WHEN f.due_at <= :now THEN f.facts END,
    (SELECT json_group_array(s.code) FROM segments_membership m JOIN segments_segment s
       ON s.merchant_id = m.merchant_id AND s.id = m.segment_id
       WHERE m.merchant_id = f.merchant_id AND m.member_id = f.member_id))
  FROM segments_memberfacts f WHERE f.merchant_id = :merchant_id
    AND f.member_id = (SELECT carrier FROM who))"""
_SEGMENTS: Final = Sql(
    "SELECT id, code, kind, status, rule, version FROM segments_segment "
    "WHERE merchant_id = :merchant_id ORDER BY code"
)
_FACTS: Final = Sql(
    "SELECT member_id, facts, causes, due_at FROM segments_memberfacts "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_MEMBERSHIPS: Final = Sql(
    "SELECT member_id, segment_id FROM segments_membership "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_RECORDS: Final = Sql(
    "SELECT id, merged_into FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)


@dataclass(frozen=True, slots=True)
class Live:
    """A segment as the rest of the rules see it; ``rule`` None for a list."""

    id: UUID
    code: str
    kind: str
    frozen: bool
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a member."""

    facts: Mapping[str, Any]
    causes: Mapping[str, Sequence[str]]
    due_at: datetime | None


def segments(merchant_id: int) -> list[Live]:
    """Every segment of a merchant by code, its rule compiled (once per version and process)."""
    rows = fetch_all(_SEGMENTS, {"merchant_id": merchant_id})
    return [
        Live(
            as_uuid(id_),
            code,
            kind,
            status == "frozen",
            _compiled(as_uuid(id_), version, rule) if kind == "rule" else None,
        )
        for id_, code, kind, status, rule, version in rows
    ]


@lru_cache(maxsize=1_024)
def _compiled(_segment_id: UUID, _version: int, rule: str) -> Rule:
    return compiled(json.loads(rule))


def known_of(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, Known]:
    rows = fetch_all(_FACTS, {"merchant_id": merchant_id, "ids": list(member_ids)})
    return {
        as_uuid(member_id): Known(json.loads(facts), json.loads(causes), as_instant(due_at))
        for member_id, facts, causes, due_at in rows
    }


def memberships_of(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    rows = fetch_all(_MEMBERSHIPS, {"merchant_id": merchant_id, "ids": list(member_ids)})
    found: dict[UUID, set[UUID]] = {}
    for member_id, segment_id in rows:
        found.setdefault(as_uuid(member_id), set()).add(as_uuid(segment_id))
    return found


def carriers_among(merchant_id: int, ids: Iterable[UUID]) -> tuple[set[UUID], set[UUID]]:
    """Who of these records carries on, and which were merged away or removed; who carries on for
    them is among the former."""
    asked = list(ids)
    rows = fetch_all(_RECORDS, {"merchant_id": merchant_id, "ids": asked})
    gone = {as_uuid(own) for own, merged_into in rows if merged_into is not None}
    gone |= set(asked) - {as_uuid(own) for own, _ in rows}
    carriers = {as_uuid(merged_into or own) for own, merged_into in rows}
    return carriers, gone


def answers(live: Iterable[Live], values: Values, today: date) -> tuple[set[UUID], int | None]:
    """The rules of ``live`` that hold for a member, and the day (an ordinal) on which time alone
    may change one of the answers."""
    day = today.toordinal()
    holding: set[UUID] = set()
    turns: int | None = None
    for segment in live:
        if segment.rule is None or segment.frozen:
            continue
        if segment.rule.holds(values, day):
            holding.add(segment.id)
        turn = segment.rule.turns(values, day)
        if turn is not None and (turns is None or turn < turns):
            turns = turn
    return holding, turns


def segments_of_row(merchant_id: int, row: Any, today: date) -> frozenset[str]:
    """The codes of a member's segments from SEGMENTS_OF_WHO, right as of ``today`` (the program
    day of :now) whether or not the jobs ran."""
    found = as_json(row)
    if found is None:
        return frozenset()
    facts, listed = found
    codes = frozenset(as_json(listed) or ())
    if facts is None:
        return codes
    live = segments(merchant_id)
    holding, _ = answers(live, as_json(facts), today)
    by_time = {one.code: one.id in holding for one in live if one.rule and not one.frozen}
    return frozenset(
        {code for code in codes if code not in by_time}
        | {code for code, holds in by_time.items() if holds}
    )
