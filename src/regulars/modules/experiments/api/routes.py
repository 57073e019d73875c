"""Experiments: the same routes for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import show
from regulars.modules.experiments import offers, queries, services
from regulars.modules.experiments.errors import ComparisonRefused
from regulars.modules.experiments.rules import REFUSED_COMPARISONS
from regulars.modules.experiments.types import View
from regulars.modules.members.lookup import carriers
from regulars.modules.segments.queries import members_among

from .shapes import (
    ArmOut,
    DecideIn,
    ExperimentIn,
    ExperimentsOut,
    ExperimentsQuery,
    PowerIn,
    PowerOut,
    ReadoutOut,
    ReadoutQuery,
    StartIn,
    WithPowerOut,
    WrittenOut,
    experiment_json,
)

ExperimentInPath = Annotated[UUID, ShownId("exp")]


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["experiments"])
    one = "/experiments/{experiment_id}"
    router.get("/experiments", response=ExperimentsOut, operation_id="list_experiments")(
        list_experiments
    )
    router.post("/experiments", response={201: WrittenOut}, operation_id="create_experiment")(
        create_experiment
    )
    router.post("/experiments/power", response=PowerOut, operation_id="preview_power")(
        preview_power
    )
    router.get(one, response=WithPowerOut, operation_id="read_experiment")(read_experiment)
    router.post(f"{one}/start", response=WrittenOut, operation_id="start_experiment")(
        start_experiment
    )
    router.get(f"{one}/readout", response=ReadoutOut, operation_id="read_lift")(read_lift)
    router.post(f"{one}/decide", response=WrittenOut, operation_id="decide_experiment")(
        decide_experiment
    )
    router.get(f"{one}/members/{{member_id}}", response=ArmOut, operation_id="read_arm")(read_arm)
    return router


@requires("experiments.read")
def list_experiments(
    request: ApiRequest, query: Annotated[ExperimentsQuery, Query()]
) -> dict[str, Any]:
    """Every experiment, newest first."""
    after = id_after("exp", query.starting_after)
    rows = queries.experiments(
        request.auth.merchant_id, limit=query.limit, after=after, offer=query.offer
    )
    return page(rows, query.limit, experiment_json, lambda row: show("exp", row.id))


@requires("experiments.write")
def create_experiment(request: ApiRequest, body: ExperimentIn) -> HttpResponse:
    """Note down what will be tried, and how it will be judged; nobody is assigned yet."""
    if body.offer is not None and offers.offer_of(request.auth.merchant_id, body.offer) is None:
        detail = "There is no offer with this code."
        raise Invalid(detail, errors=[FieldError("/offer", "unknown_offer", detail)])

    def act(now: datetime) -> Outcome:
        found = services.create(
            merchant_id=request.auth.merchant_id, plan=body.plan(), now=now, by=request.auth.actor
        )
        told = {**experiment_json(found), "effects": []}
        return Outcome(status=201, body=told, subject=show("exp", found.id))

    return answer_once(request, "experiments.create", act)


@requires("experiments.read", writes=False)
def preview_power(request: ApiRequest, body: PowerIn) -> dict[str, Any]:
    """Whether there are members enough to show anything, before an experiment is written."""
    merchant = request.auth.merchant
    among = members_among(merchant.id, body.segments) if body.segments else None
    return services.power_on(merchant, body.plan(), now_for(merchant), among=among)


@requires("experiments.read")
def read_experiment(request: ApiRequest, experiment_id: ExperimentInPath) -> dict[str, Any]:
    """An experiment; of a draft also whether there are members enough to show anything."""
    merchant = request.auth.merchant
    found = queries.experiment(merchant.id, experiment_id)
    power = services.power_of(merchant, found, now_for(merchant)) if _is_draft(found) else None
    return {**experiment_json(found), "power": power}


@requires("experiments.write")
def start_experiment(
    request: ApiRequest, experiment_id: ExperimentInPath, body: StartIn
) -> HttpResponse:
    """Assign everybody (or the members named) by chance, and freeze their sixteen weeks before.

    Outcomes count from the next day on. Members of the standing holdout are in neither arm.
    """
    merchant = request.auth.merchant
    found = queries.experiment(merchant.id, experiment_id)
    prepared = services.prepare(merchant, found, now_for(merchant), among=body.member_ids)

    def act(now: datetime) -> Outcome:
        started, event = services.start(
            merchant_id=merchant.id, experiment_id=experiment_id, prepared=prepared, now=now
        )
        told = {**experiment_json(started), "effects": effects([event])}
        return Outcome(status=200, body=told, subject=show("exp", experiment_id))

    return answer_once(request, "experiments.start", act, show("exp", experiment_id))


@requires("experiments.read")
def read_lift(
    request: ApiRequest, experiment_id: ExperimentInPath, asked: Annotated[ReadoutQuery, Query()]
) -> dict[str, Any]:
    """What it did to those assigned, beside those held out, with its interval.

    Nothing is told between looks. A comparison of redeemers, of the exposed or of before and
    after is refused (422 comparison_refused): it would measure who was chosen.
    """
    merchant = request.auth.merchant
    found = queries.experiment(merchant.id, experiment_id)
    if asked.compare != "held_out":
        raise ComparisonRefused(REFUSED_COMPARISONS[asked.compare])
    return services.read(
        merchant,
        found,
        now_for(merchant),
        cost_minor=asked.cost_minor,
        redeemed=asked.redeemed,
    )


@requires("experiments.write")
def decide_experiment(
    request: ApiRequest, experiment_id: ExperimentInPath, body: DecideIn
) -> HttpResponse:
    """End it with what the figures say now: works, not_proven or harms."""
    merchant = request.auth.merchant
    found = queries.experiment(merchant.id, experiment_id)
    readout = services.read(merchant, found, now_for(merchant))

    def act(now: datetime) -> Outcome:
        decided, event = services.decide(
            merchant_id=merchant.id, experiment_id=experiment_id, told=readout, now=now
        )
        told = {**experiment_json(decided), "effects": effects([event])}
        return Outcome(status=200, body=told, subject=show("exp", experiment_id))

    return answer_once(request, "experiments.decide", act, show("exp", experiment_id))


@requires("experiments.read")
def read_arm(
    request: ApiRequest,
    experiment_id: ExperimentInPath,
    member_id: Annotated[UUID, ShownId("mem")],
) -> dict[str, Any]:
    """Which arm a member is in: whether a sender may send."""
    merchant_id = request.auth.merchant_id
    queries.experiment(merchant_id, experiment_id)
    carrier = carriers(merchant_id, [member_id]).get(member_id)
    if carrier is None:
        raise NotFound
    return {"arm": queries.arm_of(merchant_id, experiment_id, carrier)}


def _is_draft(found: View) -> bool:
    return found.status == "draft"
