"""Steering: the same routes for every audience. The list is also there as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import PageQuery, ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.insight.answers import answered
from regulars.modules.steering import queries, services

from . import ladders, next_orders
from .shapes import PeopleOut, PeopleQuery, PlanIn, PlanOut, PlansOut, plan_json

PlanInPath = Annotated[UUID, ShownId("pln")]
Answer = dict[str, Any] | StreamingHttpResponse


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["steering"])
    one = "/steering/plans/{plan_id}"
    router.get("/steering/plans", response=PlansOut, operation_id="list_plans")(list_plans)
    router.post("/steering/plans", response={202: PlanOut}, operation_id="ask_for_plan")(
        ask_for_plan
    )
    router.get(one, response=PlanOut, operation_id="read_plan")(read_plan)
    router.delete(one, response={200: PlanOut}, operation_id="drop_plan")(drop_plan)
    router.get(f"{one}/people", response=PeopleOut, operation_id="list_plan_people")(
        list_plan_people
    )
    router.post(f"{one}/start", response=PlanOut, operation_id="start_plan")(start_plan)
    router.post(f"{one}/stop", response=PlanOut, operation_id="stop_plan")(stop_plan)
    ladders.add_routes(router)
    next_orders.add_routes(router)
    return router


@requires("experiments.read")
def list_plans(request: ApiRequest, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
    """Every plan of spending, newest first."""
    after = id_after("pln", query.starting_after)
    rows = queries.plans(request.auth.merchant_id, limit=query.limit, after=after)
    return page(rows, query.limit, plan_json, lambda row: show("pln", row.id))


@requires("experiments.write")
def ask_for_plan(request: ApiRequest, body: PlanIn) -> HttpResponse:
    """Have a plan worked out: whom to send what, when and for how much, and whom nothing.

    The jobs work it out; it is a draft, and nobody gets anything before it is started. Where too
    little was tried it says so of everybody instead of guessing.
    """

    def act(now: datetime) -> Outcome:
        found = services.ask(
            request.auth.merchant, body.asked(), name=body.name, now=now, by=request.auth.actor
        )
        return Outcome(status=202, body=plan_json(found), subject=show("pln", found.id))

    return answer_once(request, "steering.ask", act)


@requires("experiments.read")
def read_plan(request: ApiRequest, plan_id: PlanInPath) -> dict[str, Any]:
    """A plan: what it was asked, what it comes to, and how far its coupons are given."""
    return plan_json(queries.plan_view(request.auth.merchant_id, plan_id))


@requires("experiments.write")
def drop_plan(request: ApiRequest, plan_id: PlanInPath) -> HttpResponse:
    """Forget a plan that was not started; told as it last was."""

    def act(_now: datetime) -> Outcome:
        last = queries.plan_view(request.auth.merchant_id, plan_id)
        services.drop(request.auth.merchant, plan_id)
        return Outcome(status=200, body=plan_json(last), subject=show("pln", plan_id))

    return answer_once(request, "steering.drop", act, show("pln", plan_id))


@requires("members.read")
def list_plan_people(
    request: ApiRequest, plan_id: PlanInPath, query: Annotated[PeopleQuery, Query()]
) -> Answer:
    """Everybody with what they get and why, or why nothing; who gets something first."""
    listed = queries.people(request.auth.merchant, plan_id, reason=query.reason)
    return answered(request, query, listed, name="plan", columns=queries.COLUMNS)


@requires("experiments.write")
def start_plan(request: ApiRequest, plan_id: PlanInPath) -> HttpResponse:
    """Give the coupons: all chosen but the held out get one of their own; what it does is
    measured by an experiment with the plan's name.

    Who bought meanwhile, or took the consent back, gets nothing when their turn comes.
    """

    def act(now: datetime) -> Outcome:
        found = services.start(request.auth.merchant, plan_id, now=now, by=request.auth.actor)
        return Outcome(status=200, body=plan_json(found), subject=show("pln", plan_id))

    return answer_once(request, "steering.start", act, show("pln", plan_id))


@requires("experiments.write")
def stop_plan(request: ApiRequest, plan_id: PlanInPath) -> HttpResponse:
    """Give no more, and take back what nobody used; what was used stays."""

    def act(now: datetime) -> Outcome:
        found = services.stop(request.auth.merchant, plan_id, now=now)
        return Outcome(status=200, body=plan_json(found), subject=show("pln", plan_id))

    return answer_once(request, "steering.stop", act, show("pln", plan_id))
