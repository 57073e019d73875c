"""Reads of segments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, fetch_one
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.kernel.instants import parse_instant
from regulars.kernel.periods import program_day
from regulars.modules.members.lookup import circle_of
from regulars.modules.members.queries import carrier_of
from regulars.modules.merchants.queries import merchant_of_id

from .facts import FACTS
from .gather import SEGMENTS_OF_WHO, known_of, segments_of_row
from .models import Segment, Tag
from .types import DueItem, Membership, SegmentView, TagView, Told

_OF_MEMBER: Final = Sql(
    "WITH who AS (SELECT coalesce(m.merged_into, m.id) AS carrier FROM members_member m "
    f"WHERE m.merchant_id = :merchant_id AND m.id = :member_id) SELECT {SEGMENTS_OF_WHO}"
)
_SEGMENTS: Final = (
    "SELECT s.id, s.code, s.name, s.kind, s.exclusion, s.rule, s.status, "
    "(SELECT count(*) FROM segments_membership m WHERE m.merchant_id = s.merchant_id "
    "AND m.segment_id = s.id), s.frozen_at, s.building, s.built, s.to_build, s.created_at, "
    "s.created_by, s.changed_at FROM segments_segment s WHERE s.merchant_id = :merchant_id"
)
_ALL: Final = Sql(f"{_SEGMENTS} ORDER BY s.code")
_ONE: Final = Sql(f"{_SEGMENTS} AND s.code = :code")
#: The oldest thing that happened and is not yet read: a mark, or an event still to be told.
_WAITING: Final = Sql(
    """SELECT (SELECT min(k.at) FROM segments_mark k WHERE k.merchant_id = :merchant_id),
  (SELECT min(w.at) FROM infra_outboxrow w
     WHERE w.relayed_at IS NULL AND w.merchant_id = :merchant_id)"""
)
_MEMBERS: Final = Sql(
    "SELECT member_id, since FROM segments_membership WHERE merchant_id = :merchant_id "
    "AND segment_id = :segment_id AND member_id > :after ORDER BY member_id LIMIT :most"
)
_AMONG: Final = Sql(
    "SELECT DISTINCT m.member_id FROM segments_membership m JOIN segments_segment s "
    "ON s.merchant_id = m.merchant_id AND s.id = m.segment_id "
    f"WHERE m.merchant_id = :merchant_id AND {any_of('s.code', 'codes')} ORDER BY m.member_id"
)
_SWEEP: Final = Sql(
    "SELECT running, done, next_at FROM segments_sweep "
    "WHERE merchant_id = :merchant_id AND number = 1"
)
_FIRST: Final = UUID(int=0)
_PAGE: Final = 1_000


def segments_of(merchant_id: int, member_id: UUID, now: datetime | None = None) -> frozenset[str]:
    """The codes of the segments a member is in as of ``now`` (the merchant's clock where it is
    left out), right whether or not the jobs ran. Nobody who is not known is in any."""
    merchant = merchant_of_id(merchant_id)
    at = now or now_for(merchant)
    row = fetch_one(_OF_MEMBER, {"merchant_id": merchant_id, "member_id": member_id, "now": at})
    today = program_day(at, ZoneInfo(merchant.zone))
    return segments_of_row(merchant_id, row[0] if row else None, today)


def segments(merchant_id: int, now: datetime) -> list[SegmentView]:
    """Every segment by code, with how many are in it."""
    as_of = right_as_of(merchant_id, now)
    return [_view(row, as_of) for row in fetch_all(_ALL, {"merchant_id": merchant_id})]


def segment(merchant_id: int, code: str, now: datetime) -> SegmentView:
    """Raises NotFound."""
    row = fetch_one(_ONE, {"merchant_id": merchant_id, "code": code})
    if row is None:
        raise NotFound
    return _view(row, right_as_of(merchant_id, now))


def right_as_of(merchant_id: int, now: datetime) -> datetime:
    """The instant as of which live segments are right: now, unless something waits to be read."""
    row = fetch_one(_WAITING, {"merchant_id": merchant_id})
    assert row is not None
    return min([now, *(at for at in map(as_instant, row) if at is not None)])


def reading_everybody(merchant_id: int, now: datetime) -> int | None:
    """How many records were read, while everybody is read (or is about to be: a merchant whom
    segments never saw); None where nobody is."""
    row = fetch_one(_SWEEP, {"merchant_id": merchant_id})
    if row is None:
        return 0
    running, done, next_at = row
    due_at = as_instant(next_at)
    if running:
        return int(done)
    return 0 if due_at is not None and due_at <= now else None


def members_of(
    merchant_id: int, segment_id: UUID, *, after: UUID | None = None, most: int
) -> list[Membership]:
    """Members of a segment in the order of their ids."""
    params = {
        "merchant_id": merchant_id,
        "segment_id": segment_id,
        "after": after or _FIRST,
        "most": most,
    }
    found = []
    for member_id, since in fetch_all(_MEMBERS, params):
        at = as_instant(since)
        assert at is not None
        found.append(Membership(as_uuid(member_id), at))
    return found


def all_members_of(merchant_id: int, segment_id: UUID) -> Iterator[list[Membership]]:
    """All members of a segment, a page at a time."""
    after: UUID | None = None
    while rows := members_of(merchant_id, segment_id, after=after, most=_PAGE):
        yield rows
        after = rows[-1].member_id


def members_among(merchant_id: int, codes: Sequence[str]) -> list[UUID]:
    """Who is in any of some segments, in the order of their ids."""
    rows = fetch_all(_AMONG, {"merchant_id": merchant_id, "codes": list(codes)})
    return [as_uuid(row[0]) for row in rows]


def is_building(merchant_id: int, codes: Sequence[str]) -> bool:
    """Whether one of some segments is still being asked of everybody."""
    rows = Segment.objects.of(merchant_id).filter(code__in=list(codes), building=True)
    return rows.exists()


def tags_of(merchant_id: int, member_id: UUID) -> list[TagView]:
    """The tags of a person, over all their records, by word. Raises NotFound."""
    ids = circle_of(merchant_id, member_id).ids
    rows = Tag.objects.of(merchant_id).filter(member_id__in=ids).order_by("tag", "at")
    latest = {row.tag: TagView(row.tag, row.why, row.by, row.at) for row in rows}
    return list(latest.values())


def facts_of(merchant: MerchantFacts, member_id: UUID, now: datetime) -> list[Told]:
    """What is known of a member, fact by fact, with where each comes from. Raises NotFound."""
    carrier = carrier_of(merchant.id, member_id)
    known = known_of(merchant.id, [carrier]).get(carrier)
    if known is None:
        return []
    today = program_day(now, ZoneInfo(merchant.zone)).toordinal()
    told = []
    for fact in FACTS.values():
        cause: Sequence[str] = known.causes.get(fact.part, ("", "", "", ""))
        topic, about, happened_at, as_of = cause
        told.append(
            Told(
                name=fact.name,
                kind=fact.kind,
                value=_shown(fact.kind, fact.read(known.facts, today)),
                part=fact.part,
                cause=topic,
                about=about,
                happened_at=parse_instant(happened_at) if happened_at else None,
                as_of=parse_instant(as_of) if as_of else None,
            )
        )
    return told


_WORDS: Final = Sql(
    "SELECT DISTINCT tag FROM segments_tag WHERE merchant_id = :merchant_id ORDER BY tag LIMIT 500"
)
_LISTS: Final = Sql(
    "SELECT code FROM segments_segment WHERE merchant_id = :merchant_id AND kind = 'list' "
    "ORDER BY code"
)


def words(merchant_id: int) -> tuple[list[str], list[str]]:
    """The tags that are in use, and the lists there are."""
    params = {"merchant_id": merchant_id}
    return (
        [row[0] for row in fetch_all(_WORDS, params)],
        [row[0] for row in fetch_all(_LISTS, params)],
    )


def _shown(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind in ("day", "coming_day"):
        return date.fromordinal(value)
    if kind == "due":
        return tuple(
            DueItem(item, chance, date.fromordinal(day[0]) if day else None)
            for item, (chance, *day) in sorted(value.items(), key=lambda one: (-one[1][0], one[0]))
        )
    return tuple(value) if kind == "set" else value


def _view(row: Sequence[Any], as_of: datetime) -> SegmentView:
    id_, code, name, kind, exclusion, rule, status, members, frozen_at, building, *rest = row
    built, to_build, created_at, created_by, changed_at = rest
    created, changed, frozen = map(as_instant, (created_at, changed_at, frozen_at))
    assert created is not None
    assert changed is not None
    return SegmentView(
        id=as_uuid(id_),
        code=code,
        name=name,
        kind=kind,
        exclusion=bool(exclusion),
        rule=json.loads(rule) if rule else None,
        status=status,
        members=members,
        as_of=frozen or as_of,
        building=bool(building),
        built=built,
        to_build=to_build,
        created_at=created,
        created_by=created_by,
        changed_at=changed,
    )
