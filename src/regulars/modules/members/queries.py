"""Reads of members. What names or reaches a person is opened only where it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from regulars.infra.crypto import blind_index, unseal
from regulars.infra.db import Sql, as_uuid, fetch_all
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import parse

from .models import Consent, Departure, Identity, Member
from .rules import member_number, normalised, phone_region
from .types import ConsentView, DepartureView, IdentityView, MemberView

_TABLE: Final = "members_member"
_TAIL: Final = 4
_WORDS_ON: Final = Sql(
    "SELECT coalesce(m.merged_into, m.id), c.granted FROM members_consent c JOIN members_member m "
    "ON m.merchant_id = c.merchant_id AND m.id = c.member_id "
    "WHERE c.merchant_id = :merchant_id AND c.purpose = :purpose ORDER BY c.at, c.id"
)


def member(merchant_id: int, member_id: UUID) -> MemberView:
    """One member as they stand, also where they go on as somebody else. Raises NotFound."""
    row = Member.objects.of(merchant_id).filter(id=member_id).first()
    if row is None:
        raise NotFound
    identities = identities_of(merchant_id, [member_id]).get(member_id, ())
    return MemberView(
        id=row.id,
        number=member_number(row.id),
        status=row.status,
        joined_at=row.joined_at,
        channel=row.channel,
        store=row.store,
        locale=row.locale,
        merged_into=row.merged_into,
        identities=identities,
    )


def carrier_of(merchant_id: int, member_id: UUID) -> UUID:
    """Who carries on for a member: themselves, unless they were merged. Raises NotFound."""
    row = (
        Member.objects.of(merchant_id).filter(id=member_id).values_list("id", "merged_into").first()
    )
    if row is None:
        raise NotFound
    own, merged_into = row
    return merged_into or own


def identities_of(
    merchant_id: int, member_ids: Iterable[UUID]
) -> dict[UUID, tuple[IdentityView, ...]]:
    """Masked identities by member, in the order they became known."""
    rows = (
        Identity.objects.of(merchant_id)
        .filter(member_id__in=list(member_ids))
        .order_by("created_at", "type", "key")
        .values_list("member_id", "type", "masked")
    )
    found: dict[UUID, list[IdentityView]] = {}
    for member_id, kind, masked in rows:
        found.setdefault(member_id, []).append(IdentityView(kind, masked))
    return {member_id: tuple(views) for member_id, views in found.items()}


def external_ids(merchant_id: int, member_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The external identity of each member that has one, opened: for files that go out."""
    rows = (
        Identity.objects.of(merchant_id)
        .filter(member_id__in=list(member_ids), type="external")
        .order_by("-created_at")
        .values_list("member_id", "key", "value_sealed")
    )
    return {
        member_id: unseal(
            merchant_id=merchant_id,
            table="members_identity",
            field="value",
            row_id=f"external:{key}",
            sealed=sealed,
        )
        for member_id, key, sealed in rows
    }


def by_identity(merchant: MerchantFacts, *, type: str, value: str) -> UUID | None:
    """Who holds an identity, however it is written; None where nobody does. Raises Invalid."""
    written = normalised(
        type=type, value=value, region=phone_region(merchant.zone, merchant.locale)
    )
    return _holder(merchant.id, type, written)


