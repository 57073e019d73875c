"""Bringing people in by the thousand: read in sets, matched one by one, written as one unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.members import MemberEnrolled, MemberIdentified
from regulars.infra.crypto import blind_index, seal
from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Table, Update, Writes
from regulars.kernel.ids import new_id

from .enrolment import add_identity, add_member
from .matching import ConsentFact, IdentityKey, Match, Person, Told, match
from .services import consent_event
from .types import SHOPPER

CONSENT: Final = Table(
    "members_consent",
    "merchant_id",
    "id",
    "member_id",
    "purpose",
    "granted",
    "text_version",
    "channel",
    "campaign",
    "at",
)
#: What a row gives somebody who is known; whoever changed them meanwhile wins.
GIVEN: Final = Update(
    "members_member",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"status": "text", "name_sealed": "text", "birthday_sealed": "text"},
    adds={},
    seen={"status": "text", "name_sealed": "text", "birthday_sealed": "text"},
)
_HOLDERS: Final = Sql(
    "SELECT i.key, c.id, c.status, c.name_sealed, c.birthday_sealed "
    "FROM members_identity i JOIN members_member m "
    "ON m.merchant_id = i.merchant_id AND m.id = i.member_id JOIN members_member c "
    "ON c.merchant_id = m.merchant_id AND c.id = coalesce(m.merged_into, m.id) "
    f"WHERE i.merchant_id = :merchant_id AND i.type = :type AND {any_of('i.key', 'keys')}"
)
_TRAIL: Final = Sql(
    "SELECT member_id, purpose, granted, text_version, channel, campaign, at FROM members_consent "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')}"
)


@dataclass(frozen=True, slots=True)
class Brought:
    """Somebody as a list tells of them; identities are normalised."""

    identities: tuple[tuple[str, str], ...]
    name: str
    birthday: date | None
    joined_at: datetime | None
    joined: bool
    channel: str | None
    store: str | None
    locale: str
    consents: tuple[ConsentFact, ...]


@dataclass(slots=True)
class Given:
    """What a row gave, for whoever takes it back: identities and consents of its own, and the
    sealed texts it filled."""

    match: Match
    joined: bool
    consent_ids: list[UUID] = field(default_factory=list)
    filled: dict[str, str] = field(default_factory=dict)


class Bringing:
    """People of one merchant on their way in. ``remembers`` keeps who was matched from one piece
    to the next without anything written: the dry run."""

    def __init__(self, merchant_id: int, now: datetime, *, remembers: bool = False) -> None:
        self._merchant_id = merchant_id
        self._now = now
        self._remembers = remembers
        self._holders: dict[IdentityKey, Person] = {}
        self._known: dict[UUID, Person] = {}
        self._sealed: dict[UUID, tuple[str, str, str]] = {}

    def matched(self, rows: Sequence[Brought]) -> list[Match]:
        """Who each row is; reads in sets, writes nothing."""
        keys = [self._keys(row) for row in rows]
        self._gather(key for own in keys for key in own)
        return [
            match(_told(row, own), self._holders, new_id)
            for row, own in zip(rows, keys, strict=True)
        ]

    def bring(self, writes: Writes, rows: Sequence[Brought]) -> list[Given]:
        """Match the rows and add what they come to to ``writes``."""
        matches = self.matched(rows)
        given = [Given(one, row.joined) for one, row in zip(matches, rows, strict=True)]
        events: dict[UUID, list[Event]] = {}
        changes: dict[UUID, dict[str, str]] = {}
        created: dict[UUID, dict[str, Any]] = {}
        for row, gift in zip(rows, given, strict=True):
            if gift.match.person is not None and gift.match.outcome not in ("left", "repeated"):
                self._add(writes, row, gift, events, changes, created)
        for member_id, facts in created.items():
            add_member(
                writes,
                merchant_id=self._merchant_id,
                member_id=member_id,
                now=self._now,
                **facts,
            )
        for member_id, change in changes.items():
            was = self._sealed[member_id]
            will = (change.get("status", was[0]), change.get("name", was[1]),
                    change.get("birthday", was[2]))  # fmt: skip
            writes.add(GIVEN, (self._merchant_id, member_id, *will, *was))
        for member_id, told in events.items():
            row_ = outbox_row(
                merchant_id=self._merchant_id, aggregate=member_id.hex, events=told, at=self._now
            )
            writes.add(OUTBOX, row_)
        return given

    def _keys(self, row: Brought) -> tuple[IdentityKey, ...]:
        found = (
            (kind, blind_index(merchant_id=self._merchant_id, type=kind, value=value))
            for kind, value in row.identities
        )
        return tuple(dict.fromkeys(found))

    def _gather(self, keys: Iterable[IdentityKey]) -> None:
        if not self._remembers:
            self._holders, self._known, self._sealed = {}, {}, {}
        by_type: dict[str, list[str]] = {}
        for kind, key in keys:
            if (kind, key) not in self._holders:
                by_type.setdefault(kind, []).append(key)
        fresh: list[UUID] = []
        for kind, asked in by_type.items():
            params = {"merchant_id": self._merchant_id, "type": kind, "keys": asked}
            for key, id_, status, name, birthday in fetch_all(_HOLDERS, params):
                member_id = as_uuid(id_)
                if member_id not in self._known:
                    self._known[member_id] = Person(member_id, status, bool(name), bool(birthday))
                    self._sealed[member_id] = (status, name, birthday)
                    fresh.append(member_id)
                self._holders[kind, key] = self._known[member_id]
        for id_, *fact in fetch_all(_TRAIL, {"merchant_id": self._merchant_id, "ids": fresh}):
            purpose, granted, version, channel, campaign, at = fact
            instant = as_instant(at)
            assert instant is not None
            word = (purpose, bool(granted), version, channel, campaign, instant)
            self._known[as_uuid(id_)].consents.add(word)

    def _add(
        self,
        writes: Writes,
        row: Brought,
        gift: Given,
        events: dict[UUID, list[Event]],
        changes: dict[UUID, dict[str, str]],
        created: dict[UUID, dict[str, Any]],
    ) -> None:
        found, person = gift.match, gift.match.person
        assert person is not None
        told = events.setdefault(person.id, [])
        if found.outcome == "created":
            created[person.id] = self._facts(row, person)
            told.append(self._enrolled(row, person.id))
        else:
            change = self._complete(row, gift)
            if person.id in created:  # a later row of the same piece
                facts = created[person.id]
                facts["status"] = person.status
                facts["name"] = facts["name"] or row.name
                facts["birthday"] = facts["birthday"] or _day_text(row.birthday)
            if found.outcome == "promoted":
                change["status"] = person.status
                told.append(self._enrolled(row, person.id))
            if change and person.id in self._sealed:
                changes.setdefault(person.id, {}).update(change)
        self._identify(writes, row, gift, told)
        for word in found.consents:
            gift.consent_ids.append(new_id())
            self._agree(writes, person.id, gift.consent_ids[-1], word, told)
        if not told:
            del events[person.id]

    def _facts(self, row: Brought, person: Person) -> dict[str, Any]:
        return {
            "status": person.status,
            "joined_at": row.joined_at or self._now,
            "name": row.name,
            "birthday": _day_text(row.birthday),
            "channel": row.channel,
            "store": row.store,
            "locale": row.locale,
        }

    def _complete(self, row: Brought, gift: Given) -> dict[str, str]:
        """What a known person lacked, sealed for their own row."""
        person = gift.match.person
        assert person is not None
        texts = {"name": row.name if gift.match.named else ""}
        texts["birthday"] = _day_text(row.birthday) if gift.match.born else ""
        gift.filled = {
            name: seal(
                merchant_id=self._merchant_id,
                table="members_member",
                field=name,
                row_id=person.id.hex,
                text=text,
            )
            for name, text in texts.items()
            if text
        }
        return dict(gift.filled)

    def _identify(self, writes: Writes, row: Brought, gift: Given, told: list[Event]) -> None:
        values = dict(zip(self._keys(row), row.identities, strict=False))
        person = gift.match.person
        assert person is not None
        for kind, key in gift.match.keys:
            add_identity(
                writes,
                merchant_id=self._merchant_id,
                member_id=person.id,
                type=kind,
                value=values[kind, key][1],
                now=self._now,
                key=key,
            )
            if gift.match.outcome != "created":
                told.append(
                    MemberIdentified(
                        merchant_id=self._merchant_id,
                        happened_at=self._now,
                        member_id=person.id,
                        type=kind,
                    )
                )

    def _agree(
        self, writes: Writes, member_id: UUID, id_: UUID, word: ConsentFact, told: list[Event]
    ) -> None:
        purpose, granted, version, channel, campaign, at = word
        writes.add(
            CONSENT,
            (self._merchant_id, id_, member_id, purpose, granted, version, channel, campaign, at),
        )
        told.append(consent_event(self._merchant_id, member_id, purpose, granted, version, at))

    def _enrolled(self, row: Brought, member_id: UUID) -> Event:
        return MemberEnrolled(
            merchant_id=self._merchant_id,
            happened_at=row.joined_at or self._now,
            member_id=member_id,
            channel=row.channel,
            store=row.store,
        )


def _told(row: Brought, keys: tuple[IdentityKey, ...]) -> Told:
    return Told(keys, bool(row.name), row.birthday is not None, row.joined, row.consents)


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


def given_json(gift: Given) -> dict[str, Any]:
    """What taking a row back needs to know, in plain JSON."""
    told: dict[str, Any] = {}
    if gift.match.keys:
        told["identities"] = [list(key) for key in gift.match.keys]
    if gift.consent_ids:
        told["consents"] = [id_.hex for id_ in gift.consent_ids]
    if gift.match.outcome == "promoted":
        told["status"] = SHOPPER
    if gift.match.outcome in ("created", "promoted") and gift.joined:
        told["joined"] = True
    return {**told, **gift.filled}
