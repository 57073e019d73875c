"""Partner API: segments, who is in them, and what a rule would gather."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router

from regulars.infra.clock import now_for
from regulars.infra.http.fields import PartQuery
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest

from .listing import segments_json
from .shapes import (
    MembersPage,
    PreviewOut,
    RuleIn,
    SegmentCode,
    SegmentMembersOut,
    SegmentsOut,
    members_page,
    preview_json,
)

router = Router(tags=["segments"])


@router.get("/segments", response=SegmentsOut, operation_id="list_segments")
@requires("segments.read")
def list_segments(request: ApiRequest, query: Annotated[PartQuery, Query()]) -> dict[str, Any]:
    """Every segment by code, with how many are in it and as of when."""
    merchant = request.auth.merchant
    return segments_json(merchant, query, now_for(merchant))


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


@router.post("/segments/preview", response=PreviewOut, operation_id="preview_segment")
@requires("segments.read", writes=False)
def preview_segment(request: ApiRequest, body: RuleIn) -> dict[str, Any]:
    """What a rule would gather now; nothing is saved."""
    merchant = request.auth.merchant
    return preview_json(merchant, body.rule, now_for(merchant))
