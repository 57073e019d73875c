"""Console: segments and their builder, lists, tags, and what is known of a member."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.crypto import blind_index
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ExternalId, PartQuery, ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest, MerchantFacts
from regulars.infra.writes import Outcome
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members.enrolment import members_by_keys
from regulars.modules.members.rules import normalised, phone_region
from regulars.modules.segments import queries, services, tagging
from regulars.modules.segments.services import Draft, Written

from .listing import segments_json
from .shapes import (
    DeletedOut,
    EntriesIn,
    EntriesOut,
    FactsOut,
    MemberFactsOut,
    MembersPage,
    PreviewOut,
    RuleIn,
    SegmentChangedOut,
    SegmentChangeIn,
    SegmentCode,
    SegmentIn,
    SegmentMembersOut,
    SegmentOut,
    SegmentsOut,
    TagIn,
    TagsOut,
    facts_json,
    member_facts_json,
    members_page,
    people_json,
    preview_json,
    segment_json,
    tags_json,
)

router = Router(tags=["segments"])
MemberInPath = Annotated[UUID, ShownId("mem")]
Act = Callable[[MerchantFacts, datetime], Written]


@router.get("/segments", response=SegmentsOut, operation_id="list_segments")
@requires("segments.read")
def list_segments(request: ApiRequest, query: Annotated[PartQuery, Query()]) -> dict[str, Any]:
    """Every segment by code, with how many are in it and as of when."""
    merchant = request.auth.merchant
    return segments_json(merchant, query, now_for(merchant))


@router.get("/segment-facts", response=FactsOut, operation_id="list_segment_facts")
@requires("segments.read")
def list_segment_facts(request: ApiRequest) -> dict[str, Any]:
    """What a rule may ask, and the tags and lists that are in use."""
    return facts_json(request.auth.merchant)


@router.post("/segments", response={201: SegmentChangedOut}, operation_id="create_segment")
@requires("segments.write")
def create_segment(request: ApiRequest, body: SegmentIn) -> HttpResponse:
    """Make a segment that a rule follows, or a list of members."""
    draft = Draft(
        code=body.code,
        name=body.name,
        rule=body.rule,
        members=tuple(body.members),
        exclusion=body.exclusion,
    )

    def act(merchant: MerchantFacts, now: datetime) -> Written:
        return services.create(merchant, draft, by=request.auth.actor, now=now)

    return _changed(request, "segments.create", act, status=201)


@router.post("/segments/preview", response=PreviewOut, operation_id="preview_segment")
@requires("segments.read", writes=False)
def preview_segment(request: ApiRequest, body: RuleIn) -> dict[str, Any]:
    """What a rule would gather now; nothing is saved."""
    merchant = request.auth.merchant
    return preview_json(merchant, body.rule, now_for(merchant))


@router.get("/segments/{segment_code}", response=SegmentOut, operation_id="read_segment")
@requires("segments.read")
def read_segment(request: ApiRequest, segment_code: SegmentCode) -> dict[str, Any]:
    """One segment as it stands."""
    merchant = request.auth.merchant
    return segment_json(queries.segment(merchant.id, segment_code, now_for(merchant)))


@router.put("/segments/{segment_code}", response=SegmentChangedOut, operation_id="change_segment")
@requires("segments.write")
def change_segment(
    request: ApiRequest, segment_code: SegmentCode, body: SegmentChangeIn
) -> HttpResponse:
    """Another name or another rule; what is left out stays."""

    def act(merchant: MerchantFacts, now: datetime) -> Written:
        return services.change(merchant, segment_code, name=body.name, rule=body.rule, now=now)

    return _changed(request, "segments.change", act, segment_code)


@router.post(
    "/segments/{segment_code}/freeze", response=SegmentChangedOut, operation_id="freeze_segment"
)
@requires("segments.write")
def freeze_segment(request: ApiRequest, segment_code: SegmentCode) -> HttpResponse:
    """Keep the members that the segment has now, whatever happens."""

    def act(merchant: MerchantFacts, now: datetime) -> Written:
        return services.freeze(merchant, segment_code, now=now)

    return _changed(request, "segments.freeze", act, segment_code)


@router.post(
    "/segments/{segment_code}/let-go", response=SegmentChangedOut, operation_id="let_segment_go"
)
@requires("segments.write")
def let_segment_go(request: ApiRequest, segment_code: SegmentCode) -> HttpResponse:
    """Let a frozen segment follow again: everybody is asked anew."""

    def act(merchant: MerchantFacts, now: datetime) -> Written:
        return services.let_go(merchant, segment_code, now=now)

    return _changed(request, "segments.let_go", act, segment_code)


@router.delete("/segments/{segment_code}", response=DeletedOut, operation_id="delete_segment")
@requires("segments.write")
def delete_segment(request: ApiRequest, segment_code: SegmentCode) -> HttpResponse:
    """Remove a segment; its members and their facts stay."""

    def act(now: datetime) -> Outcome:
        done = services.delete(request.auth.merchant, segment_code, now=now)
        told = {"code": segment_code, "effects": effects(done.events)}
        return Outcome(status=200, body=told, subject=segment_code)

    return answer_once(request, "segments.delete", act, segment_code)


@router.post("/segments/{segment_code}/entries", response=EntriesOut, operation_id="put_on_list")
@requires("segments.write")
def put_on_list(request: ApiRequest, segment_code: SegmentCode, body: EntriesIn) -> HttpResponse:
    """Put members on a list, by id or by identity, and take others off."""
    merchant = request.auth.merchant
    found, unknown = _named(merchant, body)

    def act(shop: MerchantFacts, now: datetime) -> Written:
        return services.put_on_list(
            shop,
            segment_code,
            add=[*body.add, *found],
            remove=body.remove,
            by=request.auth.actor,
            now=now,
        )

    return _changed(request, "segments.entries", act, segment_code, unknown=unknown)


@router.get(
    "/segments/{segment_code}/members",
    response=SegmentMembersOut,
    operation_id="list_segment_members",
)
@requires("segments.read")
def list_segment_members(
    request: ApiRequest, segment_code: SegmentCode, query: Annotated[MembersPage, Query()]
) -> dict[str, Any]:
    """Who is in a segment, and since when; identities are masked."""
    merchant = request.auth.merchant
    return members_page(merchant, segment_code, query, now_for(merchant))


@router.get(
    "/segments/{segment_code}/members.csv", response=str, operation_id="export_segment_members"
)
@requires("segments.read")
def export_segment_members(request: ApiRequest, segment_code: SegmentCode) -> StreamingHttpResponse:
    """All members of a segment as CSV; identities are masked."""
    merchant = request.auth.merchant
    view = queries.segment(merchant.id, segment_code, now_for(merchant))
    answer = StreamingHttpResponse(
        _csv(merchant.id, view.id, view.as_of), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{segment_code}.csv"'
    return answer


@router.get("/members/{member_id}/facts", response=MemberFactsOut, operation_id="read_member_facts")
@requires("segments.read")
def read_member_facts(request: ApiRequest, member_id: MemberInPath) -> dict[str, Any]:
    """What is known of a member, from what and as of when; their segments and tags."""
    merchant = request.auth.merchant
    return member_facts_json(merchant, member_id, now_for(merchant))


@router.post("/members/{member_id}/tags", response={201: TagsOut}, operation_id="tag_member")
@requires("tags.write")
def tag_member(request: ApiRequest, member_id: MemberInPath, body: TagIn) -> HttpResponse:
    """Put a word on a member, and say why."""

    def act(now: datetime) -> Outcome:
        merchant = request.auth.merchant
        events = tagging.tag(
            merchant, member_id, tag=body.tag, why=body.why, by=request.auth.actor, now=now
        )
        told = {"tags": tags_json(merchant.id, member_id), "effects": effects(events)}
        return Outcome(status=201, body=told, subject=show("mem", member_id))

    return answer_once(request, "tags.put", act, show("mem", member_id))


@router.delete("/members/{member_id}/tags/{tag}", response=TagsOut, operation_id="untag_member")
@requires("tags.write")
def untag_member(request: ApiRequest, member_id: MemberInPath, tag: ExternalId) -> HttpResponse:
    """Take a word off a member."""

    def act(now: datetime) -> Outcome:
        merchant = request.auth.merchant
        events = tagging.untag(merchant, member_id, tag=tag, now=now)
        told = {"tags": tags_json(merchant.id, member_id), "effects": effects(events)}
        return Outcome(status=200, body=told, subject=show("mem", member_id))

    return answer_once(request, "tags.remove", act, show("mem", member_id), tag)


def _changed(
    request: ApiRequest, operation: str, act: Act, *path: str, status: int = 200, **more: Any
) -> HttpResponse:
    merchant = request.auth.merchant

    def write(now: datetime) -> Outcome:
        done = act(merchant, now)
        told = segment_json(queries.segment(merchant.id, done.code, now))
        told["effects"] = effects(done.events)
        return Outcome(status=status, body={**told, **more}, subject=done.code)

    return answer_once(request, operation, write, *path)


def _named(merchant: MerchantFacts, body: EntriesIn) -> tuple[list[UUID], list[int]]:
    """Who holds the identities that were sent, and the places of those that nobody holds."""
    if not body.values:
        return [], []
    if body.type is None:
        detail = "Say of which type the identities are."
        raise Invalid(detail, errors=[FieldError("/type", "missing", detail)])
    region = phone_region(merchant.zone, merchant.locale)
    keys: list[str | None] = []
    for value in body.values:
        try:
            written = normalised(type=body.type, value=value, region=region)
        except Invalid:
            keys.append(None)
        else:
            keys.append(blind_index(merchant_id=merchant.id, type=body.type, value=written))
    held = members_by_keys(merchant.id, body.type, [key for key in keys if key is not None])
    unknown = [place for place, key in enumerate(keys) if key is None or key not in held]
    return [held[key] for key in keys if key is not None and key in held], unknown


def _csv(merchant_id: int, segment_id: UUID, as_of: datetime) -> Iterator[str]:
    yield _line(["member_id", "number", "identities", "since", "as_of"])
    for rows in queries.all_members_of(merchant_id, segment_id):
        people = people_json(merchant_id, [row.member_id for row in rows])
        for person, row in zip(people, rows, strict=True):
            masks = "; ".join(f"{one['type']} {one['masked']}" for one in person["identities"])
            since = show_instant(row.since)
            yield _line([person["id"], person["number"], masks, since, show_instant(as_of)])


def _line(values: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(values)
    return written.getvalue()
