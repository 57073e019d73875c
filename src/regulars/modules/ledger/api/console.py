"""Console: a member's ledger, and changing points by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.ledger import services

from .shapes import AdjustmentIn, AdjustmentOut, EntryPage, LedgerQuery, adjusted, entries_page

router = Router(tags=["points"])
MemberInPath = Annotated[UUID, ShownId("mem")]


@router.get("/members/{member_id}/ledger", response=EntryPage, operation_id="list_member_entries")
@requires("members.read")
def list_member_entries(
    request: ApiRequest, member_id: MemberInPath, query: Annotated[LedgerQuery, Query()]
) -> dict[str, Any]:
    """Entries, newest first."""
    return entries_page(request.auth.merchant_id, member_id, query)


@router.post(
    "/members/{member_id}/points/adjust",
    response={201: AdjustmentOut},
    operation_id="adjust_points",
)
@requires("points.adjust")
def adjust_points(request: ApiRequest, member_id: MemberInPath, body: AdjustmentIn) -> HttpResponse:
    """Give or take points by hand, with the reason."""

    def act(now: datetime) -> Outcome:
        view, events = services.adjust(
            merchant_id=request.auth.merchant_id,
            member_id=member_id,
            amount=body.amount,
            reason=body.reason,
            available_at=body.available_at,
            expires_at=body.expires_at,
            actor=request.auth.actor,
            now=now,
        )
        return adjusted(view, events)

    return answer_once(request, "points.adjust", act, show("mem", member_id))
