"""EASE: both forms against the textbook's, and the weights that make up a score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from makers.rhythms import Bought, history, rhythms
from regulars.modules.recommendations.ranking import companions, kinds
from regulars.modules.recommendations.ranking.companions import learn_companions, taste_of
from regulars.modules.recommendations.ranking.kinds import learn_kinds
from regulars.modules.recommendations.ranking.shop import shop_at

BOUGHT = history(rhythms(members=40, items=15, days=120))
PENALTY = 3.0


def test_what_goes_with_a_kind_is_told_of_its_items_by_their_share() -> None:
    """Members buy tea and cups; the new cup has one buyer of the six of cups, so 1/6 of what tea
    says for cups, times 0.15, beside nothing of its own."""
    kind_of = {"tea": "teas", "cup": "cups", "new cup": "cups", "nail": "nails", "paint": "paints"}
    bought = {
        **{f"m{n}": ["tea", "cup"] for n in range(5)},
        "m5": ["new cup", "nail"],
        "m6": ["tea"],
        "m7": ["nail", "paint"],
    }
    rows = [
        Bought(member, item, kind_of[item], day, 1, 100)
        for member, items in bought.items()
        for day in (1, 5, 9)
        for item in items
    ]
    told = history(rows)
    shop = shop_at(told, 9)
    everything = replace(shop, known=told, on_sale=np.ones(len(told.items), dtype=bool))
    taste = taste_of(everything, None)
    found = learn_kinds(everything, taste)
    assert found is not None
    by_kind = np.array(
        [[float(kind in {kind_of[i] for i in items}) for kind in told.parent_texts[0]]
         for items in bought.values()]
    )  # fmt: skip
    inverse = np.linalg.inv(by_kind.T @ by_kind + kinds.PENALTY * np.eye(by_kind.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    of_kind = dict(zip(told.parent_texts[0], (by_kind @ weights).T, strict=True))
    column = {told.items[item]: place for place, item in enumerate(taste.item_of)}
    scores = found.scores(0, taste.rows)
    m6 = list(told.members).index("m6")
    assert of_kind["cups"][m6] > 0 > of_kind["nails"][m6]
    expected = 0.15 * of_kind["cups"][m6] / 6
    assert scores[m6, column["new cup"]] == pytest.approx(expected, rel=1e-3)
    assert scores[m6, column["cup"]] == pytest.approx(5 * expected, rel=1e-3)
    assert scores[m6, column["nail"]] == 0.0


def test_without_kinds_there_is_nothing_to_tell() -> None:
    shop = shop_at(BOUGHT, 119)
    bare = replace(shop, known=replace(shop.known, parents=(), parent_texts=()))
    assert learn_kinds(bare, taste_of(bare, None)) is None


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
