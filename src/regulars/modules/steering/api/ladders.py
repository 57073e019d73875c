"""Ladders: rising offers for sleepers, put up, watched and taken down."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import (
    Day,
    ExternalId,
    Instant,
    MinorAmount,
    PageQuery,
    ShortText,
    ShownId,
    Strict,
)
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.steering import ladders
from regulars.modules.steering.deciding.climbing import Judged, Rung
from regulars.modules.steering.ladders import LadderView

LadderInPath = Annotated[UUID, ShownId("ldr")]


class RungIn(Strict):
    offer: Annotated[ExternalId, Field(max_length=100)]
    wait_days: Annotated[
        int, Field(ge=7, le=90, description="How long it is good, before the next one comes")
    ]


class LadderIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    rungs: Annotated[list[RungIn], Field(min_length=1, max_length=5)]
    held_out_bps: Annotated[int, Field(ge=500, le=5_000)] = 2_000
    consent: Annotated[ShortText, Field(min_length=1, max_length=40)] = "marketing"
    cost_cap_minor: Annotated[
        MinorAmount, Field(description="Nobody goes up any more once its coupons took off so much")
    ]
    try_members: Annotated[
        int,
        Field(ge=50, le=100_000, description="A rung tries itself on so many before it must prove"),
    ] = 400


class RungOut(Strict):
    offer: str
    wait_days: int
    standing: Annotated[int, Field(description="Members who had this rung last, and still climb")]
    given: Annotated[int, Field(description="Of those whose days of this rung are over")]
    held_out: int
    lift_bps: Annotated[int | None, Field(description="More of them who first bought in its days")]
    low_bps: int | None
    high_bps: int | None
    open: Annotated[bool, Field(description="false: its lift is not proven, so it stopped")]


class LadderOut(Strict):
    id: str
    name: str
    status: Literal["running", "stopped"]
    rungs: list[RungOut]
    waiting: Annotated[int, Field(description="Came on, and had no rung yet")]
    ended: Annotated[
        dict[str, int],
        Field(description="bought, unsubscribed, top (all rungs had), no_lift, capped, stopped"),
    ]
    held_out: int
    held_out_bps: int
    consent: str
    cost_cap_minor: int
    cost_minor: int
    try_members: int
    last_on: Day | None
    created_at: Instant
    created_by: str
    stopped_at: Instant | None


class LaddersOut(Strict):
    data: list[LadderOut]
    has_more: bool
    next_cursor: str | None


def add_routes(router: Router) -> None:
    """The same for every audience."""
    router.get("/steering/ladders", response=LaddersOut, operation_id="list_ladders")(list_ladders)
    router.post("/steering/ladders", response={201: LadderOut}, operation_id="put_ladder_up")(
        put_ladder_up
    )
    one = "/steering/ladders/{ladder_id}"
    router.get(one, response=LadderOut, operation_id="read_ladder")(read_ladder)
    router.post(f"{one}/stop", response=LadderOut, operation_id="take_ladder_down")(
        take_ladder_down
    )


@requires("experiments.read")
def list_ladders(request: ApiRequest, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
    """Every ladder for sleepers, newest first."""
    after = id_after("ldr", query.starting_after)
    rows = ladders.ladder_views(request.auth.merchant, limit=query.limit, after=after)
    return page(rows, query.limit, ladder_json, lambda one: show("ldr", one.id))


@requires("experiments.write")
def put_ladder_up(request: ApiRequest, body: LadderIn) -> HttpResponse:
    """Begin with rising offers for members who sleep: each day whoever's turn it is gets the next
    rung's coupon, until they buy, take their consent back, or the ladder stops for them.

    Nobody who is expected within a week, and nobody held out by chance, is given anything.
    """

    def act(now: datetime) -> Outcome:
        found = ladders.put_up(
            request.auth.merchant,
            name=body.name,
            rungs=[Rung(one.offer, one.wait_days) for one in body.rungs],
            held_out_bps=body.held_out_bps,
            consent=body.consent,
            cost_cap_minor=body.cost_cap_minor,
            try_members=body.try_members,
            now=now,
            by=request.auth.actor,
        )
        return Outcome(status=201, body=ladder_json(found), subject=show("ldr", found.id))

    return answer_once(request, "steering.ladder.put_up", act)


@requires("experiments.read")
def read_ladder(request: ApiRequest, ladder_id: LadderInPath) -> dict[str, Any]:
    """A ladder: how many stand where, how many ended and why, and what each rung brought."""
    return ladder_json(ladders.ladder_view(request.auth.merchant, ladder_id))


@requires("experiments.write")
def take_ladder_down(request: ApiRequest, ladder_id: LadderInPath) -> HttpResponse:
    """Give no more, and take back the coupons that nobody used."""

    def act(now: datetime) -> Outcome:
        found = ladders.take_down(request.auth.merchant, ladder_id, now=now)
        return Outcome(status=200, body=ladder_json(found), subject=show("ldr", ladder_id))

    return answer_once(request, "steering.ladder.take_down", act, show("ldr", ladder_id))


def ladder_json(view: LadderView) -> dict[str, Any]:
    return {
        "id": show("ldr", view.id),
        "name": view.name,
        "status": view.status,
        "rungs": [
            _rung(rung, view.standing[at + 1], view.judged[at])
            for at, rung in enumerate(view.rungs)
        ],
        "waiting": view.standing[0],
        "ended": view.ended,
        "held_out": view.held_out,
        "held_out_bps": view.held_out_bps,
        "consent": view.consent,
        "cost_cap_minor": view.cost_cap_minor,
        "cost_minor": view.cost_minor,
        "try_members": view.try_members,
        "last_on": view.last_on.isoformat() if view.last_on else None,
        "created_at": show_instant(view.created_at),
        "created_by": view.created_by,
        "stopped_at": show_instant(view.stopped_at) if view.stopped_at else None,
    }


def _rung(rung: Rung, standing: int, told: Judged) -> dict[str, Any]:
    def bps(share: float | None) -> int | None:
        return None if share is None else round(10_000 * share)

    return {
        "offer": rung.offer,
        "wait_days": rung.wait_days,
        "standing": standing,
        "given": told.given,
        "held_out": told.held_out,
        "lift_bps": bps(told.lift),
        "low_bps": bps(told.low),
        "high_bps": bps(told.high),
        "open": told.open,
    }
