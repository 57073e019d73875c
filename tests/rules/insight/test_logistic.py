"""The regression behind every forecast ends at the most likely weights, wherever it sets out."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.modules.insight.history import Floats
from regulars.modules.insight.learning import logistic
from regulars.modules.insight.learning.logistic import Columns, Logistic


def assert_at_the_top(learnt: Logistic, columns: Columns, happened: Floats, penalty: float) -> None:
    """No weight can be moved for the better; by the constant, as many are expected as happened."""
    said = learnt.probabilities(columns)
    assert said.sum() == pytest.approx(happened.sum(), rel=1e-3)
    standard = np.clip((columns - learnt.means) / learnt.scales, -8, 8)
    slope = standard.T @ (happened - said) - penalty * learnt.weights[1:]
    assert np.abs(slope).max() < 0.02


@pytest.mark.parametrize("seed", [1, 5, 7, 9])
@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_rare_outcomes_behind_long_tails_do_not_throw_it_off(seed: int, penalty: float) -> None:
    """Whole steps alone run off to weights of 10^9, and say 0 of everybody."""
    random = np.random.default_rng(seed)
    told = random.normal(0, 1, (1_500, 1))
    spread = told * random.uniform(1, 3) + random.normal(0, 0.3, (1_500, 6))
    columns = np.exp(np.clip(spread, -4, 8)).astype(np.float32)
    noisy = told[:, 0] + random.normal(0, 0.2, 1_500)
    happened = (noisy > np.quantile(noisy, 0.985)).astype(np.float64)

    learnt = logistic.fit(columns, happened, penalty=penalty)

    assert_at_the_top(learnt, columns, happened, penalty)
    said = learnt.probabilities(columns)
    assert said[happened > 0].mean() > 0.3 > 0.02 > said[happened == 0].mean()


def test_a_column_that_never_changes_and_one_that_stands_twice_do_no_harm() -> None:
    random = np.random.default_rng(3)
    once = random.normal(0, 1, 2_000)
    columns = np.column_stack([once, once, np.full(2_000, 7.0)]).astype(np.float32)
    happened = (random.random(2_000) < 1 / (1 + np.exp(1 - once))).astype(np.float64)
    learnt = logistic.fit(columns, happened, penalty=1.0)
    assert_at_the_top(learnt, columns, happened, 1.0)
    assert learnt.weights[1] == pytest.approx(learnt.weights[2], abs=0.01)
    assert learnt.weights[3] == pytest.approx(0.0, abs=1e-6)
