"""Segments as they come in and go out, the same for every audience."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from regulars.infra.http.answers import id_after
from regulars.infra.http.fields import (
    Day,
    ExternalId,
    FreeJson,
    Instant,
    MemberId,
    PageQuery,
    ShortText,
    Strict,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members import queries as members
from regulars.modules.members.rules import member_number
from regulars.modules.members.types import IdentityType
from regulars.modules.segments import queries
from regulars.modules.segments.facts import FACTS
from regulars.modules.segments.handing import handovers
from regulars.modules.segments.preview import preview
from regulars.modules.segments.rules import compiled, operators_of
from regulars.modules.segments.types import (
    FORECAST_PARTS,
    DueItem,
    FactKind,
    SegmentView,
    Told,
)

CODE: Final = "^[a-z0-9][a-z0-9_-]{0,39}$"
MOST_ENTRIES: Final = 1_000

SegmentCode = Annotated[str, Field(pattern=CODE)]
Rule = Annotated[
    FreeJson,
    Field(
        description="A tree: {all: [...]}, {any: [...]}, {not: ...}, or {fact, op, value}",
        examples=[{"all": [{"fact": "orders", "op": ">=", "value": 2}]}],
    ),
]


class RuleIn(Strict):
    rule: Rule


class SegmentIn(Strict):
    code: SegmentCode
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    rule: Annotated[Rule, Field(description="Left out for a list")] = None
    members: Annotated[list[MemberId], Field(max_length=MOST_ENTRIES, default_factory=list)]
    exclusion: Annotated[bool, Field(description="A list of whom others leave out")] = False


class SegmentChangeIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=100)] | None = None
    rule: Rule = None


class EntriesIn(Strict):
    """Members by id, or by identities of one type; those that nobody holds are told back."""

    add: Annotated[list[MemberId], Field(max_length=MOST_ENTRIES, default_factory=list)]
    remove: Annotated[list[MemberId], Field(max_length=MOST_ENTRIES, default_factory=list)]
    type: IdentityType | None = None
    values: Annotated[list[ExternalId], Field(max_length=MOST_ENTRIES, default_factory=list)]


class TagIn(Strict):
    tag: Annotated[ExternalId, Field(max_length=40)]
    why: Annotated[ShortText, Field(min_length=1, max_length=200)]


class EffectOut(Strict):
    """What a write changed: an event's name and particulars."""

    model_config = ConfigDict(extra="allow")

    type: str


class BuildOut(Strict):
    """How far a new or changed rule was asked of everybody."""

    done: int
    total: int


class SegmentOut(Strict):
    code: str
    name: str
    kind: Annotated[str, Field(description="rule or list")]
    exclusion: bool
    rule: dict[str, Any] | None
    status: Annotated[str, Field(description="live or frozen")]
    members: int
    as_of: Annotated[Instant, Field(description="The members are right as of this instant")]
    building: BuildOut | None
    created_at: Instant
    created_by: str
    changed_at: Instant


class SegmentsOut(Strict):
    data: list[SegmentOut]
    has_more: bool
    next_cursor: str | None
    reading: Annotated[
        int | None, Field(description="Records read so far, while everybody is read anew")
    ]


class SegmentChangedOut(SegmentOut):
    effects: list[EffectOut]


class EntriesOut(SegmentChangedOut):
    unknown: Annotated[list[int], Field(description="Places in values that nobody holds")]


class DeletedOut(Strict):
    code: str
    effects: list[EffectOut]


class MaskedOut(Strict):
    type: str
    masked: str


class SampleOut(Strict):
    id: MemberId
    number: str
    identities: list[MaskedOut]


class SegmentMemberOut(SampleOut):
    since: Instant


class SegmentMembersOut(Strict):
    data: list[SegmentMemberOut]
    has_more: bool
    next_cursor: str | None
    total: int
    as_of: Instant


class OverlapOut(Strict):
    code: str
    name: str
    both: int
    members: int


class ConsentShareOut(Strict):
    purpose: str
    granted: int
    refused: int


class PreviewOut(Strict):
    as_of: Instant
    members: int
    of: int
    samples: list[SampleOut]
    segments: list[OverlapOut]
    consents: list[ConsentShareOut]
    reading: int | None


class FactOut(Strict):
    name: str
    kind: FactKind
    part: str
    operators: list[str]


class ForecastOut(Strict):
    """When the facts of a part were worked out, and from what."""

    part: str
    as_of: Annotated[Day, Field(description="The last day it knew of")]
    made_at: Instant


class FactsOut(Strict):
    facts: list[FactOut]
    tags: list[str]
    lists: list[str]
    scores_as_of: Instant | None
    forecasts: list[ForecastOut]


class DueItemOut(Strict):
    """An item that a member usually buys."""

    item: str
    chance: Annotated[int, Field(description="Percent, in steps, within the forecast's horizon")]
    day: Annotated[Day | None, Field(description="Expected then, where the rhythm is steady")]


