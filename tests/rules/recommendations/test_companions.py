"""EASE: both forms against the textbook's, and the weights that make up a score."""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import history, rhythms
from regulars.modules.recommendations.ranking import companions
from regulars.modules.recommendations.ranking.companions import learn_companions, taste_of
from regulars.modules.recommendations.ranking.shop import shop_at

BOUGHT = history(rhythms(members=40, items=15, days=120))
PENALTY = 3.0


@pytest.fixture(params=["by members", "by items"])
def learnt(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> companions.Companions:
    shop = shop_at(BOUGHT, 119)
    taste = taste_of(shop, 56.0)
    if request.param == "by members":
        few = companions.Taste(
            taste.row, taste.column, taste.weight, taste.rows, np.append(taste.item_of, [0] * 99)
        )
        return learn_companions(few, PENALTY)
    monkeypatch.setattr(companions, "FEW_MEMBERS", 5)
    return learn_companions(taste, PENALTY)


def test_scores_are_the_textbooks(learnt: companions.Companions) -> None:
    table = learnt.taste.table(0, learnt.taste.rows).astype(np.float64)
    inverse = np.linalg.inv(table.T @ table + PENALTY * np.eye(table.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    np.testing.assert_allclose(learnt.scores(0, learnt.taste.rows), table @ weights, atol=2e-3)
    some, others = np.array([0, 3]), np.array([1, 5, 7])
    np.testing.assert_allclose(
        learnt.weights(some, others), weights[np.ix_(some, others)], atol=2e-4
    )


def test_taste_is_the_logarithm_of_decayed_counts() -> None:
    shop = shop_at(BOUGHT, 119)
    taste = taste_of(shop, 56.0)
    table = taste.table(0, taste.rows)
    for row in (0, 7, 39):
        for column in range(taste.columns):
            own = BOUGHT.day[
                (BOUGHT.member == shop.shoppers[row])
                & (BOUGHT.item == taste.item_of[column])
                & (BOUGHT.day <= 119)
            ]
            expected = np.log1p((0.5 ** ((119 - own) / 56.0)).sum())
            assert table[row, column] == pytest.approx(expected, abs=1e-5)
    ever = taste_of(shop, None)
    assert np.array_equal(ever.table(0, ever.rows), (table > 0).astype(np.float32))


def test_two_members_and_two_items() -> None:
    """The worked figures of docs/algorithms/recommendations.md."""
    cells = np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones(3, dtype=np.float32)
    taste = companions.Taste(*cells, 2, np.array([0, 1]))
    found = learn_companions(taste, 1.0)
    assert found.scores(0, 2)[1, 1] == pytest.approx(1 / 3)
    first, second = np.array([0]), np.array([1])
    assert found.weights(first, second)[0, 0] == pytest.approx(1 / 3)
    assert found.own.tolist() == pytest.approx([0.4, 0.6])
