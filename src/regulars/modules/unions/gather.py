"""Reads of merges: two people as they are, and what was moved before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, is_postgres
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import parse

_MEMBERS: Final = (
    "SELECT id, status, joined_at, merged_into, name_sealed, birthday_sealed "
    f"FROM members_member WHERE merchant_id = :merchant_id AND {any_of('id')} ORDER BY id"
)
_MEMBERS_SEEN: Final = Sql(_MEMBERS)
_MEMBERS_HELD: Final = Sql(f"{_MEMBERS} FOR UPDATE")
_MERGED_INTO: Final = Sql(
    "SELECT id, status FROM members_member WHERE merchant_id = :merchant_id "
    "AND merged_into = :member_id ORDER BY id"
)
_IDENTITIES: Final = Sql(
    "SELECT type, key FROM members_identity WHERE merchant_id = :merchant_id "
    "AND member_id = :member_id ORDER BY type, key"
)
_ORDER_OWNERS: Final = Sql(
    f"SELECT id, member_id FROM orders_order WHERE merchant_id = :merchant_id AND {any_of('id')}"
)


@dataclass(frozen=True, slots=True)
class Record:
    """A member's row, as far as a merge looks at it; name and birthday stay sealed."""

    id: UUID
    status: str
    joined_at: datetime
    merged_into: UUID | None
    name_sealed: str
    birthday_sealed: str


def records_for_write(merchant_id: int, *member_ids: UUID) -> list[Record]:
    """The rows of some members, which nobody else merges until the transaction ends.

    Raises NotFound where one is not there.
    """
    sql = _MEMBERS_HELD if is_postgres() else _MEMBERS_SEEN
    found: dict[UUID, Record] = {}
    for row in fetch_all(sql, {"merchant_id": merchant_id, "ids": list(member_ids)}):
        id_, status, joined_at, merged_into, name, birthday = row
        joined = as_instant(joined_at)
        assert joined is not None
        own = as_uuid(id_)
        carrier = as_uuid(merged_into) if merged_into else None
        found[own] = Record(own, status, joined, carrier, name, birthday)
    if any(member_id not in found for member_id in member_ids):
        raise NotFound
    return [found[member_id] for member_id in member_ids]


def merged_into(merchant_id: int, member_id: UUID) -> list[UUID]:
    """The records that were merged into a member before."""
    rows = fetch_all(_MERGED_INTO, {"merchant_id": merchant_id, "member_id": member_id})
    return [as_uuid(row[0]) for row in rows]


def identities(merchant_id: int, member_id: UUID) -> list[tuple[str, str]]:
    """Type and blind index of a member's identities."""
    rows = fetch_all(_IDENTITIES, {"merchant_id": merchant_id, "member_id": member_id})
    return [(kind, key) for kind, key in rows]


def order_owners(merchant_id: int, causes: Sequence[str]) -> dict[str, UUID]:
    """For the causes that are orders: under whose record they were made."""
    ids = [order_id for order_id in (parse("ord", cause) for cause in causes) if order_id]
    if not ids:
        return {}
    rows = fetch_all(_ORDER_OWNERS, {"merchant_id": merchant_id, "ids": ids})
    return {f"ord_{as_uuid(id_).hex}": as_uuid(owner) for id_, owner in rows if owner}