class ToldOut(Strict):
    name: str
    kind: FactKind
    value: Annotated[
        int | str | list[str] | list[DueItemOut] | None,
        Field(description="Null: not known, which is not zero"),
    ]
    part: str
    cause: Annotated[str, Field(description="What changed it last; forecast.… for a forecast")]
    about: Annotated[str, Field(description="Of a forecast the last day it knew of")]
    happened_at: Instant | None
    as_of: Instant | None


class TagOut(Strict):
    tag: str
    why: str
    by: str
    at: Instant


class MemberFactsOut(Strict):
    facts: list[ToldOut]
    segments: list[str]
    tags: list[TagOut]


class TagsOut(Strict):
    tags: list[TagOut]
    effects: list[EffectOut]


class MembersPage(PageQuery):
    def after(self) -> UUID | None:
        """Raises Invalid for a cursor that no page gave."""
        return id_after("mem", self.starting_after)


# ── shown ─────────────────────────────────────────────────────────────────────────────────


def segment_json(view: SegmentView) -> dict[str, Any]:
    building = {"done": min(view.built, view.to_build), "total": view.to_build}
    return {
        "code": view.code,
        "name": view.name,
        "kind": view.kind,
        "exclusion": view.exclusion,
        "rule": view.rule,
        "status": view.status,
        "members": view.members,
        "as_of": show_instant(view.as_of),
        "building": building if view.building else None,
        "created_at": show_instant(view.created_at),
        "created_by": view.created_by,
        "changed_at": show_instant(view.changed_at),
    }


def people_json(merchant_id: int, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Members as they may be shown: never who they are, only masks."""
    masked = members.identities_of(merchant_id, ids)
    return [
        {
            "id": show("mem", member_id),
            "number": member_number(member_id),
            "identities": [
                {"type": one.type, "masked": one.masked} for one in masked.get(member_id, ())
            ],
        }
        for member_id in ids
    ]


def members_page(
    merchant: MerchantFacts, code: str, query: MembersPage, now: datetime
) -> dict[str, Any]:
    """A page of a segment's members. Raises NotFound."""
    view = queries.segment(merchant.id, code, now)
    rows = queries.members_of(merchant.id, view.id, after=query.after(), most=query.limit + 1)
    shown = rows[: query.limit]
    people = people_json(merchant.id, [row.member_id for row in shown])
    return {
        "data": [
            {**person, "since": show_instant(row.since)}
            for person, row in zip(people, shown, strict=True)
        ],
        "has_more": len(rows) > query.limit,
        "next_cursor": show("mem", shown[-1].member_id) if len(rows) > query.limit else None,
        "total": view.members,
        "as_of": show_instant(view.as_of),
    }


def preview_json(merchant: MerchantFacts, rule: Any, now: datetime) -> dict[str, Any]:
    """What a draft rule would gather. Raises Invalid."""
    found = preview(merchant, compiled(rule), now)
    names = {view.code: view.name for view in queries.segments(merchant.id, now)}
    return {
        "as_of": show_instant(found.as_of),
        "members": found.members,
        "of": found.of,
        "samples": people_json(merchant.id, found.samples),
        "segments": [
            {"code": o.code, "name": names.get(o.code, o.code), "both": o.both,
             "members": o.members}
            for o in found.segments
        ],
        "consents": [
            {"purpose": c.purpose, "granted": c.granted, "refused": c.refused}
            for c in found.consents
        ],
        "reading": queries.reading_everybody(merchant.id, now),
    }  # fmt: skip


def facts_json(merchant: MerchantFacts) -> dict[str, Any]:
    """What a rule may ask, and the words that are in use."""
    tags, lists = queries.words(merchant.id)
    handed = handovers(merchant.id)
    scores = handed.get("scores")
    return {
        "facts": [
            {"name": fact.name, "kind": fact.kind, "part": fact.part,
             "operators": list(operators_of(fact))}
            for fact in FACTS.values()
        ],
        "tags": tags,
        "lists": lists,
        "scores_as_of": show_instant(scores.at) if scores else None,
        "forecasts": [
            {"part": part, "as_of": handed[part].about, "made_at": show_instant(handed[part].at)}
            for part in FORECAST_PARTS
            if part in handed
        ],
    }  # fmt: skip


def tags_json(merchant_id: int, member_id: UUID) -> list[dict[str, Any]]:
    return [
        {"tag": one.tag, "why": one.why, "by": one.by, "at": show_instant(one.at)}
        for one in queries.tags_of(merchant_id, member_id)
    ]


def member_facts_json(merchant: MerchantFacts, member_id: UUID, now: datetime) -> dict[str, Any]:
    """What is known of a member. Raises NotFound."""
    return {
        "facts": [_told(one) for one in queries.facts_of(merchant, member_id, now)],
        "segments": sorted(queries.segments_of(merchant.id, member_id, now)),
        "tags": tags_json(merchant.id, member_id),
    }


def _told(one: Told) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "value": _plain(one.value),
        "part": one.part,
        "cause": one.cause,
        "about": one.about,
        "happened_at": show_instant(one.happened_at) if one.happened_at else None,
        "as_of": show_instant(one.as_of) if one.as_of else None,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, DueItem):
        return {"item": value.item, "chance": value.chance, "day": _plain(value.day)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
