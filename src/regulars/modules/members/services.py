"""Writes of members: joining, and what they agree to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.events.members import (
    ConsentGranted,
    ConsentWithdrawn,
    MemberEnrolled,
    MemberIdentified,
    MemberLeft,
    MemberRejoined,
)
from regulars.infra import outbox
from regulars.infra.crypto import blind_index, seal
from regulars.infra.db import LostRace
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.recording import Writes
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.ids import new_id

from . import queries
from .enrolment import add_identity, add_member, members_by_keys
from .errors import IdentityConflict
from .models import Consent, Departure, Member
from .rules import normalised, phone_region
from .types import ACTIVE, LEFT, MERGED, SHOPPER, ConsentDraft, Enrolment

#: How far a shop's clock may run ahead of ours.
_LEAVING: Final = "leaving"
_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who it is now, whether they are new, and what that changed."""

    member_id: UUID
    created: bool
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """An identity in its one spelling, with its blind index."""

    type: str
    value: str
    key: str


@transaction.atomic
def enrol(*, merchant: MerchantFacts, wanted: Enrolment, now: datetime) -> Enrolled:
    """Make somebody a member, or find the member who holds an identity of theirs.

    A found member keeps what is known and gains the identities nobody held; a shopper whom an
    order brought becomes a member, and who left comes back. Two at once with one identity: one
    wins, the other is told to try again by IntegrityError. Raises Invalid, IdentityConflict.
    """
    _check(wanted, now)
    known = _normalised(merchant, wanted)
    holders = _holders(merchant.id, known)
    people = {queries.carrier_of(merchant.id, holder) for holder in holders.values()}
    if len(people) > 1:
        raise IdentityConflict

    writes = Writes()
    created = not people
    came_back: list[Event] = []
    if created:
        member_id = new_id()
        events = _join(writes, merchant.id, member_id, wanted, now)
    else:
        (member_id,) = people
        came_back = rejoin(merchant_id=merchant.id, member_id=member_id, now=now)
        events = came_back or _promote(merchant.id, member_id, wanted, now)
    events += _identify(writes, merchant.id, member_id, known, holders, now, told=not created)
    writes.record()
    for consent in wanted.consents:
        events.append(_consent(merchant.id, member_id, consent, now))

    outbox.publish(aggregate=member_id.hex, events=events, at=now)
    return Enrolled(member_id, created, tuple(events))


@transaction.atomic
def record_consent(
    *, merchant_id: int, member_id: UUID, consent: ConsentDraft, now: datetime
) -> Event:
    """Keep a yes or no to a purpose as it was given; the latest counts. Raises NotFound."""
    carrier = queries.carrier_of(merchant_id, member_id)
    event = _consent(merchant_id, carrier, consent, now)
    outbox.publish(aggregate=carrier.hex, events=[event], at=now)
    return event


@transaction.atomic
def rejoin(*, merchant_id: int, member_id: UUID, now: datetime) -> list[Event]:
    """Let somebody who left be a member again, with all they had; no events where they had not.

    The record, its first joining and its orders are the same ones, so that whatever is given for a
    first time is not given again. Announced by the caller.
    """
    back = Member.objects.of(merchant_id).filter(id=member_id, status=LEFT)
    if not back.update(status=ACTIVE):
        return []
    Departure.objects.of(merchant_id).filter(member_id=member_id, rejoined_at=None).update(
        rejoined_at=now
    )
    return [MemberRejoined(merchant_id=merchant_id, happened_at=now, member_id=member_id)]


@transaction.atomic
def depart(
    *, merchant_id: int, member_id: UUID, channel: str, points: str, lapsed: int, now: datetime
) -> list[Event]:
    """End a membership: every consent is withdrawn, the record stays. No events where they had
    left before. Announced by the caller. Raises NotFound."""
    carrier = queries.carrier_of(merchant_id, member_id)
    row = Member.objects.of(merchant_id).get(id=carrier)
    stays = Member.objects.of(merchant_id).filter(id=carrier, status=row.status)
    if row.status == LEFT:
        return []
    if not stays.exclude(status=MERGED).update(status=LEFT):
        raise LostRace
    Departure.objects.of(merchant_id).create(
        merchant_id=merchant_id,
        id=new_id(),
        member_id=carrier,
        was=row.status,
        left_at=now,
        channel=channel,
        points=points,
        lapsed=lapsed,
    )
    events: list[Event] = [
        MemberLeft(
            merchant_id=merchant_id,
            happened_at=now,
            member_id=carrier,
            channel=channel,
            points=points,
            lapsed_points=lapsed,
        )
    ]
    for view in queries.consents(merchant_id, [carrier]):
        if view.granted:
            no = ConsentDraft(view.purpose, False, view.text_version, channel=_LEAVING)
            events.append(_consent(merchant_id, carrier, no, now))
    return events


