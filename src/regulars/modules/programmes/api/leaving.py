"""Leaving and coming back, as every audience asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Instant, ShortText, Strict
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.programmes.leaving import come_back, foretold, leave

from .shapes import Effects


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
