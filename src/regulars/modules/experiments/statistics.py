"""Lift with its uncertainty: differences of arms as they were assigned, and nothing else.

Every function takes whole arms. There is none that takes those who redeemed: they chose
themselves, and their lead over others was there before anything was tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np

from .distributions import normal_quantile, t_quantile, two_sided
from .types import Cost, Effect, Estimate, Floats, Group, Past, Power, Share

ALPHA: Final = 0.05
POWER: Final = 0.80
ALWAYS_VALID_AT: Final = 5000
"""The number of members at which the always-valid interval is tuned to be tightest."""
_NORMAL: Final = NormalDist()


def welch(treated: Group, held_out: Group, *, alpha: float = ALPHA) -> Estimate:
    """The plain difference of means; each arm has its own variance."""
    return _of_outcomes(treated.outcome, held_out.outcome, correlation=0.0, alpha=alpha)


def cuped(treated: Group, held_out: Group, *, alpha: float = ALPHA) -> Estimate:
    """The difference of means after taking out what the weeks before already told.

    One slope for both arms, from their pooled within-arm moments: it knows nothing of the
    difference it helps to measure. A covariate without spread leaves Welch.
    """
    groups = (treated, held_out)
    before = [group.before - group.before.mean() for group in groups]
    outcome = [group.outcome - group.outcome.mean() for group in groups]
    spread = sum(float(b @ b) for b in before)
    noise = sum(float(o @ o) for o in outcome)
    together = sum(float(b @ o) for b, o in zip(before, outcome, strict=True))
    if spread <= 0 or noise <= 0:
        return welch(treated, held_out, alpha=alpha)
    slope = together / spread
    middle = float(np.concatenate([treated.before, held_out.before]).mean())
    adjusted = [group.outcome - slope * (group.before - middle) for group in groups]
    correlation = together / math.sqrt(spread * noise)
    return _of_outcomes(*adjusted, correlation=correlation, alpha=alpha)


def interacted(treated: Group, held_out: Group, *, alpha: float = ALPHA) -> Estimate:
    """Lin's estimator: a slope for each arm, robust (HC2) errors. The check beside CUPED."""
    middle = float(np.concatenate([treated.before, held_out.before]).mean())
    one, other = (_at(middle, group) for group in (treated, held_out))
    error = math.sqrt(one[1] + other[1])
    degrees = len(treated) + len(held_out) - 4
    effect = _effect(one[0] - other[0], error, degrees=degrees, alpha=alpha)
    return Estimate(
        effect=effect,
        treated_mean=one[0],
        held_out_mean=other[0],
        treated_error=math.sqrt(one[1]),
        held_out_error=math.sqrt(other[1]),
        correlation=0.0,
    )


def relative_lift(estimate: Estimate, *, alpha: float = ALPHA) -> Share | None:
    """The lift as a share of the held out, by the log of the ratio (delta method).

    Its interval is as many standard errors wide as looks made that of the difference. None where
    a mean is not above zero: a ratio would say nothing.
    """
    one, other = estimate.treated_mean, estimate.held_out_mean
    if one <= 0 or other <= 0:
        return None
    error = math.hypot(estimate.treated_error / one, estimate.held_out_error / other)
    limit = estimate.limit or normal_quantile(1 - alpha / 2)
    log, wide = math.log(one / other), limit * error
    return Share(
        value=math.expm1(log), low=math.expm1(log - wide), high=math.expm1(min(log + wide, 700.0))
    )


def at_look(estimate: Estimate, *, number: int, planned: int) -> Estimate:
    """The estimate with the interval of an O'Brien-Fleming look: wide early, near-usual at last."""
    limit = obrien_fleming_limit(number=number, planned=planned)
    return _widened(estimate, limit * estimate.effect.standard_error, _tail(limit, estimate))


def always_valid(estimate: Estimate, *, members: int, alpha: float = ALPHA) -> Estimate:
    """The estimate with an interval that holds at every moment at once (a confidence sequence)."""
    wide = estimate.effect.standard_error * always_valid_factor(members, alpha=alpha)
    error = estimate.effect.standard_error
    ratio = abs(estimate.effect.difference) / error if error > 0 else 0.0
    return _widened(estimate, wide, _always_valid_p(ratio, members))


