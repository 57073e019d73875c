"""Chances, tenths and days ahead: the same for a list, for its filter and for the fact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.insight.chances import chances_of, least_probability
from regulars.modules.insight.clv.report import tenths
from regulars.modules.insight.due.why import Reason, days_until


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 20))
def test_a_filter_takes_whoever_is_told_that_chance(said: list[float], step: int) -> None:
    probability = np.array([*said, step * 5 / 100])
    kept = probability >= least_probability(step * 5)
    assert (kept == (chances_of(probability) >= step * 5)).all()
    assert (chances_of(probability) % 5 == 0).all()
    assert (np.abs(chances_of(probability) / 100 + 0.025 - probability) <= 0.0251).all()


@pytest.mark.parametrize("chance", [-5, 3, 105])
def test_between_the_steps_there_is_no_chance(chance: int) -> None:
    with pytest.raises(ValueError, match="multiple"):
        least_probability(chance)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_tenths_are_those_of_the_mean_rank(worth: list[int]) -> None:
    found = tenths(np.array(worth, dtype=np.int64)).tolist()
    for value, tenth in zip(worth, found, strict=True):
        above = sum(other > value for other in worth)
        rank = Fraction(above + 1 + above + worth.count(value), 2)
        assert tenth == -(-10 * rank // len(worth))
    assert all(1 <= tenth <= 10 for tenth in found)


@given(st.floats(0.4, 60), st.integers(0, 80), st.floats(0, 2, exclude_max=True), st.integers(0, 5))
def test_a_day_ahead_is_told_where_a_steady_rhythm_points_to_one(
    every: float, ago: int, variation: float, times: int
) -> None:
    (ahead,) = days_until(np.array([every]), np.array([ago]), np.array([variation])).tolist()
    reason = Reason(every, ago, times, variation)
    whole = max(1, int(every + 0.5))
    points_ahead = reason.code == "rhythm" and whole > ago
    assert ahead == (whole - ago if points_ahead else 0)
