"""Raw reads of members for gathers: who carries on for whom, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, fetch_one
from regulars.kernel.errors import NotFound

_CARRIERS: Final = Sql(
    "SELECT id, coalesce(merged_into, id) FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_CIRCLES: Final = Sql(
    "SELECT id, coalesce(merged_into, id), joined_at FROM members_member "
    f"WHERE merchant_id = :merchant_id AND ({any_of('id')} OR {any_of('merged_into')})"
)
_CIRCLE_OF: Final = Sql(
    "WITH who AS (SELECT coalesce(w.merged_into, w.id) AS carrier FROM members_member w "
    "WHERE w.merchant_id = :merchant_id AND w.id = :member_id) "
    "SELECT m.id, coalesce(m.merged_into, m.id), m.joined_at FROM members_member m "
    "WHERE m.merchant_id = :merchant_id AND (m.id = (SELECT carrier FROM who) "
    "OR m.merged_into = (SELECT carrier FROM who))"
)
_COUNT: Final = Sql("SELECT count(*) FROM members_member WHERE merchant_id = :merchant_id")


@dataclass(frozen=True, slots=True)
class Circle:
    """A member who carries on, with all the ids that are now this one person."""

    member_id: UUID
    ids: tuple[UUID, ...]
    joined_at: datetime


def carriers(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """For each known id, the id of who carries on (itself where it was never merged)."""
    rows = fetch_all(_CARRIERS, {"merchant_id": merchant_id, "ids": list(member_ids)})
    return {as_uuid(own): as_uuid(carrier) for own, carrier in rows}


def circles(merchant_id: int, carrier_ids: Sequence[UUID]) -> dict[UUID, Circle]:
    """The circles of members who carry on; joined at the earliest of their records."""
    rows = fetch_all(_CIRCLES, {"merchant_id": merchant_id, "ids": list(carrier_ids)})
    return _circles_of_rows(rows)


def circle_of(merchant_id: int, member_id: UUID) -> Circle:
    """The circle that any one of its records belongs to, in one statement. Raises NotFound."""
    rows = fetch_all(_CIRCLE_OF, {"merchant_id": merchant_id, "member_id": member_id})
    if not rows:
        raise NotFound
    (circle,) = _circles_of_rows(rows).values()
    return circle


def _circles_of_rows(rows: Sequence[Sequence[Any]]) -> dict[UUID, Circle]:
    found: dict[UUID, tuple[list[UUID], datetime]] = {}
    for own, carrier, joined_at in rows:
        joined = as_instant(joined_at)
        assert joined is not None
        ids, earliest = found.get(as_uuid(carrier), ([], joined))
        found[as_uuid(carrier)] = ([*ids, as_uuid(own)], min(earliest, joined))
    return {
        carrier: Circle(carrier, tuple(ids), joined) for carrier, (ids, joined) in found.items()
    }


_LEFT: Final = Sql(
    "SELECT m.id FROM members_member m JOIN members_member c "
    "ON c.merchant_id = m.merchant_id AND c.id = coalesce(m.merged_into, m.id) "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('m.id')} AND c.status = 'left'"
)


def who_left(merchant_id: int, member_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some records whose person has left."""
    rows = fetch_all(_LEFT, {"merchant_id": merchant_id, "ids": list(member_ids)})
    return {as_uuid(own) for (own,) in rows}


def count_members(merchant_id: int) -> int:
    row = fetch_one(_COUNT, {"merchant_id": merchant_id})
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Someone:
    """A member without anything that names them, with their latest word on each purpose."""

    status: str
    joined_at: datetime
    channel: str | None
    store: str | None
    consents: Mapping[str, bool]


_PEOPLE: Final = Sql(
    "SELECT id, status, joined_at, channel, store FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_CONSENTS: Final = Sql(
    "SELECT member_id, purpose, granted FROM members_consent "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')} ORDER BY at, id"
)


def people(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, Someone]:
    """What may be known of some members, two statements for all of them."""
    params = {"merchant_id": merchant_id, "ids": list(member_ids)}
    consents: dict[UUID, dict[str, bool]] = {}
    for member_id, purpose, granted in fetch_all(_CONSENTS, params):
        consents.setdefault(as_uuid(member_id), {})[purpose] = bool(granted)
    found: dict[UUID, Someone] = {}
    for id_, status, joined_at, channel, store in fetch_all(_PEOPLE, params):
        own, joined = as_uuid(id_), as_instant(joined_at)
        assert joined is not None
        found[own] = Someone(status, joined, channel, store, consents.get(own, {}))
    return found
