"""Partner API: enrolment, and a member's document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest

from .enrolling import enrolled
from .shapes import EnrolledOut, MemberIn, MemberOut, member_json

router = Router(tags=["members"])


@router.post("/members", response={201: EnrolledOut, 200: EnrolledOut}, operation_id="enrol_member")
@requires("members.write")
def enrol_member(request: ApiRequest, body: MemberIn) -> HttpResponse:
    """Make somebody a member (201), or get the member who holds one of the identities (200).

    Identities that nobody holds are added to the member found. Two identities of two members are
    409 identity_conflict.
    """

    def act(now: datetime) -> Any:
        return enrolled(request.auth.merchant, body, now)

    return answer_once(request, "members.enrol", act)


@router.get("/members/{member_id}", response=MemberOut, operation_id="read_member")
@requires("members.read")
def read_member(request: ApiRequest, member_id: Annotated[UUID, ShownId("mem")]) -> dict[str, Any]:
    """A member; identities are masked."""
    merchant = request.auth.merchant
    return member_json(merchant, member_id, now_for(merchant))
