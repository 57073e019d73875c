"""The rows of a new member, for the settling path and for enrolment in thousands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.crypto import blind_index, mask, seal
from regulars.infra.db import Sql, any_of, as_uuid, fetch_all
from regulars.infra.recording import Table, Writes

MEMBER: Final = Table(
    "members_member",
    "merchant_id",
    "id",
    "status",
    "name_sealed",
    "birthday_sealed",
    "joined_at",
    "channel",
    "store",
    "locale",
    "merged_into",
    "created_at",
)
IDENTITY: Final = Table(
    "members_identity",
    "merchant_id",
    "type",
    "key",
    "member_id",
    "value_sealed",
    "masked",
    "tail",
    "created_at",
)
#: For other gathers: a CTE ``who`` of the member who carries on, by id or by identity.
#: ``status`` is of who carries on: a person who left has left with all their records.
_STATUS: Final = """CASE WHEN m.merged_into IS NULL THEN m.status ELSE (SELECT c.status
    FROM members_member c WHERE c.merchant_id = m.merchant_id AND c.id = m.merged_into) END
    AS status"""
WHO_BY_ID: Final = f"""who AS (
  SELECT m.id AS own, coalesce(m.merged_into, m.id) AS carrier, {_STATUS}, m.joined_at
  FROM members_member m WHERE m.merchant_id = :merchant_id AND m.id = :member_id)"""
WHO_BY_IDENTITY: Final = f"""who AS (
  SELECT m.id AS own, coalesce(m.merged_into, m.id) AS carrier, {_STATUS}, m.joined_at
  FROM members_identity i JOIN members_member m
    ON m.merchant_id = i.merchant_id AND m.id = i.member_id
  WHERE i.merchant_id = :merchant_id AND i.type = :identity_type AND i.key = :identity_key)"""
#: The ids of all records of the person in the CTE ``who``, as ``id``.
IDS_OF_WHO: Final = """SELECT m.id FROM members_member m WHERE m.merchant_id = :merchant_id
      AND m.merged_into = (SELECT carrier FROM who)
    UNION ALL SELECT carrier FROM who"""
_BY_KEYS: Final = Sql(
    "SELECT key, member_id FROM members_identity WHERE merchant_id = :merchant_id "
    f"AND type = :type AND {any_of('key', 'keys')}"
)
#: The tail that a till may search by; empty where it would tell too much of a short value.
TAILED: Final = ("phone", "card", "external")


def members_by_keys(merchant_id: int, type: str, keys: Sequence[str]) -> dict[str, UUID]:
    """Who holds these identities (by blind index), of those that are held."""
    params = {"merchant_id": merchant_id, "type": type, "keys": list(keys)}
    return {key: as_uuid(member_id) for key, member_id in fetch_all(_BY_KEYS, params)}


def add_member(
    writes: Writes,
    *,
    merchant_id: int,
    member_id: UUID,
    status: str,
    joined_at: datetime,
    now: datetime,
    name: str = "",
    birthday: str = "",
    channel: str | None = None,
    store: str | None = None,
    locale: str = "",
) -> None:
    """A member row; name and birthday are sealed for exactly this row."""
    row_id = member_id.hex
    writes.add(
        MEMBER,
        (
            merchant_id,
            member_id,
            status,
            seal(
                merchant_id=merchant_id,
                table="members_member",
                field="name",
                row_id=row_id,
                text=name,
            ),
            seal(
                merchant_id=merchant_id,
                table="members_member",
                field="birthday",
                row_id=row_id,
                text=birthday,
            ),
            joined_at,
            channel,
            store,
            locale,
            None,
            now,
        ),
    )


def add_identity(
    writes: Writes,
    *,
    merchant_id: int,
    member_id: UUID,
    type: str,
    value: str,
    now: datetime,
    key: str | None = None,
) -> None:
    """An identity row for a normalised ``value``; unique per merchant, type and value."""
    known_key = key or blind_index(merchant_id=merchant_id, type=type, value=value)
    sealed = seal(
        merchant_id=merchant_id,
        table="members_identity",
        field="value",
        row_id=f"{type}:{known_key}",
        text=value,
    )
    tail = value[-4:] if type in TAILED and len(value) >= 4 else ""
    writes.add(
        IDENTITY,
        (
            merchant_id,
            type,
            known_key,
            member_id,
            sealed,
            mask(type=type, value=value)[:80],
            tail,
            now,
        ),
    )