def always_valid_factor(members: int, *, alpha: float = ALPHA) -> float:
    """How many standard errors wide the always-valid interval is on each side."""
    rho = _rho(alpha)
    grown = members * rho * rho + 1
    inside = 2 * grown / (members * rho) ** 2 * math.log(math.sqrt(grown) / alpha)
    return math.sqrt(members) * math.sqrt(inside)


def obrien_fleming_limit(*, number: int, planned: int) -> float:
    """How many standard errors the ``number``-th of ``planned`` equal looks must show.

    Raises ValueError unless 1 <= number <= planned <= 24.
    """
    if not 1 <= number <= planned <= len(_OBRIEN_FLEMING):
        raise ValueError(f"looks are 1 to {len(_OBRIEN_FLEMING)}, not {number} of {planned}")
    return _OBRIEN_FLEMING[planned - 1] / math.sqrt(number / planned)


def cost_per_extra_order(orders: Estimate, *, treated: int, cost_minor: int) -> Cost:
    """What the treated cost, by the orders they made beyond those they would have made anyway."""

    def each(per_member: float) -> int | None:
        return round(cost_minor / (per_member * treated)) if per_member > 0 else None

    effect = orders.effect
    return Cost(
        extra_orders=effect.difference * treated,
        per_extra_order_minor=each(effect.difference),
        least_minor=each(effect.high),
        most_minor=each(effect.low),
    )


def members_needed(past: Past, *, held_out_bps: int, share: float) -> int:
    """How many members find a relative lift of ``share`` four times out of five."""
    if share <= 0 or past.mean <= 0:
        raise ValueError("a lift to find, and a mean, are above zero")
    variance = past.deviation**2 * (1 - past.correlation**2)
    wanted = (_z() / (share * past.mean)) ** 2
    return math.ceil(wanted * variance * _imbalance(held_out_bps))


def power(
    pasts: Sequence[Past], *, members: int, held_out_bps: int, share: float, days: int
) -> Power:
    """Whether ``members`` watched for ``days`` can show a relative lift of ``share``.

    ``pasts`` are lengths of watching, shortest first; the last one not longer than ``days`` is
    what the plan is judged by.
    """
    usable = [past for past in pasts if past.mean > 0]
    if not usable or members < 2:
        return Power(
            members=members, held_out_bps=held_out_bps, least_share=math.inf,
            members_needed=0, days_to_decide=None, enough=False,
        )  # fmt: skip
    planned = [past for past in usable if past.days <= days] or usable[:1]
    needed = members_needed(planned[-1], held_out_bps=held_out_bps, share=share)
    soon = [
        past.days
        for past in usable
        if members_needed(past, held_out_bps=held_out_bps, share=share) <= members
    ]
    return Power(
        members=members,
        held_out_bps=held_out_bps,
        least_share=least_share(planned[-1], members=members, held_out_bps=held_out_bps),
        members_needed=needed,
        days_to_decide=soon[0] if soon else None,
        enough=needed <= members,
    )


def least_share(past: Past, *, members: int, held_out_bps: int) -> float:
    """The smallest relative lift that ``members`` find four times out of five."""
    variance = past.deviation**2 * (1 - past.correlation**2)
    return _z() * math.sqrt(variance * _imbalance(held_out_bps) / members) / past.mean


def _of_outcomes(one: Floats, other: Floats, *, correlation: float, alpha: float) -> Estimate:
    errors = [_squared_error(outcome) for outcome in (one, other)]
    error = math.sqrt(sum(errors))
    degrees = _welch_degrees(errors, [len(one), len(other)])
    difference = float(one.mean() - other.mean())
    return Estimate(
        effect=_effect(difference, error, degrees=degrees, alpha=alpha),
        treated_mean=float(one.mean()),
        held_out_mean=float(other.mean()),
        treated_error=math.sqrt(errors[0]),
        held_out_error=math.sqrt(errors[1]),
        correlation=correlation,
    )


