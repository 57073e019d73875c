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
from regulars.kernel.ids import show

from .enrolling import described, enrolled
from .shapes import EnrolledOut, MemberChangeIn, MemberIn, MemberOut, member_json

router = Router(tags=["members"])
MemberInPath = Annotated[UUID, ShownId("mem")]


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
def read_member(request: ApiRequest, member_id: MemberInPath) -> dict[str, Any]:
    """A member; identities are masked."""
    merchant = request.auth.merchant
    return member_json(merchant, member_id, now_for(merchant))


@router.patch("/members/{member_id}", response=EnrolledOut, operation_id="change_member")
@requires("members.write")
def change_member(
    request: ApiRequest, member_id: MemberInPath, body: MemberChangeIn
) -> HttpResponse:
    """Set or forget a member's name, birthday and language.

    A birthday that is known is replaced once a year at most: 409 birthday_changed_recently.
    """

    def act(now: datetime) -> Any:
        return described(request.auth.merchant, member_id, body, now)

    return answer_once(request, "members.change", act, show("mem", member_id))
