"""What a merge does to the records of people: who carries on, names, identities, consents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from regulars.events.base import Event
from regulars.infra.crypto import seal
from regulars.infra.recording import Writes
from regulars.kernel.instants import parse_instant, show_instant
from regulars.modules.members import queries as members
from regulars.modules.members.services import record_consent
from regulars.modules.members.types import ACTIVE, MERGED, ConsentDraft
from regulars.modules.orders.settlement import Scope
from regulars.modules.tiers.types import Standing

from .gather import Record
from .moves import Side
from .recorder import IDENTITY_OWNER, MEMBER_CARRIER, MEMBER_FACTS
from .rules import withdrawn

_TABLE = "members_member"
_CHANNEL = "merge"


def side_of(record: Record, standing: Standing) -> Side:
    """What an undo needs to know of how somebody was."""
    return Side(record.status, show_instant(record.joined_at), standing)


def unite(writes: Writes, scope: Scope, into: Record, source: Record, kept: Side) -> None:
    """Let ``into`` carry on: since the earlier day, joined if either had, known by name if either
    was. ``kept`` learns what was given, so that it can be taken back."""
    name, birthday = into.name_sealed, into.birthday_sealed
    called = members.names(scope.merchant_id, [source.id]).get(source.id) if not name else None
    if called is not None:
        kept.kept_name = False
        name = _resealed(scope, into.id, "name", called)
    born = members.birthday(scope.merchant_id, source.id) if not birthday else None
    if born is not None:
        kept.kept_birthday = False
        birthday = _resealed(scope, into.id, "birthday", born.isoformat())
    status = ACTIVE if ACTIVE in (into.status, source.status) else into.status
    joined_at = min(into.joined_at, source.joined_at)
    row = (scope.merchant_id, into.id, status, name, birthday, joined_at, None)
    writes.add(MEMBER_FACTS, row)


def part(writes: Writes, scope: Scope, into: Record, before: Side, others: Sequence[Side]) -> None:
    """Take back from ``into`` what ``unite`` gave; ``others`` are merged into them still."""
    name = into.name_sealed if before.kept_name else ""
    birthday = into.birthday_sealed if before.kept_birthday else ""
    joined_at = min(parse_instant(side.joined_at) for side in (before, *others))
    status = ACTIVE if any(side.status == ACTIVE for side in (before, *others)) else before.status
    row = (scope.merchant_id, into.id, status, name, birthday, joined_at, None)
    writes.add(MEMBER_FACTS, row)


def carry_on(
    writes: Writes, scope: Scope, ids: Iterable[UUID], *, was: UUID | None, now: UUID
) -> None:
    """Records that went on as ``was`` go on as ``now``."""
    for own in ids:
        writes.add(MEMBER_CARRIER, (scope.merchant_id, own, _hex(now), MERGED, _hex(was)))


def stand_alone(writes: Writes, scope: Scope, own: UUID, *, was: UUID, status: str) -> None:
    writes.add(MEMBER_CARRIER, (scope.merchant_id, own, None, status, _hex(was)))


def _hex(member_id: UUID | None) -> str | None:
    """Both dialects read an id as its digits."""
    return member_id.hex if member_id else None


def hand_over(
    writes: Writes,
    scope: Scope,
    identities: Iterable[tuple[str, str]],
    *,
    was: UUID,
    now: UUID,
) -> None:
    """Identities that found ``was`` find ``now``."""
    for kind, key in identities:
        writes.add(IDENTITY_OWNER, (scope.merchant_id, kind, key, now, was))


def agree_to_less(
    scope: Scope, into: UUID, source: UUID
) -> tuple[list[tuple[str, str]], list[Event]]:
    """Withdraw what one of the two had refused; (purpose, text version) of each, and events."""
    agreed = {view.purpose: view for view in members.consents(scope.merchant_id, [into])}
    other = members.consents(scope.merchant_id, [source])
    purposes = withdrawn(
        {purpose: view.granted for purpose, view in agreed.items()},
        {view.purpose: view.granted for view in other},
    )
    taken = [(purpose, agreed[purpose].text_version) for purpose in purposes]
    return taken, [_consent(scope, into, one, granted=False) for one in taken]


def agree_again(scope: Scope, into: UUID, taken: Iterable[tuple[str, str]]) -> list[Event]:
    """Give back what a merge withdrew, where nobody has spoken since."""
    latest = {view.purpose: view for view in members.consents(scope.merchant_id, [into])}
    return [
        _consent(scope, into, one, granted=True)
        for one in taken
        if one[0] in latest and latest[one[0]].channel == _CHANNEL and not latest[one[0]].granted
    ]


def _consent(scope: Scope, member_id: UUID, what: tuple[str, str], *, granted: bool) -> Event:
    purpose, text_version = what
    return record_consent(
        merchant_id=scope.merchant_id,
        member_id=member_id,
        consent=ConsentDraft(purpose, granted, text_version, _CHANNEL),
        now=scope.now,
    )


def _resealed(scope: Scope, member_id: UUID, field: str, text: str) -> str:
    """Sealed text opens in its own row alone, so it is sealed anew for another."""
    return seal(
        merchant_id=scope.merchant_id,
        table=_TABLE,
        field=field,
        row_id=member_id.hex,
        text=text,
    )