def _effect(difference: float, error: float, *, degrees: float, alpha: float) -> Effect:
    if error <= 0:
        # Nobody differs from anybody in an arm: there is no noise to measure by.
        return Effect(
            difference=difference, standard_error=0.0, low=-math.inf, high=math.inf,
            p_value=1.0, degrees=degrees,
        )  # fmt: skip
    wide = t_quantile(1 - alpha / 2, degrees) * error
    return Effect(
        difference=difference,
        standard_error=error,
        low=difference - wide,
        high=difference + wide,
        p_value=two_sided(difference / error, degrees),
        degrees=degrees,
    )


def _squared_error(outcome: Floats) -> float:
    return float(outcome.var(ddof=1) / len(outcome)) if len(outcome) > 1 else 0.0


def _welch_degrees(errors: Sequence[float], sizes: Sequence[int]) -> float:
    below = sum(
        error**2 / (size - 1) for error, size in zip(errors, sizes, strict=True) if size > 1
    )
    return sum(errors) ** 2 / below if below > 0 else 1.0


def _at(middle: float, group: Group) -> tuple[float, float]:
    """The arm's line at ``middle`` and its HC2 variance."""
    before = group.before - group.before.mean()
    spread = float(before @ before)
    slope = float(before @ group.outcome) / spread if spread > 0 else 0.0
    left = group.outcome - group.outcome.mean() - slope * before
    size, away = len(group), middle - float(group.before.mean())
    beside = before / spread if spread > 0 else np.zeros(size)
    weight = 1 / size + beside * away
    leverage = 1 / size + beside * before
    variance = float((weight**2) @ (left**2 / np.maximum(1 - leverage, 1e-12)))
    return float(group.outcome.mean()) + slope * away, variance


def _widened(estimate: Estimate, wide: float, p_value: float) -> Estimate:
    effect = estimate.effect
    if effect.standard_error <= 0:
        return estimate
    return Estimate(
        effect=Effect(
            difference=effect.difference,
            standard_error=effect.standard_error,
            low=effect.difference - wide,
            high=effect.difference + wide,
            p_value=p_value,
            degrees=effect.degrees,
        ),
        treated_mean=estimate.treated_mean,
        held_out_mean=estimate.held_out_mean,
        treated_error=estimate.treated_error,
        held_out_error=estimate.held_out_error,
        correlation=estimate.correlation,
        limit=wide / effect.standard_error,
    )


def _tail(limit: float, estimate: Estimate) -> float:
    """The p-value on the scale of the last look: below 0.05 exactly where the limit is passed."""
    error = estimate.effect.standard_error
    if error <= 0:
        return 1.0
    scaled = abs(estimate.effect.difference) / error * normal_quantile(1 - ALPHA / 2) / limit
    return 2 * _NORMAL.cdf(-scaled)


def _always_valid_p(ratio: float, members: int) -> float:
    """The level at which the always-valid interval just reaches zero."""
    rho = _rho(ALPHA)
    grown = members * rho * rho + 1
    # ratio^2 = N * 2 grown / (N rho)^2 * ln(sqrt(grown) / p), solved for p.
    exponent = ratio**2 * members * rho * rho / (2 * grown)
    return min(1.0, math.sqrt(grown) * math.exp(-min(exponent, 700.0)))


def _rho(alpha: float) -> float:
    twice = -2 * math.log(alpha)
    return math.sqrt((twice + math.log(twice + 1)) / ALWAYS_VALID_AT)


def _z() -> float:
    return normal_quantile(1 - ALPHA / 2) + normal_quantile(POWER)


def _imbalance(held_out_bps: int) -> float:
    """What a split costs: 4 for halves, 11.1 for one in ten."""
    out = held_out_bps / 10_000
    if not 0 < out < 1:
        raise ValueError("some are held out, and some are not")
    return 1 / out + 1 / (1 - out)


#: The last look's limit in standard errors for 1 to 24 equal looks, 5 % two-sided in all; worked
#: out by integrating the walk of the statistic, which a test does again.
_OBRIEN_FLEMING: Final = (
    1.9600, 1.9774, 2.0040, 2.0243, 2.0401, 2.0528, 2.0633, 2.0722, 2.0798, 2.0865, 2.0924, 2.0976,
    2.1023, 2.1065, 2.1104, 2.1140, 2.1172, 2.1202, 2.1230, 2.1257, 2.1281, 2.1304, 2.1325, 2.1346,
)  # fmt: skip
