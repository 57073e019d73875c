"""Experiments as they come in and go out, the same for every audience."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from regulars.infra.http.fields import (
    Day,
    ExternalId,
    Instant,
    MemberId,
    PageQuery,
    QueryInt,
    ShownId,
    Strict,
)
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.experiments.rules import REFUSED_COMPARISONS
from regulars.modules.experiments.types import Plan, View

OfferCode = Annotated[ExternalId, Field(max_length=100)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
_SOON_DAYS: Final = 30
Comparison = Literal["held_out", "redeemers", "exposed", "before_after"]
assert set(REFUSED_COMPARISONS) == {"redeemers", "exposed", "before_after"}


class ExperimentIn(Strict):
    code: Code
    name: ExternalId
    offer: Annotated[
        OfferCode | None,
        Field(description="The offer that is tried: its holdout is who does not get it"),
    ] = None
    scope: Annotated[
        Literal["campaign", "everything"],
        Field(description="everything: the standing holdout, whose members get no campaign"),
    ] = "campaign"
    metric: Literal["orders", "money", "rebought"] = "orders"
    looking: Annotated[
        Literal["once", "planned", "always"],
        Field(description="on the last day; at planned looks; or at any time, with wider limits"),
    ] = "once"
    looks: Annotated[int, Field(ge=1, le=24, description="Equal parts, where planned")] = 1
    held_out_bps: Annotated[int, Field(ge=100, le=9_000)] = 2_000
    days: Annotated[int, Field(ge=1, le=730, description="How long outcomes count")] = 56
    rebought_days: Annotated[
        int | None, Field(ge=1, le=365, description="30, or the whole where it is shorter")
    ] = None
    least_bps: Annotated[
        int, Field(ge=1, le=100_000, description="The relative lift that is worth finding")
    ] = 500

    @model_validator(mode="after")
    def _looks_as_planned(self) -> Self:
        if (self.looks > 1) != (self.looking == "planned"):
            raise ValueError("several looks are planned looks, and planned looks are several")
        if self.looks > self.days:
            raise ValueError("a look takes a day at least")
        if self.rebought_days is not None and self.rebought_days > self.days:
            raise ValueError("buying again is watched no longer than the experiment")
        if self.offer is not None and self.scope == "everything":
            raise ValueError("the standing holdout is of every offer that has one")
        return self

    def plan(self) -> Plan:
        soon = self.rebought_days or min(_SOON_DAYS, self.days)
        return Plan(**{**self.model_dump(), "rebought_days": soon})


class StartIn(Strict):
    member_ids: Annotated[
        list[MemberId] | None,
        Field(min_length=2, max_length=100_000, description="Everybody where it is left out"),
    ] = None


class PowerIn(Strict):
    """What would be tried, to be told whether it could show anything."""

    metric: Literal["orders", "money", "rebought"] = "orders"
    held_out_bps: Annotated[int, Field(ge=100, le=9_000)] = 2_000
    days: Annotated[int, Field(ge=1, le=730)] = 56
    least_bps: Annotated[int, Field(ge=1, le=100_000)] = 500
    segments: Annotated[
        list[ExternalId],
        Field(max_length=200, description="Members of any of these; everybody where there is none"),
    ] = Field(default_factory=list)

    def plan(self) -> Plan:
        return Plan(
            code="power",
            name="power",
            scope="campaign",
            metric=self.metric,
            looking="once",
            looks=1,
            held_out_bps=self.held_out_bps,
            days=self.days,
            rebought_days=min(_SOON_DAYS, self.days),
            least_bps=self.least_bps,
        )


class ExperimentsQuery(PageQuery):
    offer: Annotated[
        OfferCode | None, Field(description="Those on one offer, the newest first")
    ] = None


class ReadoutQuery(Strict):
    compare: Annotated[
        Comparison,
        Field(description="Only the held out are a comparison; the others are refused, with why"),
    ] = "held_out"
    cost_minor: Annotated[
        QueryInt | None, Field(ge=0, description="What it cost on all treated members together")
    ] = None
    redeemed: Annotated[
        QueryInt | None, Field(ge=0, description="How many of the treated took the offer")
    ] = None


class DecideIn(Strict):
    """Nothing to say: the verdict is what the figures say."""


class ShareOut(Strict):
    value: float | None
    low: float | None
    high: float | None


class ExperimentOut(Strict):
    id: Annotated[Any, ShownId("exp")]
    code: str
    name: str
    offer: Annotated[str | None, Field(description="The code of the offer that is tried")]
    scope: str
    status: Annotated[str, Field(description="draft, running or decided")]
    metric: str
    looking: str
    looks: int
    held_out_bps: int
    days: int
    rebought_days: int
    least_bps: int
    created_at: Instant
    created_by: str
    opens_at: Annotated[
        Instant | None, Field(description="Of a draft: when its offer begins, and it with it")
    ]
    assigned_on: Day | None
    ends_on: Annotated[Day | None, Field(description="The last day that counts")]
    decided_at: Instant | None
    verdict: Annotated[str | None, Field(description="works, not_proven or harms")]
    lift: Annotated[
        ShareOut | None,
        Field(description="The relative lift of its metric that it was decided on"),
    ]


class PowerOut(Strict):
    members: int
    held_out_bps: int
    least_share: Annotated[
        float | None, Field(description="The smallest relative lift found four times out of five")
    ]
    members_needed: int
    days_to_decide: Annotated[int | None, Field(description="None: not within what the past shows")]
    enough: bool


class WithPowerOut(ExperimentOut):
    power: Annotated[PowerOut | None, Field(description="Of a draft: what it could show")]


class WrittenOut(ExperimentOut):
    effects: list[dict[str, Any]]


class ExperimentsOut(Strict):
    data: list[ExperimentOut]
    has_more: bool
    next_cursor: str | None


class ArmOut(Strict):
    arm: Annotated[
        str | None, Field(description="treated or held_out; None: no part of it, treat as usual")
    ]


class SampleRatioOut(Strict):
    treated: int
    held_out: int
    expected_held_out: float
    p_value: float
    stop: Annotated[bool, Field(description="The arms cannot be what was planned: do not read on")]


class LookOut(Strict):
    number: int
    planned: int
    day: Day


class MetricOut(Strict):
    """Per member: orders, minor units of money, or the share who bought again."""

    treated_mean: float
    held_out_mean: float
    difference: float
    low: Annotated[float | None, Field(description="None: there is no noise to measure by")]
    high: float | None
    standard_error: float
    p_value: float
    relative: ShareOut | None
    correlation: Annotated[float, Field(description="Of outcome and weeks before")]
    robust_difference: float
    robust_standard_error: float


class MetricsOut(Strict):
    orders: MetricOut
    money: MetricOut
    rebought: MetricOut


class CostOut(Strict):
    cost_minor: int
    extra_orders: float
    per_extra_order_minor: int | None
    least_minor: int | None
    most_minor: Annotated[
        int | None, Field(description="None: the lift may be nothing, so no price is ruled out")
    ]


class RedemptionOut(Strict):
    """Never told alone: who redeems buys more anyway. What counts is the lift beside it."""

    members: Annotated[int, Field(description="Treated members who bought with the offer")]
    cost_minor: Annotated[int, Field(description="Its discounts on their orders")]


class ReadoutOut(Strict):
    as_of: Day
    sample_ratio: SampleRatioOut
    merged_across_arms: int
    look: LookOut | None
    readable_on: Annotated[Day | None, Field(description="The first day on which more may be read")]
    metrics: Annotated[
        MetricsOut | None, Field(description="None before a look, or where the arms are not right")
    ]
    redemption: Annotated[RedemptionOut | None, Field(description="Of an offer, once readable")]
    verdict: str | None
    cost: CostOut | None
    per_redeemer: ShareOut | None


def experiment_json(view: View) -> dict[str, Any]:
    plan = view.plan
    return {
        "id": show("exp", view.id),
        "code": plan.code,
        "name": plan.name,
        "offer": plan.offer,
        "scope": plan.scope,
        "status": view.status,
        "metric": plan.metric,
        "looking": plan.looking,
        "looks": plan.looks,
        "held_out_bps": plan.held_out_bps,
        "days": plan.days,
        "rebought_days": plan.rebought_days,
        "least_bps": plan.least_bps,
        "created_at": show_instant(view.created_at),
        "created_by": view.created_by,
        "opens_at": show_instant(view.opens_at) if view.opens_at else None,
        "ends_on": view.ends_on.isoformat() if view.ends_on else None,
        "assigned_on": view.assigned_on.isoformat() if view.assigned_on else None,
        "decided_at": show_instant(view.decided_at) if view.decided_at else None,
        "verdict": view.verdict,
        "lift": _lift(view),
    }


def _lift(view: View) -> dict[str, Any] | None:
    metrics = view.result["metrics"] if view.result is not None else None
    return metrics[view.plan.metric]["relative"] if metrics else None
