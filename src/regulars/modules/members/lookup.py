"""Raw reads of members for gathers: who carries on for whom, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, fetch_one

_CARRIERS: Final = Sql(
    "SELECT id, coalesce(merged_into, id) FROM members_member "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_CIRCLES: Final = Sql(
    "SELECT id, coalesce(merged_into, id), joined_at FROM members_member "
    f"WHERE merchant_id = :merchant_id AND ({any_of('id')} OR {any_of('merged_into')})"
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
    found: dict[UUID, tuple[list[UUID], datetime]] = {}
    for own, carrier, joined_at in rows:
        joined = as_instant(joined_at)
        assert joined is not None
        ids, earliest = found.get(as_uuid(carrier), ([], joined))
        found[as_uuid(carrier)] = ([*ids, as_uuid(own)], min(earliest, joined))
    return {
        carrier: Circle(carrier, tuple(ids), joined) for carrier, (ids, joined) in found.items()
    }


def count_members(merchant_id: int) -> int:
    row = fetch_one(_COUNT, {"merchant_id": merchant_id})
    assert row is not None
    return int(row[0])