def names(merchant_id: int, member_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names, opened, of those who gave one: for people who may see them."""
    rows = (
        Member.objects.of(merchant_id)
        .filter(id__in=list(member_ids))
        .exclude(name_sealed="")
        .values_list("id", "name_sealed")
    )
    return {member_id: opened_name(merchant_id, member_id, sealed) for member_id, sealed in rows}


def opened_name(merchant_id: int, member_id: UUID, sealed: str) -> str:
    """A name out of its column, for whoever read the row already."""
    return unseal(
        merchant_id=merchant_id,
        table=_TABLE,
        field="name",
        row_id=member_id.hex,
        sealed=sealed,
    )


def birthday(merchant_id: int, member_id: UUID) -> date | None:
    """The birthday, opened, where one is known."""
    return birthday_since(merchant_id, member_id)[0]


def birthday_since(merchant_id: int, member_id: UUID) -> tuple[date | None, date | None]:
    """The birthday, opened, where one is known, and on which day it was last changed."""
    row = (
        Member.objects.of(merchant_id)
        .filter(id=member_id)
        .values_list("birthday_sealed", "birthday_changed_on")
        .first()
    )
    sealed, changed_on = row or ("", None)
    return opened_birthday(merchant_id, member_id, sealed), changed_on


def opened_birthday(merchant_id: int, member_id: UUID, sealed: str) -> date | None:
    """A birthday out of its column, for whoever read the row already."""
    opened = unseal(
        merchant_id=merchant_id,
        table=_TABLE,
        field="birthday",
        row_id=member_id.hex,
        sealed=sealed,
    )
    return date.fromisoformat(opened) if opened else None


def search(merchant: MerchantFacts, text: str, *, limit: int = 20) -> list[UUID]:
    """Members a till may mean by ``text``: an id, a whole identity, or its last four characters.

    Names are sealed and cannot be searched. Newest identity first; no member twice.
    """
    wanted = text.strip()
    shown = parse("mem", wanted)
    if shown is not None:
        known = Member.objects.of(merchant.id).filter(id=shown).exists()
        return [shown] if known else []
    found = _whole(merchant, wanted)
    if len(wanted) == _TAIL:
        tails = (
            Identity.objects.of(merchant.id)
            .filter(tail=wanted)
            .order_by("-created_at")
            .values_list("member_id", flat=True)[:limit]
        )
        found.extend(tails)
    return list(dict.fromkeys(found))[:limit]


def consents(merchant_id: int, member_ids: Sequence[UUID]) -> list[ConsentView]:
    """The latest word on each purpose, of all records of one person, by purpose."""
    rows = Consent.objects.of(merchant_id).filter(member_id__in=list(member_ids))
    latest = {row.purpose: row for row in rows.order_by("at", "id")}
    return [
        ConsentView(row.purpose, row.granted, row.text_version, row.channel, row.campaign, row.at)
        for _, row in sorted(latest.items())
    ]


def gone_since(merchant_id: int, member_id: UUID) -> datetime | None:
    """Since when somebody is gone; None where they are not."""
    gone = Departure.objects.of(merchant_id).filter(member_id=member_id, rejoined_at=None)
    return gone.values_list("left_at", flat=True).first()


def gone_at(merchant_id: int, at: datetime) -> set[UUID]:
    """Every record of those who had left by ``at`` and not come back."""
    gone = Departure.objects.of(merchant_id).filter(left_at__lte=at).exclude(rejoined_at__lte=at)
    people = gone.values("member_id")
    records = Member.objects.of(merchant_id).filter(Q(id__in=people) | Q(merged_into__in=people))
    return set(records.values_list("id", flat=True))


def departures(merchant_id: int, member_ids: Sequence[UUID]) -> list[DepartureView]:
    """Every leaving of a person, the latest first."""
    rows = Departure.objects.of(merchant_id).filter(member_id__in=list(member_ids))
    return [
        DepartureView(row.left_at, row.channel, row.points, row.lapsed, row.rejoined_at)
        for row in rows.order_by("-left_at", "-id")
    ]


def refused(merchant_id: int, purpose: str) -> set[UUID]:
    """The members whose latest word on a purpose is no."""
    rows = (
        Consent.objects.of(merchant_id)
        .filter(purpose=purpose)
        .order_by("at", "id")
        .values_list("member_id", "granted")
    )
    return {member_id for member_id, granted in dict(rows).items() if not granted}


def agreed(merchant_id: int, purpose: str) -> set[UUID]:
    """Who carries on, of people whose latest word on a purpose, by any record, is yes."""
    rows = fetch_all(_WORDS_ON, {"merchant_id": merchant_id, "purpose": purpose})
    return {as_uuid(carrier) for carrier, granted in dict(rows).items() if granted}


def _whole(merchant: MerchantFacts, text: str) -> list[UUID]:
    region = phone_region(merchant.zone, merchant.locale)
    found = []
    for kind in ("phone", "email", "external", "card"):
        try:
            written = normalised(type=kind, value=text, region=region)
        except Invalid:
            continue
        holder = _holder(merchant.id, kind, written)
        if holder is not None:
            found.append(holder)
    return found


def _holder(merchant_id: int, kind: str, written: str) -> UUID | None:
    key = blind_index(merchant_id=merchant_id, type=kind, value=written)
    holder = (
        Identity.objects.of(merchant_id)
        .filter(type=kind, key=key)
        .values_list("member_id", flat=True)
        .first()
    )
    return None if holder is None else carrier_of(merchant_id, holder)
