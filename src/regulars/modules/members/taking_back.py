"""Taking back what a list of people had brought: who has nothing else goes, the others give up
what the list gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.members import MemberRemoved
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Delete, Writes
from regulars.kernel.ids import new_id

from .bringing import CONSENT, GIVEN
from .models import Consent, Identity, Member
from .services import consent_event
from .types import ACTIVE

_CHANNEL: Final = "import_undone"
_IDENTITY: Final = Delete(
    "members_identity",
    key={"merchant_id": "bigint", "type": "text", "key": "text"},
    seen={"member_id": "uuid"},
)
_MEMBER: Final = Delete(
    "members_member",
    key={"merchant_id": "bigint", "id": "uuid"},
    seen={"status": "text", "name_sealed": "text", "birthday_sealed": "text"},
)
_CONSENT: Final = Delete(
    "members_consent", key={"merchant_id": "bigint", "id": "uuid"}, seen={"member_id": "uuid"}
)


@dataclass(slots=True)
class Taken:
    """What a list gave one member: all rows that meant them, together. ``created``: the list
    brought them in the first place."""

    member_id: UUID
    created: bool = False
    given: list[Mapping[str, Any]] = field(default_factory=list)


def take_back(
    writes: Writes,
    merchant_id: int,
    taken: Sequence[Taken],
    *,
    settled: Iterable[UUID],
    now: datetime,
) -> int:
    """Add to ``writes`` what takes back what ``taken`` got; how many records go altogether.

    Whoever is among ``settled`` (has bought, holds points, was merged) stays. Consents that the
    list told are withdrawn where nobody has spoken since: what was once on record stays on record.
    """
    ids = [one.member_id for one in taken]
    people = {row.id: row for row in Member.objects.of(merchant_id).filter(id__in=ids)}
    held: dict[UUID, dict[tuple[str, str], Identity]] = {}
    for identity in Identity.objects.of(merchant_id).filter(member_id__in=ids):
        own = held.setdefault(identity.member_id, {})
        own[identity.type, identity.key] = identity
    words: dict[UUID, list[Consent]] = {}
    for word in Consent.objects.of(merchant_id).filter(member_id__in=ids).order_by("at", "id"):
        words.setdefault(word.member_id, []).append(word)
    stays, removed = set(settled), 0
    for one in taken:
        row = people.get(one.member_id)
        if row is None or row.merged_into is not None:
            continue
        own, said = held.get(row.id, {}), words.get(row.id, [])
        brought = {tuple(key) for given in one.given for key in given.get("identities", ())}
        told = {id_ for given in one.given for id_ in given.get("consents", ())}
        alone = set(own) <= brought and all(word.id.hex in told for word in said)
        if one.created and alone and row.id not in stays and _unchanged(row, one):
            _remove(writes, row, own, said, now)
            removed += 1
        else:
            _lessen(writes, row, one, brought & set(own), told, said, now)
    return removed


def _unchanged(row: Member, one: Taken) -> bool:
    """Whether the record is as the list left it: a shopper who joined since stays."""
    return row.birthday_changed_on is None and (
        row.status != ACTIVE or any(given.get("joined") for given in one.given)
    )


def _remove(
    writes: Writes,
    row: Member,
    own: Mapping[tuple[str, str], Identity],
    said: Sequence[Consent],
    now: datetime,
) -> None:
    for kind, key in own:
        writes.add(_IDENTITY, (row.merchant_id, kind, key, row.id))
    for word in said:
        writes.add(_CONSENT, (row.merchant_id, word.id, row.id))
    was = (row.status, row.name_sealed, row.birthday_sealed)
    writes.add(_MEMBER, (row.merchant_id, row.id, *was))
    _tell(writes, row, [MemberRemoved(
        merchant_id=row.merchant_id, happened_at=now, member_id=row.id)], now)  # fmt: skip


def _lessen(
    writes: Writes,
    row: Member,
    one: Taken,
    brought: Iterable[tuple[str, str]],
    told: set[str],
    said: Sequence[Consent],
    now: datetime,
) -> None:
    if not one.created:  # whoever stays stays to be found
        for kind, key in brought:
            writes.add(_IDENTITY, (row.merchant_id, kind, key, row.id))
        _restore(writes, row, one)
    latest = {word.purpose: word for word in said}
    events: list[Event] = []
    for word in latest.values():
        if word.id.hex in told and word.granted:
            facts = (word.purpose, False, word.text_version, _CHANNEL, "", now)
            writes.add(CONSENT, (row.merchant_id, new_id(), row.id, *facts))
            events.append(
                consent_event(row.merchant_id, row.id, word.purpose, False, word.text_version, now)
            )
    if events:
        _tell(writes, row, events, now)


def _restore(writes: Writes, row: Member, one: Taken) -> None:
    """What was filled and nobody has changed since is empty again, and who was made a member by
    the list is a shopper again."""
    was = (row.status, row.name_sealed, row.birthday_sealed)
    status, name, birthday = was
    for given in one.given:
        status = given["status"] if given.get("status") and status == ACTIVE else status
        name = "" if name and name == given.get("name") else name
        birthday = "" if birthday and birthday == given.get("birthday") else birthday
    if (status, name, birthday) != was:
        writes.add(GIVEN, (row.merchant_id, row.id, status, name, birthday, *was))


def _tell(writes: Writes, row: Member, events: Sequence[Event], now: datetime) -> None:
    writes.add(
        OUTBOX,
        outbox_row(merchant_id=row.merchant_id, aggregate=row.id.hex, events=events, at=now),
    )
