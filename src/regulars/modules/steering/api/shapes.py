"""Plans as they are asked for and given; shares in basis points, money in minor units."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from regulars.infra.http.fields import (
    Day,
    ExternalId,
    Instant,
    MinorAmount,
    ShortText,
    Strict,
)
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.insight.answers import ListQuery
from regulars.modules.promotions.parts import fault
from regulars.modules.steering.queries import PlanView, Status
from regulars.modules.steering.types import WINDOW_DAYS, Aim, Asked, Proof, Reason, State

MOST_ARMS = 6
_Code = Annotated[ExternalId, Field(max_length=100)]
Bps = Annotated[int, Field(ge=1, le=10_000)]
ReasonOut = Annotated[
    Reason,
    Field(
        description="chosen, or held_out by chance of what they would have had; else why nothing: "
        "no_trial, too_few, not_proven or harms (of the lift), costs_more, over_budget; or why "
        "nobody thought of them: no_consent, not_personal (personalisation refused), excluded (on "
        "such a list), held_out_of_all, offered_lately, not_in_segment, due_soon (come anyway)"
    ),
]


class ArmIn(Strict):
    """An offer that may be sent; sending nothing is always an arm."""

    offer: _Code
    like: Annotated[
        list[_Code],
        Field(max_length=5, description="Other offers whose trials are taken for its own"),
    ] = Field(default_factory=list)


class PlanIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    aim: Annotated[
        Aim,
        Field(
            description="earn: to whom it is proven to be worth it; learn: to some by chance, so "
            "that it is known next time"
        ),
    ] = "earn"
    arms: Annotated[list[ArmIn], Field(min_length=1, max_length=MOST_ARMS)]
    budget_minor: Annotated[
        MinorAmount, Field(description="What the coupons may cost, as far as can be expected")
    ]
    margin_bps: Annotated[
        Bps, Field(description="What is left of a purchase before the offer, as a share of it")
    ]
    held_out_bps: Annotated[
        int, Field(ge=500, le=5_000, description="Of those chosen, by chance, who get nothing")
    ] = 2_000
    consent: Annotated[
        ShortText, Field(min_length=1, max_length=40, description="The purpose they said yes to")
    ] = "marketing"
    rest_days: Annotated[
        int, Field(ge=0, le=365, description="Nobody whom a plan gave a coupon so lately")
    ] = WINDOW_DAYS
    segment: Annotated[_Code | None, Field(description="Only members of this segment")] = None

    @model_validator(mode="after")
    def _each_once(self) -> PlanIn:
        seen: set[str] = set()
        for place, arm in enumerate(self.arms):
            if arm.offer in seen:
                fault(("arms", place, "offer"), "repeated", "Name an offer once.")
            seen.add(arm.offer)
        return self

    def asked(self) -> Asked:
        return Asked(
            aim=self.aim,
            arms=tuple(arm.offer for arm in self.arms),
            like={arm.offer: tuple(arm.like) for arm in self.arms if arm.like},
            budget_minor=self.budget_minor,
            margin_bps=self.margin_bps,
            held_out_bps=self.held_out_bps,
            consent=self.consent,
            rest_days=self.rest_days,
            segment=self.segment,
        )


class LiftOut(Strict):
    """What the trials say of an offer to members in a state: how many more of them buy."""

    state: State
    proof: Proof
    lift_bps: Annotated[int | None, Field(description="More of a hundred hundreds who buy")]
    low_bps: int | None
    high_bps: int | None
    own_bps: Annotated[int | None, Field(description="What this state's trials say alone")]
    base_bps: Annotated[int | None, Field(description="Who bought of the held out")]
    use_bps: Annotated[int | None, Field(description="Who used it of those who were given it")]
    cost_minor: Annotated[int | None, Field(description="What one use took off")]
    treated: int
    held_out: int


class ArmOut(Strict):
    offer: str
    members: int
    cost_minor: int
    lifts: list[LiftOut]


class FoundOut(Strict):
    """What a plan comes to. No choice within the budget gains more than ``bound_minor``."""

    members: int
    reasons: Annotated[dict[str, int], Field(description="Members by reason; each counts once")]
    cost_minor: Annotated[int, Field(description="Expected; what is used is paid for")]
    value_minor: Annotated[int, Field(description="Expected margin more, less that cost")]
    bound_minor: int
    least_minor: Annotated[int, Field(description="Were every lift as low as its interval goes")]
    most_minor: int
    price: Annotated[float, Field(description="What one more unit of money would bring")]
    curve: Annotated[list[list[int]], Field(description="Budgets, and what each would bring")]
    arms: list[ArmOut]


class PlanOut(Strict):
    id: str
    name: str
    status: Status
    asked: PlanIn
    found: FoundOut | None
    as_of: Annotated[Day | None, Field(description="The last day it knew of")]
    done: Annotated[int, Field(description="Steps; of one that was started, coupons")]
    of: int
    error: str
    outcomes: Annotated[
        dict[str, int], Field(description="given, bought (meanwhile), no_consent, waiting")
    ]
    experiment_id: Annotated[str | None, Field(description="What measures it, once started")]
    created_at: Instant
    created_by: str
    started_at: Instant | None
    started_by: str
    stopped_at: Instant | None


class PlansOut(Strict):
    data: list[PlanOut]
    has_more: bool
    next_cursor: str | None


class PeopleQuery(ListQuery):
    reason: Annotated[Reason | None, Field(description="Only members with this reason")] = None


class PersonOut(Strict):
    """Whom, what, when, how much, and why."""

    member_id: str
    number: Annotated[str, Field(description="As printed on the card")]
    name: str | None
    reason: ReasonOut
    offer: str | None
    item: Annotated[str | None, Field(description="The usual item that is likeliest next")]
    from_day: Day | None
    until: Day | None
    state: Annotated[
        State, Field(description="Against their own rhythm; new: too few purchases to have one")
    ]
    days_ago: int | None
    usual_days: int
    chance_bps: Annotated[int, Field(description="Of a purchase within four weeks anyway")]
    lift_bps: int
    worth_minor: Annotated[int, Field(description="What a purchase of theirs is worth")]
    cost_minor: int
    gain_minor: int


class PeopleOut(Strict):
    as_of: Day | None
    currency: str
    data: list[PersonOut]
    has_more: bool
    next_cursor: str | None


def plan_json(plan: PlanView) -> dict[str, Any]:
    asked = plan.asked
    return {
        "id": show("pln", plan.id),
        "name": plan.name,
        "status": plan.status,
        "asked": {
            "name": plan.name,
            "aim": asked.aim,
            "arms": [{"offer": arm, "like": list(asked.like.get(arm, ()))} for arm in asked.arms],
            "budget_minor": asked.budget_minor,
            "margin_bps": asked.margin_bps,
            "held_out_bps": asked.held_out_bps,
            "consent": asked.consent,
            "rest_days": asked.rest_days,
            "segment": asked.segment,
        },
        "found": plan.found,
        "as_of": plan.as_of.isoformat() if plan.as_of else None,
        "done": plan.done,
        "of": plan.of,
        "error": plan.error,
        "outcomes": dict(plan.outcomes),
        "experiment_id": show("exp", plan.id) if plan.outcomes else None,
        "created_at": show_instant(plan.created_at),
        "created_by": plan.created_by,
        "started_at": show_instant(plan.started_at) if plan.started_at else None,
        "started_by": plan.started_by,
        "stopped_at": show_instant(plan.stopped_at) if plan.stopped_at else None,
    }
