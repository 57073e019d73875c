"""What segments itself, and members below it, know: the person, tags and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_uuid, fetch_all
from regulars.kernel.periods import program_day
from regulars.modules.members.lookup import people

from .sources import Question

_TAGS: Final = Sql(
    "SELECT member_id, tag FROM segments_tag "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)
_LISTS: Final = Sql(
    "SELECT e.member_id, s.code FROM segments_entry e JOIN segments_segment s "
    "ON s.merchant_id = e.merchant_id AND s.id = e.segment_id "
    f"WHERE e.merchant_id = :merchant_id AND {any_of('e.member_id')}"
)


def person(asked: Question) -> dict[UUID, dict[str, Any]]:
    """Who they are and what they agreed to: the latest word on each purpose."""
    found: dict[UUID, dict[str, Any]] = {}
    for carrier, one in people(asked.merchant.id, list(asked.circles)).items():
        found[carrier] = {
            "status": one.status,
            "joined_day": program_day(one.joined_at, asked.zone).toordinal(),
            "channel": one.channel,
            "store": one.store,
            "consents": sorted(p for p, granted in one.consents.items() if granted),
            "refused": sorted(p for p, granted in one.consents.items() if not granted),
        }
    return found


def tags(asked: Question) -> dict[UUID, dict[str, Any]]:
    """The tags of all records of each person."""
    return _gathered("tags", _TAGS, asked)


def lists(asked: Question) -> dict[UUID, dict[str, Any]]:
    """The lists that any record of each person is on."""
    return _gathered("lists", _LISTS, asked)


def _gathered(name: str, sql: Sql, asked: Question) -> dict[UUID, dict[str, Any]]:
    owners = asked.carrier_of()
    words: dict[UUID, set[str]] = {}
    rows: Sequence[Sequence[Any]] = fetch_all(
        sql, {"merchant_id": asked.merchant.id, "ids": list(owners)}
    )
    for member_id, word in rows:
        words.setdefault(owners[as_uuid(member_id)], set()).add(word)
    return {carrier: {name: sorted(found)} for carrier, found in words.items()}
