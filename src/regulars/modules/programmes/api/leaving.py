"""Leaving and coming back, as every audience asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Instant, ShortText, ShownId, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.programmes.leaving import come_back, foretold, leave

from .shapes import Effects

MemberInPath = Annotated[UUID, ShownId("mem")]


class LeavingPointsOut(Strict):
    rule: Annotated[
        Literal["freeze", "lapse"],
        Field(description="What the programme does with the points of who leaves"),
    ]
    available: int
    pending: Annotated[int, Field(description="They become real in time, and wait")]
    lapse: Annotated[int, Field(description="How many leaving now would take")]


class DepartureOut(Strict):
    left_at: Instant
    channel: str
    points: Literal["frozen", "lapsed"]
    lapsed: int
    rejoined_at: Instant | None


class LeavingOut(Strict):
    status: Literal["active", "shopper", "left"]
    left_at: Instant | None
    points: LeavingPointsOut
    consents: Annotated[list[str], Field(description="Purposes that leaving withdraws")]
    history: list[DepartureOut]


class LeftOut(LeavingOut):
    effects: Effects


class LeaveIn(Strict):
    channel: Annotated[
        ShortText, Field(max_length=40, description="Where they said so: till, phone, app")
    ] = ""


def add_routes(router: Router) -> None:
    """Leaving and coming back, of whom the shop names; members do it on pages of their own."""
    of = "/members/{member_id}"
    router.get(f"{of}/leaving", response=LeavingOut, operation_id="read_leaving")(read_leaving)
    router.post(f"{of}/leave", response=LeftOut, operation_id="leave_membership")(leave_membership)
    router.post(f"{of}/rejoin", response=LeftOut, operation_id="rejoin_membership")(
        rejoin_membership
    )


@requires("members.read")
def read_leaving(request: ApiRequest, member_id: MemberInPath) -> dict[str, Any]:
    """What leaving would take from a member and what is kept, and every leaving before."""
    return told(request, member_id)


@requires("members.write")
def leave_membership(request: ApiRequest, member_id: MemberInPath, body: LeaveIn) -> HttpResponse:
    """End a membership: consents are withdrawn, points freeze or lapse as the programme says.

    Nothing is promised to who left: quotes and holds for them are 409 member_left, and orders under
    their identities are nobody's. Their history is kept; doing it again changes nothing.
    """
    return left(request, member_id, body.channel, "members.leave")


@requires("members.write")
def rejoin_membership(request: ApiRequest, member_id: MemberInPath) -> HttpResponse:
    """Let who left be a member again: the same one, so that nothing given once is given again."""
    return returned(request, member_id, "members.rejoin")


def told(request: ApiRequest, member_id: UUID) -> dict[str, Any]:
    merchant = request.auth.merchant
    return foretold(merchant, member_id, now_for(merchant)).to_json()


def left(request: ApiRequest, member_id: UUID, channel: str, operation: str) -> HttpResponse:
    merchant = request.auth.merchant

    def act(now: datetime) -> Outcome:
        events = leave(
            merchant=merchant,
            member_id=member_id,
            channel=channel,
            actor=request.auth.actor,
            now=now,
        )
        return _answer(request, member_id, events, now)

    return answer_once(request, operation, act, show("mem", member_id))


def returned(request: ApiRequest, member_id: UUID, operation: str) -> HttpResponse:
    def act(now: datetime) -> Outcome:
        events = come_back(merchant_id=request.auth.merchant_id, member_id=member_id, now=now)
        return _answer(request, member_id, events, now)

    return answer_once(request, operation, act, show("mem", member_id))


def _answer(request: ApiRequest, member_id: UUID, events: list[Event], now: datetime) -> Outcome:
    body = foretold(request.auth.merchant, member_id, now).to_json()
    return Outcome(
        status=200, body={**body, "effects": effects(events)}, subject=show("mem", member_id)
    )
