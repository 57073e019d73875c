"""Lift: held against other implementations, closed forms and laws."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regulars.modules.experiments import distributions, rules, statistics
from regulars.modules.experiments.types import Effect, Estimate, Group, Past, SampleRatio


def group(seed: int, size: int, *, shift: float = 0.0) -> Group:
    rng = np.random.default_rng(seed)
    before = rng.gamma(2.0, 30.0, size)
    return Group(outcome=0.8 * before + rng.gamma(1.0, 20.0, size) + shift, before=before)


@pytest.mark.parametrize("degrees", [1.0, 2.5, 5.0, 7.0, 30.0, 411.7, 2467.0, 1e8])
@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, 1.96, 3.3, 9.0])
def test_students_t(degrees: float, ratio: float) -> None:
    found = distributions.two_sided(ratio, degrees)
    assert found == pytest.approx(2 * stats.t.sf(ratio, degrees), rel=1e-6)
    for share in (0.8, 0.975, 0.9995):
        quantile = distributions.t_quantile(share, degrees)
        assert quantile == pytest.approx(stats.t.ppf(share, degrees), rel=1e-6)


@given(seed=st.integers(0, 10_000), sizes=st.tuples(st.integers(3, 80), st.integers(3, 80)))
@settings(max_examples=60, deadline=None)
def test_welch_is_welch(seed: int, sizes: tuple[int, int]) -> None:
    one, other = group(seed, sizes[0]), group(seed + 1, sizes[1])
    told = statistics.welch(one, other).effect
    known = stats.ttest_ind(one.outcome, other.outcome, equal_var=False)
    interval = known.confidence_interval()
    assert told.p_value == pytest.approx(known.pvalue, rel=1e-6, abs=1e-12)
    assert (told.low, told.high) == pytest.approx((interval.low, interval.high), rel=1e-6)


@given(seed=st.integers(0, 10_000), by=st.floats(-500, 500), times=st.floats(0.01, 50))
@settings(max_examples=60, deadline=None)
def test_the_unit_of_the_weeks_before_does_not_matter(seed: int, by: float, times: float) -> None:
    one, other = group(seed, 60), group(seed + 1, 25)
    told = statistics.cuped(one, other)
    moved = statistics.cuped(
        Group(outcome=one.outcome, before=one.before * times + by),
        Group(outcome=other.outcome, before=other.before * times + by),
    )
    assert moved.effect.difference == pytest.approx(told.effect.difference, rel=1e-6, abs=1e-6)
    assert moved.effect.standard_error == pytest.approx(told.effect.standard_error, rel=1e-6)


@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50))
@settings(max_examples=60, deadline=None)
def test_a_gift_to_everybody_treated_is_found_to_the_cent(seed: int, shift: float) -> None:
    one, other = group(seed, 60), group(seed + 1, 25)
    gifted = Group(outcome=one.outcome + shift, before=one.before)
    for estimator in (statistics.welch, statistics.cuped, statistics.interacted):
        before, after = estimator(one, other).effect, estimator(gifted, other).effect
        assert after.difference - before.difference == pytest.approx(shift, abs=1e-8)
        assert after.standard_error == pytest.approx(before.standard_error)


def test_cuped_by_its_formula() -> None:
    one, other = group(1, 400, shift=3.0), group(2, 100)
    told = statistics.cuped(one, other)
    before = np.concatenate([one.before - one.before.mean(), other.before - other.before.mean()])
    outcome = np.concatenate(
        [one.outcome - one.outcome.mean(), other.outcome - other.outcome.mean()]
    )
    slope = (before @ outcome) / (before @ before)
    difference = (one.outcome.mean() - other.outcome.mean()) - slope * (
        one.before.mean() - other.before.mean()
    )
    assert told.effect.difference == pytest.approx(difference)
    left = [g.outcome - slope * g.before for g in (one, other)]
    error = math.sqrt(sum(kept.var(ddof=1) / len(kept) for kept in left))
    assert told.effect.standard_error == pytest.approx(error)
    kept = np.concatenate([k - k.mean() for k in left])
    assert 1 - told.correlation**2 == pytest.approx((kept @ kept) / (outcome @ outcome))


def test_weeks_before_without_spread_leave_the_plain_difference() -> None:
    one, other = group(1, 40), group(2, 30)
    flat = [Group(outcome=g.outcome, before=np.zeros(len(g))) for g in (one, other)]
    assert statistics.cuped(*flat) == statistics.welch(one, other)


def test_members_who_never_bought_before_can_be_read_all_the_same() -> None:
    outcome, nothing = np.array([1.0, 2.0, 4.0]), np.zeros(3)
    one = Group(outcome=outcome, before=nothing)
    other = Group(outcome=outcome - 1.0, before=nothing)
    told = statistics.interacted(one, other).effect
    assert told.difference == pytest.approx(1.0)
    assert told.standard_error == pytest.approx(math.sqrt(2 * outcome.var(ddof=1) / 3))


def test_lin_with_hc2_by_matrices() -> None:
    one, other = group(3, 90, shift=5.0), group(4, 40)
    middle = np.concatenate([one.before, other.before]).mean()
    outcome = np.concatenate([one.outcome, other.outcome])
    arm = np.concatenate([np.ones(90), np.zeros(40)])
    before = np.concatenate([one.before, other.before]) - middle
    design = np.column_stack([np.ones(130), arm, before, arm * before])
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ outcome
    left = outcome - design @ fitted
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    meat = (design * (left**2 / (1 - leverage))[:, None]).T @ design
    error = math.sqrt((inverse @ meat @ inverse)[1, 1])
    told = statistics.interacted(one, other)
    assert told.effect.difference == pytest.approx(fitted[1])
    assert told.effect.standard_error == pytest.approx(error)


@pytest.mark.parametrize("looks", [1, 2, 5, 12, 24])
def test_obrien_fleming_looks_err_one_time_in_twenty_together(looks: int) -> None:
    """The walk of the statistic, integrated look by look between the limits."""
    last = statistics.obrien_fleming_limit(number=looks, planned=looks)
    edge = last * math.sqrt(looks)
    at = np.linspace(-edge, edge, 801)
    weight = np.full(801, at[1] - at[0])
    weight[1:-1:2] *= 4 / 3
    weight[2:-1:2] *= 2 / 3
    weight[[0, -1]] /= 3
    step = np.exp(-((at[:, None] - at[None, :]) ** 2) / 2) / math.sqrt(2 * math.pi)
    inside = np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)
    for _look in range(looks - 1):
        inside = step @ (inside * weight)
    assert 1 - inside @ weight == pytest.approx(0.05, abs=2e-4)
    first = statistics.obrien_fleming_limit(number=1, planned=looks)
    assert first == pytest.approx(last * math.sqrt(looks))


def test_looks_that_were_not_planned_have_no_limit() -> None:
    for number, planned in ((0, 5), (6, 5), (1, 25)):
        with pytest.raises(ValueError, match="looks"):
            statistics.obrien_fleming_limit(number=number, planned=planned)


def test_the_always_valid_interval_is_as_wide_as_published() -> None:
    usual = statistics.normal_quantile(0.975)
    assert statistics.always_valid_factor(1_000) / usual == pytest.approx(1.72, abs=0.005)
    assert statistics.always_valid_factor(5_000) / usual == pytest.approx(1.55, abs=0.005)


def test_the_always_valid_p_value_is_five_percent_where_the_interval_touches_zero() -> None:
    for members in (50, 1_000, 100_000):
        factor = statistics.always_valid_factor(members)
        for beyond, sure in ((1.0001, True), (0.9999, False)):
            told = statistics.always_valid(estimate(factor * beyond, 1.0), members=members).effect
            assert (told.low > 0) is sure
            assert (told.p_value < 0.05) is sure


@pytest.mark.parametrize("number", [1, 3, 12])
def test_a_looks_p_value_is_five_percent_at_its_limit(number: int) -> None:
    limit = statistics.obrien_fleming_limit(number=number, planned=12)
    for beyond, sure in ((1.0001, True), (0.9999, False)):
        looked = statistics.at_look(estimate(limit * beyond, 1.0), number=number, planned=12)
        assert (looked.effect.low > 0) is sure
        assert (looked.effect.p_value < 0.05) is sure


def test_relative_lift_by_the_log_of_the_ratio() -> None:
    told = statistics.relative_lift(estimate(10.0, math.hypot(3.0, 4.0)))
    assert told is not None
    error = math.hypot(3 / 110, 4 / 100)
    assert told.value == pytest.approx(0.10)
    assert told.low == pytest.approx(1.1 * math.exp(-1.959964 * error) - 1, abs=1e-7)
    assert statistics.relative_lift(estimate(-100.0, 1.0, held_out=50.0)) is None


def test_a_wider_interval_of_the_difference_is_a_wider_one_of_the_lift() -> None:
    usual = estimate(10.0, math.hypot(3.0, 4.0))
    error = math.hypot(3 / 110, 4 / 100)
    always = statistics.always_valid(usual, members=1_000)
    look = statistics.at_look(usual, number=1, planned=12)
    for wider, limit in (
        (always, statistics.always_valid_factor(1_000)),
        (look, statistics.obrien_fleming_limit(number=1, planned=12)),
    ):
        told = statistics.relative_lift(wider)
        assert told is not None
        assert told.low == pytest.approx(1.1 * math.exp(-limit * error) - 1, abs=1e-9)
        assert told.high == pytest.approx(1.1 * math.exp(limit * error) - 1, abs=1e-9)


def test_arms_without_noise_prove_nothing() -> None:
    one = Group(outcome=np.ones(5), before=np.zeros(5))
    other = Group(outcome=np.zeros(5), before=np.zeros(5))
    told = statistics.cuped(one, other).effect
    assert (told.low, told.high, told.p_value) == (-math.inf, math.inf, 1.0)


def test_power_and_the_number_of_members_are_one_question() -> None:
    past = Past(days=28, mean=50.0, deviation=80.0, correlation=0.8)
    needed = statistics.members_needed(past, held_out_bps=2_000, share=0.05)
    # (1.95996 + 0.84162)^2 / 2.5^2 x 6400 x 0.36 x (1/0.2 + 1/0.8)
    assert needed == 18_084
    seen = statistics.least_share(past, members=needed, held_out_bps=2_000)
    assert seen == pytest.approx(0.05, rel=1e-4)
    assert statistics.least_share(past, members=needed, held_out_bps=5_000) < seen


def test_four_of_five_experiments_of_the_planned_size_find_it() -> None:
    rng = np.random.default_rng(3)
    past = Past(days=28, mean=50.0, deviation=math.hypot(24, 18), correlation=0.8)
    members = statistics.members_needed(past, held_out_bps=5_000, share=0.05)
    found = 0
    for _trial in range(600):
        before = rng.normal(0, 24, members)
        outcome = 50 + before + rng.normal(0, 18, members)
        half = members // 2
        told = statistics.cuped(
            Group(outcome=outcome[:half] + 2.5, before=before[:half]),
            Group(outcome=outcome[half:], before=before[half:]),
        )
        found += told.effect.low > 0
    assert found / 600 == pytest.approx(0.80, abs=0.05)


def test_the_plan_says_how_long_and_whether_it_is_enough() -> None:
    pasts = [
        Past(days=28, mean=50.0, deviation=80.0, correlation=0.6),
        Past(days=56, mean=100.0, deviation=120.0, correlation=0.85),
    ]
    few = statistics.power(pasts, members=2_000, held_out_bps=2_000, share=0.05, days=56)
    assert (few.enough, few.days_to_decide) == (False, None)
    many = statistics.power(pasts, members=9_000, held_out_bps=2_000, share=0.05, days=56)
    assert (many.enough, many.days_to_decide, many.members_needed) == (True, 56, 7_842)
    nothing = statistics.power([], members=9_000, held_out_bps=2_000, share=0.05, days=56)
    assert (nothing.enough, nothing.least_share) == (False, math.inf)


def test_what_an_extra_order_cost_is_open_ended_while_the_lift_may_be_nothing() -> None:
    told = statistics.cost_per_extra_order(estimate(0.02, 0.005), treated=8_000, cost_minor=80_000)
    assert (told.extra_orders, told.per_extra_order_minor) == (160.0, 500)
    assert told.least_minor is not None
    assert told.most_minor is not None
    assert told.least_minor < 500 < told.most_minor
    unsure = statistics.cost_per_extra_order(estimate(0.02, 0.02), treated=10, cost_minor=100)
    assert unsure.most_minor is None


def test_the_effect_per_redeemer_is_the_offers_effect_over_the_share_who_took_it() -> None:
    effect = estimate(1.2, 0.3).effect
    told = rules.per_redeemer(effect, redemption=0.24)
    assert told is not None
    assert (told.value, told.low) == pytest.approx((5.0, effect.low / 0.24))
    assert rules.per_redeemer(effect, redemption=0.0) is None


@pytest.mark.parametrize(
    ("difference", "stop", "word"),
    [(3.0, False, "works"), (-3.0, False, "harms"), (1.0, False, "not_proven"),
     (3.0, True, "not_proven")],
)  # fmt: skip
def test_the_verdict_is_what_the_interval_says(difference: float, stop: bool, word: str) -> None:
    ratio = SampleRatio(treated=1, held_out=1, expected_held_out=1.0, p_value=0.5, stop=stop)
    assert rules.verdict(estimate(difference, 1.0).effect, ratio) == word


def test_looks_are_equal_parts_and_the_last_is_the_last_day() -> None:
    begins = date(2026, 3, 1)
    assert rules.look_days(begins, days=56, looks=4)[-1] == date(2026, 4, 25)
    assert rules.look_on(date(2026, 3, 13), begins=begins, days=56, looks=4) is None
    look = rules.look_on(date(2026, 3, 29), begins=begins, days=56, looks=4)
    assert look is not None
    assert (look.number, look.day) == (2, date(2026, 3, 28))
    assert rules.may_decide("planned", look)
    assert not rules.may_decide("once", look)
    assert rules.may_decide("always", None)


def estimate(difference: float, error: float, *, held_out: float = 100.0) -> Estimate:
    wide = 1.959964 * error
    return Estimate(
        effect=Effect(
            difference=difference,
            standard_error=error,
            low=difference - wide,
            high=difference + wide,
            p_value=0.5,
            degrees=1e9,
        ),
        treated_mean=held_out + difference,
        held_out_mean=held_out,
        treated_error=error * 3 / 5,
        held_out_error=error * 4 / 5,
        correlation=0.0,
    )
