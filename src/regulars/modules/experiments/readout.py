"""What an experiment shows, told in plain JSON; and before it starts, what it could show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from ibis.expr.types import Table

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.analytics.facts import Facts

from . import offers, queries, rules, statistics
from .errors import ExperimentNotRunning
from .outcomes import Doings, doings, doings_in
from .queries import Assigned
from .types import (
    COVARIATE_WEEKS,
    METRICS,
    Cost,
    Estimate,
    Group,
    Look,
    Metric,
    Past,
    Plan,
    Power,
    SampleRatio,
    Share,
    View,
)

COVARIATE_DAYS: Final = 7 * COVARIATE_WEEKS
_PAST_DAYS: Final = (14, 28, 56, 84, 112)
_DIGITS: Final = 6


def readout(
    merchant: MerchantFacts,
    found: View,
    facts: Facts,
    *,
    today: date,
    cost_minor: int | None = None,
    redeemed: int | None = None,
) -> dict[str, Any]:
    """The lift of an experiment at the end of yesterday, as far as it may be read.

    Nothing is read between looks, and nothing at all where the arms are not as planned. How many
    redeemed an offer and what that cost is counted, unless it is given. Raises
    ExperimentNotRunning for a draft, and Invalid where more redeemed than were treated.
    """
    if found.assigned_on is None:
        raise ExperimentNotRunning("Start it first: nobody has been assigned.")
    people = queries.assigned(merchant.id, found.id)
    treated = int((~people.held_out).sum())
    if redeemed is not None and redeemed > treated:
        detail = "More redeemed than were treated."
        raise Invalid(detail, errors=[FieldError("?redeemed", "too_large", detail)])
    ratio = _ratio(people, found.plan)
    look = _look(found, today)
    told: dict[str, Any] = {
        "as_of": (today - timedelta(days=1)).isoformat(),
        "sample_ratio": _ratio_shown(ratio),
        "merged_across_arms": people.across,
        "look": None if look is None else _look_shown(look),
        "readable_on": _next_reading(found, look),
        "metrics": None,
        "redemption": None,
        "verdict": None,
        "cost": None,
        "per_redeemer": None,
    }
    if look is None or ratio.stop:
        return told
    done = doings(
        facts,
        people.member,
        since=found.assigned_on,
        until=look.day,
        soon_days=found.plan.rebought_days,
    )
    estimates = {metric: _estimate(people, done, metric, found.plan, look) for metric in METRICS}
    main = estimates[found.plan.metric]
    told["metrics"] = {
        metric: _metric_shown(estimates[metric], people, done, metric) for metric in METRICS
    }
    told["verdict"] = rules.verdict(main.effect, ratio)
    taken = _taken(merchant, found, people, look)
    if taken is not None:
        told["redemption"] = {"members": taken.members, "cost_minor": taken.cost_minor}
        cost_minor = taken.cost_minor if cost_minor is None else cost_minor
        redeemed = taken.members if redeemed is None else redeemed
    if cost_minor is not None:
        cost = statistics.cost_per_extra_order(
            estimates["orders"], treated=treated, cost_minor=cost_minor
        )
        told["cost"] = _cost_shown(cost, cost_minor)
    if redeemed:
        share = rules.per_redeemer(main.effect, redemption=redeemed / treated)
        told["per_redeemer"] = None if share is None else _share_shown(share)
    return told


def _ratio(people: Assigned, plan: Plan) -> SampleRatio:
    held_out = int(people.held_out.sum())
    return rules.sample_ratio(
        treated=len(people.member) - held_out, held_out=held_out, held_out_bps=plan.held_out_bps
    )


def _taken(
    merchant: MerchantFacts, found: View, people: Assigned, look: Look
) -> offers.Taken | None:
    """Who of the treated bought with the offer that is tried; None where it is something else."""
    if found.plan.offer is None or found.assigned_on is None:
        return None
    given = [one for one, out in zip(people.member, people.held_out, strict=True) if not out]
    return offers.taken_by(
        merchant, found.plan.offer, given, since=found.assigned_on, until=look.day
    )


def power(facts: Facts, members: Sequence[str], plan: Plan, *, today: date) -> Power:
    """What ``plan`` could show on ``members``, going by what they did up to yesterday."""
    yesterday = today - timedelta(days=1)
    with facts.open() as tables:
        orders = tables.table("orders")
        pasts = [_past(orders, members, plan, days, until=yesterday) for days in _PAST_DAYS]
    return statistics.power(
        pasts,
        members=len(members),
        held_out_bps=plan.held_out_bps,
        share=plan.least_bps / 10_000,
        days=plan.days,
    )


def power_shown(told: Power) -> dict[str, Any]:
    return {
        "members": told.members,
        "held_out_bps": told.held_out_bps,
        "least_share": _number(told.least_share),
        "members_needed": told.members_needed,
        "days_to_decide": told.days_to_decide,
        "enough": told.enough,
    }


def _past(orders: Table, members: Sequence[str], plan: Plan, days: int, *, until: date) -> Past:
    since = until - timedelta(days=days)
    soon = min(plan.rebought_days, days)
    outcome = doings_in(orders, members, since=since, until=until, soon_days=soon).of(plan.metric)
    before = doings_in(
        orders, members, since=since - timedelta(days=COVARIATE_DAYS), until=since, soon_days=soon
    ).before(plan.metric)
    if len(outcome) < 2:
        return Past(days=days, mean=0.0, deviation=0.0, correlation=0.0)
    spread = float(outcome.std(ddof=1))
    varied = spread > 0 and float(before.std()) > 0
    return Past(
        days=days,
        mean=float(outcome.mean()),
        deviation=spread,
        correlation=float(np.corrcoef(outcome, before)[0, 1]) if varied else 0.0,
    )


def _look(found: View, today: date) -> Look | None:
    """The look that counts at the end of yesterday."""
    assert found.assigned_on is not None
    begins, yesterday = found.assigned_on + timedelta(days=1), today - timedelta(days=1)
    plan = found.plan
    if plan.looking == "always":
        last = begins + timedelta(days=plan.days - 1)
        if yesterday < begins:
            return None
        return Look(number=1, planned=1, day=min(yesterday, last))
    return rules.look_on(yesterday, begins=begins, days=plan.days, looks=plan.looks)


def _next_reading(found: View, look: Look | None) -> str | None:
    """The first day on which more may be read; None where all was."""
    assert found.assigned_on is not None
    begins, plan = found.assigned_on + timedelta(days=1), found.plan
    looks = plan.days if plan.looking == "always" else plan.looks
    days = rules.look_days(begins, days=plan.days, looks=looks)
    later = [day for day in days if look is None or day > look.day]
    return (later[0] + timedelta(days=1)).isoformat() if later else None


def _estimate(people: Assigned, done: Doings, metric: Metric, plan: Plan, look: Look) -> Estimate:
    found = statistics.cuped(*_groups(people, done, metric))
    if plan.looking == "always":
        return statistics.always_valid(found, members=len(people.member))
    if look.planned > 1:
        return statistics.at_look(found, number=look.number, planned=look.planned)
    return found


def _groups(people: Assigned, done: Doings, metric: Metric) -> tuple[Group, Group]:
    before = {
        "orders": people.before_orders,
        "money": people.before_minor,
        "rebought": people.before_days,
    }[metric]
    outcome, out = done.of(metric), people.held_out
    return (
        Group(outcome=outcome[~out], before=before[~out]),
        Group(outcome=outcome[out], before=before[out]),
    )


def _metric_shown(
    estimate: Estimate, people: Assigned, done: Doings, metric: Metric
) -> dict[str, Any]:
    effect = estimate.effect
    check = statistics.interacted(*_groups(people, done, metric)).effect
    lift = statistics.relative_lift(estimate)
    return {
        "treated_mean": _number(estimate.treated_mean),
        "held_out_mean": _number(estimate.held_out_mean),
        "difference": _number(effect.difference),
        "low": _number(effect.low),
        "high": _number(effect.high),
        "standard_error": _number(effect.standard_error),
        "p_value": _number(effect.p_value),
        "relative": None if lift is None else _share_shown(lift),
        "correlation": _number(estimate.correlation),
        "robust_difference": _number(check.difference),
        "robust_standard_error": _number(check.standard_error),
    }


def _ratio_shown(ratio: SampleRatio) -> dict[str, Any]:
    return {
        "treated": ratio.treated,
        "held_out": ratio.held_out,
        "expected_held_out": _number(ratio.expected_held_out),
        "p_value": _number(ratio.p_value),
        "stop": ratio.stop,
    }


def _look_shown(look: Look) -> dict[str, Any]:
    return {"number": look.number, "planned": look.planned, "day": look.day.isoformat()}


def _cost_shown(cost: Cost, cost_minor: int) -> dict[str, Any]:
    return {
        "cost_minor": cost_minor,
        "extra_orders": _number(cost.extra_orders),
        "per_extra_order_minor": cost.per_extra_order_minor,
        "least_minor": cost.least_minor,
        "most_minor": cost.most_minor,
    }


def _share_shown(share: Share) -> dict[str, Any]:
    return {
        "value": _number(share.value),
        "low": _number(share.low),
        "high": _number(share.high),
    }


def _number(value: float) -> float | None:
    """Six significant digits; None for what is not known."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
