"""The forecast of what is due: what it may know, how sure it is, and when it says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from makers.rhythms import Bought, history, rhythms
from regulars.modules.insight.due.features import features_at
from regulars.modules.insight.due.forecast import (
    Forecast,
    anchors_before,
    foretell,
    window_at,
)
from regulars.modules.insight.due.pairs import bought_within, first_bought, pairs_at
from regulars.modules.insight.history import History
from regulars.modules.insight.learning import boosting
from regulars.modules.insight.types import Abstained

TOLD = history(rhythms(members=260, items=40, days=400))
AS_OF, HORIZON = 300, 14
TREES = [False, pytest.param(True, marks=pytest.mark.skipif(
    not boosting.installed(), reason="LightGBM is not installed"
))]  # fmt: skip


def forecast(told: History, horizon: int = HORIZON, *, trees: bool = False) -> Forecast:
    found = foretell(told, AS_OF, horizon, with_trees=trees)
    assert isinstance(found, Forecast), found
    return found


def poisoned() -> History:
    """The same past, and after the day everybody buys everything every day."""
    bought = [one for one in rhythms(members=260, items=40, days=400) if one.day <= AS_OF]
    members = sorted({one.member for one in bought})
    items = {one.item: one.category for one in bought}
    bought += [
        Bought(member, item, category, day, 9, 99_999)
        for member in members[::3]
        for item, category in items.items()
        for day in (AS_OF + 1, AS_OF + 5)
    ]
    return history(bought)


@pytest.mark.parametrize("trees", TREES)
def test_the_future_changes_nothing(trees: bool) -> None:
    past = forecast(TOLD.until(AS_OF), trees=trees)
    for later in (TOLD, poisoned()):
        found = forecast(later, trees=trees)
        np.testing.assert_array_equal(found.features.matrix, past.features.matrix)
        np.testing.assert_array_equal(found.probability, past.probability)
        assert found.backtests == past.backtests


def test_a_window_that_is_not_over_would_be_seen() -> None:
    """The test above can fail: the label of a window reaching past the day does change."""
    open_window = pairs_at(TOLD, AS_OF - 3)
    known = bought_within(TOLD.until(AS_OF), open_window, HORIZON)
    assert (known != bought_within(TOLD, open_window, HORIZON)).any()


@pytest.mark.parametrize("horizon", [1, 7, 14, 30, 90])
def test_every_window_learnt_from_is_over(horizon: int) -> None:
    days = anchors_before(TOLD, AS_OF, horizon)
    assert days[0] + horizon == AS_OF
    assert days == sorted(days, reverse=True)
    assert min(days) >= 27


@pytest.mark.parametrize("trees", TREES)
def test_what_is_said_comes_true_as_often_as_said(trees: bool) -> None:
    found = forecast(TOLD, trees=trees)
    happened = bought_within(TOLD, found.features.pairs, HORIZON).astype(float)
    order = np.argsort(found.probability)
    for part in np.array_split(order, 5):
        # 3 standard errors of a fifth of the pairs, and what drifts.
        room = 3 * np.sqrt(0.25 / len(part)) + 0.02
        assert abs(found.probability[part].mean() - happened[part].mean()) < room
    assert found.probability.min() >= 0.0
    assert found.probability.max() <= 1.0


def test_it_tells_more_than_counting_does() -> None:
    from bench.eval.metrics import auc, average_precision

    found = forecast(TOLD)
    happened = bought_within(TOLD, found.features.pairs, HORIZON).astype(float)
    counting = found.features.column("decayed_56").astype(float)
    assert auc(happened, found.probability) > auc(happened, counting) + 0.02
    ours = average_precision(happened, found.probability)
    assert ours > average_precision(happened, counting) + 0.01


@pytest.mark.parametrize("horizon", [1, 3, 45, 90])
def test_any_horizon_is_answered(horizon: int) -> None:
    found = forecast(TOLD, horizon)
    happened = bought_within(TOLD, found.features.pairs, horizon)
    assert abs(float(found.probability.mean()) - float(happened.mean())) < 0.08
    assert found.day_shares.shape == (horizon,)
    assert abs(float(found.day_shares.sum()) - 1.0) < 1e-9


@pytest.mark.parametrize("horizon", [0, 91, -1])
def test_a_horizon_is_1_to_90_days(horizon: int) -> None:
    with pytest.raises(ValueError, match="1 to 90"):
        foretell(TOLD, AS_OF, horizon)


def test_a_backtest_is_foretold_without_its_own_window() -> None:
    found = forecast(TOLD)
    assert [one.anchor for one in found.backtests] == [AS_OF - 14, AS_OF - 28]
    for one in found.backtests:
        window = window_at(TOLD, one.anchor, HORIZON)
        assert one.asked == len(window.waits)
        assert one.happened == int(window.happened.sum())
        assert abs(one.expected / one.happened - 1) < 0.15
        # Had the learner seen that window, changing its outcome would change what was said.
    after = TOLD.only((TOLD.day <= AS_OF - 28) | (TOLD.day > AS_OF))
    blind = foretell(after, AS_OF, HORIZON, with_trees=False)
    assert isinstance(blind, Forecast)
    assert blind.backtests[1].expected == found.backtests[1].expected
    assert blind.backtests[1].happened == 0


@pytest.mark.parametrize(
    ("members", "days", "reason"),
    [(0, 10, "too_few_pairs"), (3, 400, "too_few_pairs"), (400, 20, "too_few_pairs")],
)
def test_it_abstains_where_there_is_little_to_learn_from(
    members: int, days: int, reason: str
) -> None:
    found = foretell(history(rhythms(members=members, items=40, days=days)), days - 1, HORIZON)
    assert isinstance(found, Abstained)
    assert (found.reason, found.there < found.needed) == (reason, True)


def test_it_abstains_where_everything_is_always_bought() -> None:
    bought = [
        Bought(f"m{member}", f"i{item}", "c", day, 1, 100)
        for member in range(60)
        for item in range(3)
        for day in range(0, 200, 2)
    ]
    found = foretell(history(bought), 199, HORIZON)
    assert found == Abstained("too_few_outcomes", 0, 30)


def test_waits_are_counted_from_the_day_after() -> None:
    bought = [Bought("m", "i", "c", day, 1, 100) for day in (1, 5, 9, 13)]
    told = history(bought)
    waits = [int(first_bought(told, pairs_at(told, 9), days)[0]) for days in (3, 4, 14)]
    assert waits == [0, 4, 4]


def test_in_a_shop_of_few_products_no_number_tells_which_window_it_is() -> None:
    """A number that is the same for all pairs of a window and differs between windows stands for
    that window's luck; the regression would carry it on into the days to come."""
    one = [replace(b, item="i", category="c") for b in rhythms(members=150, items=30, days=300)]
    told = history(one)
    windows = [features_at(told, anchor, HORIZON) for anchor in (200, 240, 280)]
    assert windows[0].names == windows[1].names == windows[2].names
    for name in windows[0].names:
        seen = [np.unique(window.column(name)) for window in windows]
        if all(len(values) == 1 for values in seen):
            assert len({float(values[0]) for values in seen}) == 1, name


def test_many_products_have_numbers_of_their_own() -> None:
    found = forecast(TOLD)
    assert {"item_recent", "rate_of_item"} <= set(found.features.names)
    assert len(np.unique(found.features.column("item_recent"))) > 10
