"""What other gathers ask about a buyer, and how it becomes the facts that rules read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.crypto import Unreadable, unseal
from regulars.infra.db import Sql, as_instant, as_json, as_uuid, fetch_one
from regulars.kernel.periods import program_day

from .facts import buyer_facts

_PEOPLE: Final = """(SELECT m.id FROM members_member m WHERE m.merchant_id = :merchant_id
      AND (m.id = (SELECT carrier FROM who) OR m.merged_into = (SELECT carrier FROM who)))"""
#: A scalar for other gathers: what rules may know of the person in the CTE ``who``; ``Person``
#: reads it. Orders and spend are net of what went back, up to now.
BUYER_OF_WHO: Final = f"""(SELECT json_array(
    (SELECT carrier FROM who),
    (SELECT json_group_array(json_array(m.id, m.joined_at, m.birthday_sealed))
      FROM members_member m WHERE m.merchant_id = :merchant_id AND m.id IN {_PEOPLE}),
    (SELECT sum(a.orders) FROM earning_activity a WHERE a.merchant_id = :merchant_id
      AND a.member_id IN {_PEOPLE}),
    (SELECT sum(a.spend_minor) FROM earning_activity a WHERE a.merchant_id = :merchant_id
      AND a.member_id IN {_PEOPLE})))"""
_BY_ID: Final = Sql(
    f"""WITH who AS (SELECT coalesce(m.merged_into, m.id) AS carrier FROM members_member m
  WHERE m.merchant_id = :merchant_id AND m.id = :member_id) SELECT {BUYER_OF_WHO}"""
)


class Person:
    """Somebody with all their records: who carries on first."""

    __slots__ = ("_birthday", "_joined_at", "_orders", "_spend_minor", "people")

    def __init__(self, merchant_id: int, scalar: Any) -> None:
        carrier, records, orders, spend_minor = as_json(scalar)
        self.people: tuple[UUID, ...] = ()
        self._joined_at: datetime | None = None
        self._birthday: date | None = None
        self._orders, self._spend_minor = int(orders or 0), int(spend_minor or 0)
        if carrier is None:
            return
        own = as_uuid(carrier)
        rows = sorted(as_json(records), key=lambda row: as_uuid(row[0]) != own)
        self.people = tuple(as_uuid(row[0]) for row in rows)
        self._joined_at = min(at for row in rows if (at := as_instant(row[1])) is not None)
        days = (_birthday(merchant_id, as_uuid(row[0]), row[2]) for row in rows)
        self._birthday = next((day for day in days if day is not None), None)

    def facts(
        self,
        *,
        now: datetime,
        zone: ZoneInfo,
        tier: str,
        segments: Iterable[str] = (),
        channel: str | None = None,
        store: str | None = None,
    ) -> dict[str, Any]:
        """The facts as of ``now``; none of a stranger."""
        if self._joined_at is None:
            return {}
        return buyer_facts(
            today=program_day(now, zone),
            joined_on=program_day(self._joined_at, zone),
            orders=self._orders,
            spend_minor=self._spend_minor,
            birthday=self._birthday,
            tier=tier,
            segments=segments,
            channel=channel,
            store=store,
        )


def person(merchant_id: int, member_id: UUID) -> Person:
    """One person, in a statement of its own; a stranger where nobody has the id."""
    row = fetch_one(_BY_ID, {"merchant_id": merchant_id, "member_id": member_id})
    assert row is not None
    return Person(merchant_id, row[0])


def _birthday(merchant_id: int, member_id: UUID, sealed: str) -> date | None:
    """The day of birth, opened; None where none is known or the keys do not open it."""
    try:
        opened = unseal(
            merchant_id=merchant_id,
            table="members_member",
            field="birthday",
            row_id=member_id.hex,
            sealed=sealed,
        )
    except Unreadable:
        return None
    return date.fromisoformat(opened) if opened else None
