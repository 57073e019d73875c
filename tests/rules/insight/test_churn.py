"""Slipping away and lost: who is watched, what counts as gone, and what is said of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from makers.rhythms import history, rhythms
from regulars.modules.insight.churn.features import member_features
from regulars.modules.insight.churn.forecast import ChurnForecast, foretell_churn
from regulars.modules.insight.churn.lost import Fall, lost_members
from regulars.modules.insight.churn.members import slipped, watched_at
from regulars.modules.insight.churn.reasons import SignalCount, reasons_of, wilson
from regulars.modules.insight.history import Trips, trips_of
from regulars.modules.insight.types import KINDS, Abstained, Kind

TOLD = history(rhythms(members=300, items=40, days=400, leavers=0.5))
TRIPS = trips_of(TOLD)
AS_OF = 300


def days_of(member: int) -> list[int]:
    return sorted(TRIPS.day[TRIPS.member == member].tolist())


def trips(*members: list[int]) -> Trips:
    member = np.concatenate([np.full(len(days), code) for code, days in enumerate(members)])
    day = np.concatenate([np.array(days, dtype=np.int64) for days in members])
    ones = np.ones(len(day))
    return Trips(member.astype(np.int64), day, ones, ones, ones, len(members))


def test_who_is_watched_and_who_slipped_is_counted_by_hand() -> None:
    for kind, least, after in (("drop", 8, 56), ("silent", 3, 28)):
        watched = watched_at(TRIPS, AS_OF, "drop" if kind == "drop" else "silent")
        happened = dict(zip(watched.member.tolist(), slipped(TRIPS, watched), strict=True))
        for member in range(TRIPS.members):
            days = days_of(member)
            rhythm = sum(AS_OF - 112 < day <= AS_OF for day in days)
            lately = any(AS_OF - 28 < day <= AS_OF for day in days)
            fit = rhythm >= least and (lately or kind == "silent")
            assert (member in happened) == fit
            if fit:
                seen = sum(AS_OF < day <= AS_OF + after for day in days)
                gone = seen / 56 <= rhythm / 112 / 2 if kind == "drop" else seen == 0
                assert bool(happened[member]) == gone
        assert 0 < sum(map(bool, happened.values())) < len(happened)


def test_features_are_what_a_person_would_count() -> None:
    watched = watched_at(TRIPS, AS_OF, "silent")
    features = member_features(watched)
    for place, member in enumerate(watched.member.tolist()):
        days = [day for day in days_of(member) if day <= AS_OF]
        gaps = sorted(b - a for a, b in pairwise(days))
        counts = [sum(AS_OF - day < n for day in days) for n in (28, 112)]
        week = [sum((AS_OF - day) // 7 == w for day in days) for w in range(16)]
        expected = {
            "trips_28": counts[0],
            "trips_112": counts[1],
            "recency": AS_OF - days[-1],
            "known_days": min(AS_OF - days[0], 112),
            "gap_mean": np.mean(gaps),
            "gap_spread": np.std(gaps),
            "gap_90": gaps[min(int(len(gaps) * 0.9), len(gaps) - 1)],
            "trend_28": (counts[0] + 0.5) / (counts[1] / 4 + 0.5),
            "weeks_with_trips": sum(n > 0 for n in week),
            "slope": -np.polyfit(range(16), week, 1)[0] / max(np.mean(week), 0.05),
        }
        for name, value in expected.items():
            assert features.column(name)[place] == pytest.approx(value, rel=1e-4, abs=1e-5), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_future_changes_nothing(kind: Kind) -> None:
    past = foretell_churn(TOLD.until(AS_OF), AS_OF, kind, with_trees=False)
    found = foretell_churn(TOLD, AS_OF, kind, with_trees=False)
    assert isinstance(past, ChurnForecast)
    assert isinstance(found, ChurnForecast)
    np.testing.assert_array_equal(found.probability, past.probability)
    assert found.backtests == past.backtests


def test_it_foretells_who_goes_silent() -> None:
    from bench.eval.metrics import auc

    found = foretell_churn(TOLD, AS_OF, "silent", with_trees=False)
    assert isinstance(found, ChurnForecast)
    happened = slipped(TRIPS, found.features.watched).astype(float)
    assert auc(happened, found.probability) > 0.95
    assert auc(happened, -found.features.column("trips_112")) < 0.95
    assert abs(float(found.probability.mean() - happened.mean())) < 0.08


def test_it_abstains_where_there_is_little_to_learn_from() -> None:
    nobody = foretell_churn(TOLD.until(-1), AS_OF, "drop")
    assert nobody == Abstained("too_few_members", 0, 200)
    few = history(rhythms(members=10, items=40, days=400))
    found = foretell_churn(few, 300, "drop")
    assert isinstance(found, Abstained)
    assert (found.reason, found.there < 200) == ("too_few_members", True)


def test_the_two_kinds_of_lost_are_apart() -> None:
    weekly = list(range(0, 200, 7))
    found = lost_members(
        trips(
            weekly,  # last on 196, silent since
            weekly,  # the same, but the tier fell too
            list(range(0, 300, 7)),  # still there
            [0, 3, 190],  # no rhythm before the last trip
            list(range(0, 300, 60)),  # seldom, and not longer away than usual
        ),
        {1: Fall(260, "gold")},
        300,
    )
    assert [(one.member, one.lost_as, one.since, one.tier) for one in found] == [
        (0, "buying", 224, None),
        (1, "card", 260, "gold"),
    ]


def test_a_year_after_they_left_they_are_no_longer_counted() -> None:
    told = trips(list(range(0, 200, 7)), list(range(0, 200, 7)))
    assert {one.member for one in lost_members(told, {1: Fall(210, "gold")}, 560)} == {0, 1}
    assert lost_members(told, {1: Fall(210, "gold")}, 575) == []


def test_a_difference_of_shares_has_the_published_interval() -> None:
    """Newcombe 1998, example (a) by method 10: 56/70 against 48/80 is 0.2000 [0.0524, 0.3339]."""
    (line,) = reasons_of([SignalCount("returned_goods", 56, 70, 48, 80)])
    assert (line.difference_bps, line.low_bps, line.high_bps, line.told) == (2000, 524, 3339, True)


def test_wilson_is_the_published_interval() -> None:
    """Newcombe 1998: 81 of 263 is 0.3080 [0.2553, 0.3662]."""
    assert [round(x, 4) for x in wilson(81, 263)] == [0.2553, 0.3662]


@pytest.mark.parametrize("counts", [(3, 40, 4, 90), (5, 9, 40, 90), (0, 0, 5, 9)])
def test_too_few_cases_say_nothing(counts: tuple[int, int, int, int]) -> None:
    (line,) = reasons_of([SignalCount("tier_fell", *counts)])
    assert not line.told
