"""The figures of docs/algorithms/due.md and churn.md, worked out by the code."""

from __future__ import annotations

import numpy as np
import pytest

from makers.rhythms import Bought, history
from regulars.modules.insight.churn.lost import lost_members
from regulars.modules.insight.churn.members import slipped, watched_at
from regulars.modules.insight.due.features import features_at
from regulars.modules.insight.due.pairs import bought_within, first_bought
from regulars.modules.insight.due.why import Reason, days_until, sentence
from regulars.modules.insight.history import trips_of
from regulars.modules.insight.learning.calibrating import level_shift, moved, shifted

COFFEE = [2, 14, 25, 38]
TEA = [20, 21, 40]
BOUGHT = [
    *(Bought("ann", "coffee", "drinks", day, 1, 800) for day in COFFEE),
    *(Bought("ann", "tea", "drinks", day, 1, 500) for day in TEA),
    Bought("ann", "coffee", "drinks", 52, 2, 1600),
    Bought("bo", "coffee", "drinks", 30, 1, 800),
]
AS_OF = 49


def test_anns_coffee() -> None:
    found = features_at(history(BOUGHT), AS_OF, 14)
    row = 0  # coffee before tea; bo has bought it once
    figures = {
        "recency": 11,
        "gap_mean": 12,
        "gap_median": 12,
        "gap_variation": 0.0680,
        "decayed_14": 1.1592,
        "in_28": 2,
        "gaps_ending": 0.7333,
        "share_of_trips": 0.5714,
        "above_1_recency": 9,
        "above_1_share": 0.5510,
    }
    assert len(found.pairs) == 2
    for name, value in figures.items():
        assert found.column(name)[row] == pytest.approx(value, abs=6e-5), name
    assert found.column("gaps_ending")[1] == pytest.approx(0.6, abs=1e-6)
    told = history(BOUGHT)
    assert first_bought(told, found.pairs, 14).tolist() == [3, 0]
    assert bought_within(told, found.pairs, 2).tolist() == [False, False]
    reason = Reason(12.0, 11, 4, float(found.column("gap_variation")[row]))
    assert sentence(reason, "en") == "bought every ~12 days, last 11 days ago"
    ahead = days_until(*(np.array([one]) for one in (12.0, 11, reason.variation)))
    assert AS_OF + ahead[0] == 50, "the day the list tells"


def test_the_level_moves_as_far_as_both_windows_agree() -> None:
    said = np.full(100, 0.25)
    twenty, twenty_three, thirty = (np.repeat([1.0, 0.0], [n, 100 - n]) for n in (20, 23, 30))
    assert level_shift(said, twenty) == pytest.approx(-0.2877, abs=1e-4)
    assert level_shift(said, twenty_three) == pytest.approx(-0.1097, abs=1e-4)
    assert moved(said, -0.1097)[0] == pytest.approx(0.23, abs=1e-4)
    agreed = shifted(said, [(said, twenty), (said, twenty_three)])
    assert agreed[0] == pytest.approx(0.23, abs=1e-4)
    np.testing.assert_array_equal(shifted(said, [(said, twenty), (said, thirty)]), said)
    np.testing.assert_array_equal(shifted(said, [(said, twenty)]), said)


def test_dee_and_eve_slip_away() -> None:
    """Dee came every week and then every three; Eve every two weeks and then not at all."""
    weekly, three = range(4, 113, 7), range(126, 169, 21)
    bought = [Bought("dee", "milk", "c", day, 1, 100) for day in [*weekly, *three]]
    bought += [Bought("eve", "milk", "c", day, 1, 100) for day in range(7, 113, 14)]
    trips = trips_of(history(bought))
    drop, silent = watched_at(trips, 112, "drop"), watched_at(trips, 112, "silent")
    assert (drop.member.tolist(), silent.member.tolist()) == ([0, 1], [0, 1])
    assert slipped(trips, drop).tolist() == [True, True]
    assert slipped(trips, silent).tolist() == [False, True]
    assert [one.member for one in lost_members(trips, {}, 132)] == []
    assert [(one.member, one.since) for one in lost_members(trips, {}, 133)] == [(1, 133)]
