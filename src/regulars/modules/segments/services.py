"""Writes of segments: rules, lists, freezing. Each in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.segments import SegmentChanged
from regulars.infra import outbox
from regulars.infra.db import Sql, any_of, as_uuid, fetch_all
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id

from . import recorder
from .errors import CodeTaken, Frozen, InUse, NotAList, NotARule, TooManySegments
from .gather import segments as live_segments
from .models import Entry, Membership, Segment
from .rules import compiled
from .settling import same_for, settle
from .sweeping import begin_build
from .types import Cause

MOST_SEGMENTS: Final = 200
#: An address of the API, so no segment can be called that.
RESERVED: Final = frozenset({"preview"})
_AGGREGATE: Final = "segments"
_CARRIERS: Final = Sql(
    f"SELECT id FROM members_member WHERE merchant_id = :merchant_id AND {any_of('id')}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A segment as it is asked for: with a rule, or as a list of members."""

    code: str
    name: str
    rule: Mapping[str, Any] | None = None
    members: Sequence[UUID] = ()
    exclusion: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What a write of a segment did."""

    code: str
    events: Sequence[Event] = field(default=())


def create(merchant: MerchantFacts, draft: Draft, *, by: str, now: datetime) -> Written:
    """Make a segment. One with a rule is built by the jobs, a list at once.

    Raises Invalid, CodeTaken, TooManySegments.
    """
    _check(draft)
    check_rule(merchant.id, draft.rule)
    recorder.alone(merchant.id)
    rows = Segment.objects.of(merchant.id)
    if rows.filter(code=draft.code).exists():
        raise CodeTaken
    if rows.count() >= MOST_SEGMENTS:
        raise TooManySegments(f"A merchant has at most {MOST_SEGMENTS} segments; delete one.")
    kind = "list" if draft.rule is None else "rule"
    segment = Segment(
        merchant_id=merchant.id,
        id=new_id(),
        code=draft.code,
        name=draft.name,
        kind=kind,
        exclusion=draft.exclusion and kind == "list",
        rule=None if draft.rule is None else recorder.written(draft.rule),
        status="live",
        created_at=now,
        created_by=by,
        changed_at=now,
    )
    if kind == "rule":
        begin_build(segment)
    segment.save(force_insert=True)
    told = _tell(merchant.id, draft.code, "created", now)
    if kind == "list":
        told = [*told, *_put(merchant, segment, draft.members, (), by=by, now=now)]
    return Written(draft.code, told)


def change(
    merchant: MerchantFacts,
    code: str,
    *,
    name: str | None = None,
    rule: Mapping[str, Any] | None = None,
    now: datetime,
) -> Written:
    """Give a segment another name or rule; another rule is asked of everybody by the jobs.

    Raises NotFound, Invalid, NotARule, Frozen.
    """
    if rule is not None:
        check_rule(merchant.id, rule)
    segment = _own(merchant.id, code)
    if name is not None:
        segment.name = name
    if rule is not None:
        if segment.kind != "rule":
            raise NotARule
        if segment.status == "frozen":
            raise Frozen
        segment.rule = recorder.written(rule)
        segment.version += 1
        begin_build(segment)
    segment.changed_at = now
    segment.save()
    return Written(code, _tell(merchant.id, code, "changed", now))


def freeze(merchant: MerchantFacts, code: str, *, now: datetime) -> Written:
    """Keep the members that a segment has, whatever happens. Raises NotFound, Frozen."""
    segment = _own(merchant.id, code)
    if segment.status == "frozen":
        raise Frozen("It is frozen already.")
    segment.status, segment.frozen_at, segment.changed_at = "frozen", now, now
    segment.building = False
    segment.version += 1
    segment.save()
    return Written(code, _tell(merchant.id, code, "frozen", now))


def let_go(merchant: MerchantFacts, code: str, *, now: datetime) -> Written:
    """Let a frozen segment follow again: everybody is asked anew. Raises NotFound."""
    segment = _own(merchant.id, code)
    if segment.status != "frozen":
        return Written(code)
    segment.status, segment.frozen_at, segment.changed_at = "live", None, now
    segment.version += 1
    begin_build(segment)
    segment.save()
    return Written(code, _tell(merchant.id, code, "let_go", now))


def delete(merchant: MerchantFacts, code: str, *, now: datetime) -> Written:
    """Remove a segment and who was in it. Raises NotFound, InUse."""
    segment = _own(merchant.id, code)
    for other in live_segments(merchant.id):
        if other.rule is not None and code in other.rule.lists:
            raise InUse(f"The rule of {other.code} names it.")
    own = {"segment_id": segment.id}
    Membership.objects.of(merchant.id).filter(**own).delete()
    entries = Entry.objects.of(merchant.id).filter(**own)
    ids = list(entries.values_list("member_id", flat=True))
    entries.delete()
    Segment.objects.of(merchant.id).filter(id=segment.id).delete()
    cause = Cause("segment.changed", code, now)
    for member_id in ids:
        recorder.mark(merchant.id, member_id.hex, "lists", cause)
    return Written(code, _tell(merchant.id, code, "deleted", now))


def put_on_list(
    merchant: MerchantFacts,
    code: str,
    *,
    add: Sequence[UUID],
    remove: Sequence[UUID],
    by: str,
    now: datetime,
) -> Written:
    """Put members on a list and take others off; who stands there already stays.

    A member is taken off with all records that are them. Raises NotFound, NotAList, Frozen, and
    Invalid where there is no such member.
    """
    segment = _own(merchant.id, code)
    if segment.kind != "list":
        raise NotAList
    if segment.status == "frozen":
        raise Frozen
    return Written(code, _put(merchant, segment, add, remove, by=by, now=now))


def _check(draft: Draft) -> None:
    if draft.code in RESERVED:
        detail = "An address has this name; choose another code."
        raise Invalid(detail, errors=[FieldError("/code", "reserved", detail)])
    if draft.rule is not None and draft.members:
        detail = "A rule decides who is in; leave the members out."
        raise Invalid(detail, errors=[FieldError("/members", "not_with_a_rule", detail)])


def check_rule(merchant_id: int, rule: Mapping[str, Any] | None) -> None:
    """Raises Invalid for a rule that does not hold together or names a list that is not there."""
    if rule is None:
        return
    named = compiled(rule).lists
    if not named:
        return
    known = set(Segment.objects.of(merchant_id).filter(kind="list").values_list("code", flat=True))
    missing = sorted(named - known)
    if missing:
        detail = f"There is no list {missing[0]!r}."
        raise Invalid(detail, errors=[FieldError("/rule", "unknown_list", detail)])


def _put(
    merchant: MerchantFacts,
    segment: Segment,
    add: Sequence[UUID],
    remove: Sequence[UUID],
    *,
    by: str,
    now: datetime,
) -> Sequence[Event]:
    _require(merchant.id, add, "/add")
    _require(merchant.id, remove, "/remove")
    entries = Entry.objects.of(merchant.id).filter(segment_id=segment.id)
    leaving = _circle(merchant.id, remove)
    entries.filter(member_id__in=leaving).delete()
    known = set(entries.filter(member_id__in=list(add)).values_list("member_id", flat=True))
    Entry.plain.bulk_create(
        Entry(
            merchant_id=merchant.id,
            member_id=member_id,
            segment_id=segment.id,
            added_at=now,
            added_by=by,
        )
        for member_id in dict.fromkeys(add)
        if member_id not in known
    )
    return reread(
        merchant, {*add, *leaving}, "lists", Cause("segment.changed", segment.code, now), now
    )


def reread(
    merchant: MerchantFacts, records: Iterable[UUID], part: Any, cause: Cause, now: datetime
) -> Sequence[Event]:
    """Settle some records at once for a part that segments knows itself; of whom nothing is known
    yet is left to the jobs. The caller holds the transaction and ``recorder.alone``."""
    wanted = same_for(records, [part], cause)
    known, unknown = _split(merchant.id, wanted)
    for member_id in unknown:
        recorder.mark(merchant.id, member_id.hex, "everything", cause)
    return settle(merchant, {one: wanted[one] for one in known}, now, because=cause.topic).events


_KNOWN: Final = Sql(
    "SELECT m.id, f.member_id FROM members_member m LEFT JOIN segments_memberfacts f "
    "ON f.merchant_id = m.merchant_id AND f.member_id = coalesce(m.merged_into, m.id) "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('m.id')}"
)
_CIRCLE: Final = Sql(
    "SELECT o.id FROM members_member m JOIN members_member o ON o.merchant_id = m.merchant_id "
    "AND (o.id = coalesce(m.merged_into, m.id) OR o.merged_into = coalesce(m.merged_into, m.id)) "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('m.id')}"
)


def _split(merchant_id: int, records: Iterable[UUID]) -> tuple[list[UUID], list[UUID]]:
    rows = fetch_all(_KNOWN, {"merchant_id": merchant_id, "ids": list(records)})
    known = [as_uuid(own) for own, facts in rows if facts is not None]
    return known, [as_uuid(own) for own, facts in rows if facts is None]


def _circle(merchant_id: int, records: Sequence[UUID]) -> set[UUID]:
    """All records that are one person with one of these."""
    if not records:
        return set()
    rows = fetch_all(_CIRCLE, {"merchant_id": merchant_id, "ids": list(records)})
    return {as_uuid(row[0]) for row in rows}


def _require(merchant_id: int, records: Sequence[UUID], pointer: str) -> None:
    rows = fetch_all(_CARRIERS, {"merchant_id": merchant_id, "ids": list(records)})
    there = {as_uuid(row[0]) for row in rows}
    faults = [
        FieldError(f"{pointer}/{number}", "unknown_member", "There is no such member.")
        for number, record in enumerate(records)
        if record not in there
    ]
    if faults:
        raise Invalid("Some of these are no members.", errors=faults[:20])


def _own(merchant_id: int, code: str) -> Segment:
    """The row of a segment that nobody else changes until the transaction ends."""
    recorder.alone(merchant_id)
    segment = Segment.objects.of(merchant_id).filter(code=code).first()
    if segment is None:
        raise NotFound
    return segment


def _tell(merchant_id: int, code: str, what: str, now: datetime) -> list[Event]:
    event = SegmentChanged(merchant_id=merchant_id, happened_at=now, segment=code, change=what)
    outbox.publish(aggregate=_AGGREGATE, events=[event], at=now)
    return [event]