def _check(wanted: Enrolment, now: datetime) -> None:
    faults = []
    if wanted.joined_at is not None and wanted.joined_at > now + _SKEW:
        faults.append(FieldError("/joined_at", "in_the_future", "Nobody has joined yet then."))
    if wanted.birthday is not None and wanted.birthday > now.date() + timedelta(days=1):
        faults.append(FieldError("/birthday", "in_the_future", "Give a day in the past."))
    seen = set()
    for number, identity in enumerate(wanted.identities):
        if (identity.type, identity.value) in seen:
            faults.append(FieldError(f"/identities/{number}", "repeated", "Send it once."))
        seen.add((identity.type, identity.value))
    if faults:
        raise Invalid(faults[0].detail, errors=faults)


def _normalised(merchant: MerchantFacts, wanted: Enrolment) -> list[_Known]:
    region = phone_region(merchant.zone, merchant.locale)
    found: dict[tuple[str, str], _Known] = {}
    for number, identity in enumerate(wanted.identities):
        value = normalised(
            type=identity.type,
            value=identity.value,
            region=region,
            pointer=f"/identities/{number}",
        )
        key = blind_index(merchant_id=merchant.id, type=identity.type, value=value)
        found[identity.type, key] = _Known(identity.type, value, key)
    return list(found.values())


def _holders(merchant_id: int, known: list[_Known]) -> dict[tuple[str, str], UUID]:
    found: dict[tuple[str, str], UUID] = {}
    for kind in {identity.type for identity in known}:
        keys = [identity.key for identity in known if identity.type == kind]
        for key, holder in members_by_keys(merchant_id, kind, keys).items():
            found[kind, key] = holder
    return found


def _join(
    writes: Writes, merchant_id: int, member_id: UUID, wanted: Enrolment, now: datetime
) -> list[Event]:
    joined_at = min(wanted.joined_at or now, now)
    add_member(
        writes,
        merchant_id=merchant_id,
        member_id=member_id,
        status=ACTIVE,
        joined_at=joined_at,
        now=now,
        name=wanted.name,
        birthday=_day_text(wanted.birthday),
        channel=wanted.channel,
        store=wanted.store,
        locale=wanted.locale,
    )
    return [
        MemberEnrolled(
            merchant_id=merchant_id,
            happened_at=joined_at,
            member_id=member_id,
            channel=wanted.channel,
            store=wanted.store,
        )
    ]


def _promote(merchant_id: int, member_id: UUID, wanted: Enrolment, now: datetime) -> list[Event]:
    """A shopper who joins brings name and birthday; a member's are left alone."""
    row_id = member_id.hex
    promoted = (
        Member.objects.of(merchant_id)
        .filter(id=member_id, status=SHOPPER)
        .update(
            status=ACTIVE,
            name_sealed=seal(
                merchant_id=merchant_id,
                table="members_member",
                field="name",
                row_id=row_id,
                text=wanted.name,
            ),
            birthday_sealed=seal(
                merchant_id=merchant_id,
                table="members_member",
                field="birthday",
                row_id=row_id,
                text=_day_text(wanted.birthday),
            ),
        )
    )
    if not promoted:
        return []
    return [
        MemberEnrolled(
            merchant_id=merchant_id,
            happened_at=now,
            member_id=member_id,
            channel=wanted.channel,
            store=wanted.store,
        )
    ]


def _identify(
    writes: Writes,
    merchant_id: int,
    member_id: UUID,
    known: list[_Known],
    holders: dict[tuple[str, str], UUID],
    now: datetime,
    *,
    told: bool,
) -> list[Event]:
    events: list[Event] = []
    for identity in known:
        if (identity.type, identity.key) in holders:
            continue
        add_identity(
            writes,
            merchant_id=merchant_id,
            member_id=member_id,
            type=identity.type,
            value=identity.value,
            now=now,
            key=identity.key,
        )
        if told:
            events.append(
                MemberIdentified(
                    merchant_id=merchant_id,
                    happened_at=now,
                    member_id=member_id,
                    type=identity.type,
                )
            )
    return events


def _consent(merchant_id: int, member_id: UUID, consent: ConsentDraft, now: datetime) -> Event:
    Consent.objects.of(merchant_id).create(
        merchant_id=merchant_id,
        id=new_id(),
        member_id=member_id,
        purpose=consent.purpose,
        granted=consent.granted,
        text_version=consent.text_version,
        channel=consent.channel,
        campaign=consent.campaign,
        at=now,
    )
    return consent_event(
        merchant_id, member_id, consent.purpose, consent.granted, consent.text_version, now
    )


def consent_event(
    merchant_id: int,
    member_id: UUID,
    purpose: str,
    granted: bool,
    text_version: str,
    at: datetime,
) -> Event:
    """What a yes or no announces."""
    kind = ConsentGranted if granted else ConsentWithdrawn
    return kind(
        merchant_id=merchant_id,
        happened_at=at,
        member_id=member_id,
        purpose=purpose,
        text_version=text_version,
    )


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""
