"""What a member says of themselves after joining: their name, birthday and language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.events.base import Event
from regulars.events.members import MemberUpdated
from regulars.infra import outbox
from regulars.infra.crypto import seal
from regulars.infra.db import LostRace
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.periods import add_months, program_day

from . import queries
from .errors import BirthdayKept
from .models import Member

_MONTHS_BETWEEN: Final = 12


@transaction.atomic
def describe(
    *, merchant: MerchantFacts, member_id: UUID, given: Mapping[str, Any], now: datetime
) -> list[Event]:
    """Set ``name``, ``birthday`` and ``locale`` as far as they are ``given``; None forgets.

    A birthday may be told at any time after joining, and forgotten at any time; one that was known
    is replaced once a year at most, so that nobody has several. Raises NotFound, Invalid,
    BirthdayKept, and LostRace where another change came in between.
    """
    carrier = queries.carrier_of(merchant.id, member_id)
    row = Member.objects.of(merchant.id).get(id=carrier)
    today = program_day(now, ZoneInfo(merchant.zone))
    changes: dict[str, Any] = {}
    if "name" in given and (given["name"] or "") != _name(row):
        changes["name_sealed"] = _sealed(row, "name", given["name"] or "")
    if "locale" in given and (given["locale"] or "") != row.locale:
        changes["locale"] = given["locale"] or ""
    if "birthday" in given:
        changes.update(_birthday(row, given["birthday"], today))
    if not changes:
        return []

    # Whoever saw another birthday decided on other grounds.
    touched = Member.objects.of(merchant.id).filter(
        id=carrier,
        merged_into=None,
        birthday_sealed=row.birthday_sealed,
        birthday_changed_on=row.birthday_changed_on,
    )
    if not touched.update(**changes):
        raise LostRace
    fields = tuple(name for name in ("name", "birthday", "locale") if _told(name, changes))
    event = MemberUpdated(
        merchant_id=merchant.id, happened_at=now, member_id=carrier, fields=fields
    )
    outbox.publish(aggregate=carrier.hex, events=[event], at=now)
    return [event]


def birthday_told(known: date | None, changed_on: date | None) -> dict[str, str | None]:
    """A birthday in plain JSON, and from which day on another can be given."""
    free = changeable_from(changed_on)
    return {
        "birthday": known.isoformat() if known else None,
        "changeable_from": free.isoformat() if free else None,
    }


def changeable_from(changed_on: date | None) -> date | None:
    """From which day on a birthday that is known can be replaced; None: at any time."""
    return None if changed_on is None else add_months(changed_on, _MONTHS_BETWEEN)


def _birthday(row: Member, wanted: date | None, today: date) -> dict[str, Any]:
    known = queries.opened_birthday(row.merchant_id, row.id, row.birthday_sealed)
    if wanted == known:
        return {}
    if wanted is None:
        return {"birthday_sealed": "", "birthday_changed_on": today}
    if wanted > today + timedelta(days=1):
        fault = FieldError("/birthday", "in_the_future", "Give a day in the past.")
        raise Invalid(fault.detail, errors=[fault])
    free = changeable_from(row.birthday_changed_on)
    if free is not None and today < free:
        raise BirthdayKept(f"It was changed within a year; it can be changed from {free} on.")
    changes: dict[str, Any] = {"birthday_sealed": _sealed(row, "birthday", wanted.isoformat())}
    if known is not None:
        changes["birthday_changed_on"] = today
    return changes


def _name(row: Member) -> str:
    return queries.opened_name(row.merchant_id, row.id, row.name_sealed)


def _sealed(row: Member, field: str, text: str) -> str:
    return seal(
        merchant_id=row.merchant_id,
        table="members_member",
        field=field,
        row_id=row.id.hex,
        text=text,
    )


def _told(field: str, changes: Mapping[str, Any]) -> bool:
    return field in changes or f"{field}_sealed" in changes
