"""How few examples are learnt from: as foretells best the members who were not learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regulars.modules.insight.history import Floats, Ints
from regulars.modules.insight.learning.boosting import Matrix
from regulars.modules.insight.learning.learner import Learner, Settings, learn

NAMES = ("rule", *(f"n{number}" for number in range(39)))
SETTINGS = Settings(
    trees=10, leaves=7, rate=0.1, least_in_leaf=20, penalty=1.0, many=2_000, penalty_of_few=300.0,
    rule="rule",
)  # fmt: skip


def shop(members: int, *, by: slice, seed: int) -> tuple[Matrix, Floats, Ints]:
    """Ten examples of each member, who differ; what happens goes by the sum of some numbers."""
    random = np.random.default_rng(seed)
    whose = np.repeat(np.arange(members), 10)
    matrix = random.exponential(1.0, (members, len(NAMES)))[whose]
    matrix += 0.05 * random.exponential(1.0, matrix.shape)
    score = np.log1p(matrix[:, by]).sum(axis=1)
    chance = 1.0 / (1.0 + np.exp(-3.0 * (score - score.mean()) / score.std()))
    # Members have luck of their own, the same in all of their examples.
    happened = (random.random(members)[whose] < chance).astype(np.float64)
    return matrix.astype(np.float32), happened, whose.astype(np.int64)


def learnt(
    told: tuple[Matrix, Floats, Ints], *, whose: Ints | None = None, settings: Settings = SETTINGS
) -> Learner:
    matrix, happened, members = told
    return learn(
        matrix, happened, whose=members if whose is None else whose, names=NAMES,
        settings=settings, with_trees=False,
    )  # fmt: skip


def surprise(learner: Learner, told: tuple[Matrix, Floats, Ints]) -> float:
    said = np.clip(learner.probabilities(told[0]), 1e-4, 1 - 1e-4)
    return -float(np.log(np.where(told[1] > 0, said, 1 - said)).mean())


@pytest.mark.parametrize("seed", range(4))
def test_where_one_number_tells_all_it_answers_half(seed: int) -> None:
    told = shop(60, by=slice(0, 1), seed=seed)
    found = learnt(told)
    assert found.by_rule is not None
    assert found.using == "logistic"
    both = found.regression.probabilities(np.log1p(told[0]))
    alone = found.by_rule.probabilities(np.log1p(told[0][:, :1]))
    assert found.probabilities(told[0]) == pytest.approx((both + alone) / 2, abs=1e-6)
    new = shop(2_000, by=slice(0, 1), seed=100 + seed)
    freely = learn(
        told[0], told[1], whose=told[2], names=NAMES, with_trees=False,
        settings=Settings(**{**_given(), "many": 0}),
    )  # fmt: skip
    assert surprise(found, new) < surprise(freely, new)


@pytest.mark.parametrize("seed", range(4))
def test_where_other_numbers_tell_it_the_rule_has_no_say(seed: int) -> None:
    assert learnt(shop(180, by=slice(1, 6), seed=seed)).by_rule is None


def test_what_foretells_a_little_better_by_chance_is_not_taken_where_it_is_doubted() -> None:
    """Of shops in which few numbers tell all, some seem to be foretold better without the rule."""
    shops = [shop(40, by=slice(0, 4), seed=seed) for seed in range(12)]
    doubting = replace(SETTINGS, doubt=2.0)
    left_it = [one for one in shops if learnt(one).by_rule is None]
    assert len(left_it) >= 5
    assert sum(learnt(one, settings=doubting).by_rule is None for one in left_it) <= 2
    clear = shop(180, by=slice(1, 6), seed=1)
    assert learnt(clear, settings=doubting).by_rule is None


def test_the_regression_beside_the_rule_has_a_penalty_of_its_own() -> None:
    told = shop(60, by=slice(0, 1), seed=1)
    found = learnt(told, settings=replace(SETTINGS, penalty_beside_rule=1e9))
    assert found.by_rule is not None
    held = found.regression.probabilities(np.log1p(told[0]))
    assert np.ptp(held) < 0.01 < np.ptp(learnt(told).regression.probabilities(np.log1p(told[0])))


def test_examples_of_one_member_are_never_on_both_sides() -> None:
    """Learnt by heart what happened to the same members, any weights seem good."""
    told = shop(60, by=slice(0, 1), seed=1)
    rows = np.arange(len(told[1]))
    assert learnt(told).by_rule is not None
    assert learnt(told, whose=rows).by_rule is None


def test_with_many_examples_nothing_is_tried() -> None:
    found = learnt(shop(200, by=slice(0, 1), seed=1))
    assert (found.examples, found.by_rule) == (2_000, None)


def test_one_member_alone_is_learnt_from_all_the_same() -> None:
    matrix, happened, _ = shop(60, by=slice(0, 1), seed=1)
    found = learnt((matrix, happened, np.zeros(len(happened), dtype=np.int64)))
    said = found.probabilities(matrix)
    assert np.isfinite(said).all()
    assert 0 < said.min() < said.max() < 1


def _given() -> dict[str, object]:
    return {name: getattr(SETTINGS, name) for name in Settings.__slots__}
