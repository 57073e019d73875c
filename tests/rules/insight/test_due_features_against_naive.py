"""Every feature of a due pair, held against a slow and obvious second way to work it out."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import mean, median, pstdev

import numpy as np
import pytest

from makers.rhythms import Bought, history, rhythms
from regulars.modules.insight.due.features import features_at
from regulars.modules.insight.due.pairs import LEAST_PURCHASES

ANCHOR, HORIZON = 150, 14
BOUGHT = rhythms(members=40, items=25, days=220, seed=3)


class Naive:
    """The same purchases as plain lists."""

    def __init__(self, bought: list[Bought]) -> None:
        self.days: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.amounts: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
        self.trips: dict[str, set[int]] = defaultdict(set)
        self.of_category: dict[tuple[str, str], list[int]] = defaultdict(list)
        category = {}
        for one in bought:
            if one.day > ANCHOR:
                continue
            key = (one.member, one.item)
            category[one.item] = one.category
            if one.day not in self.days[key]:
                self.days[key].append(one.day)
                self.of_category[one.member, one.category].append(one.day)
            self.amounts[*key, one.day][0] += one.quantity
            self.amounts[*key, one.day][1] += one.value_minor
            self.trips[one.member].add(one.day)
        self.category = category
        self.pairs = sorted(key for key, days in self.days.items() if len(days) >= LEAST_PURCHASES)

    def features(self, key: tuple[str, str]) -> dict[str, float]:
        member, item = key
        days = sorted(self.days[key])
        gaps = [b - a for a, b in pairwise(days)]
        recency = ANCHOR - days[-1]
        trips = sorted(self.trips[member])
        amounts = [self.amounts[member, item, day] for day in days]
        found = {
            "recency": recency,
            "purchases": len(days),
            "known_days": ANCHOR - days[0],
            "rate": len(days) / (ANCHOR - days[0] + 1),
            "gap_mean": mean(gaps),
            "gap_median": median(gaps),
            "gap_spread": pstdev(gaps),
            "gap_variation": pstdev(gaps) / mean(gaps),
            "gap_last": gaps[-1],
            "gap_least": min(gaps),
            "gap_most": max(gaps),
            "recency_of_mean": recency / mean(gaps),
            "recency_of_median": recency / median(gaps),
            "recency_of_last": recency / gaps[-1],
            "overdue": recency - mean(gaps),
            "gaps_shorter": sum(gap <= recency for gap in gaps) / len(gaps),
            "gaps_ending": (sum(recency < gap <= recency + HORIZON for gap in gaps) + 0.2)
            / (sum(gap > recency for gap in gaps) + 1.0),
            "quantity_mean": mean(quantity for quantity, _ in amounts),
            "quantity_last": amounts[-1][0],
            "value_mean": mean(value for _, value in amounts),
            "trip_recency": ANCHOR - trips[-1],
            "trips_since_last": sum(day > days[-1] for day in trips),
            "share_of_trips": len(days) / sum(day >= days[0] for day in trips),
            "trip_gap": (trips[-1] - trips[0]) / max(len(trips) - 1, 1),
            "candidates": sum(one == member for one, _ in self.pairs),
        }
        for half_life in (7, 14, 28, 56, 112, 224):
            found[f"decayed_{half_life}"] = sum(0.5 ** ((ANCHOR - d) / half_life) for d in days)
        for window in (7, 14, 28, 56, 84, 112):
            found[f"in_{window}"] = sum(ANCHOR - day < window for day in days)
        for window in (7, 14, 28, 56, 112):
            found[f"trips_in_{window}"] = sum(ANCHOR - day < window for day in trips)
        above = self.of_category[member, self.category[item]]
        found["above_1_recency"] = ANCHOR - max(above)
        found["above_1_decayed_14"] = sum(0.5 ** ((ANCHOR - day) / 14) for day in above)
        found["above_1_share"] = found["decayed_56"] / sum(
            0.5 ** ((ANCHOR - day) / 56) for day in above
        )
        own = [key for key in self.pairs if key[0] == member]
        decayed = {one: sum(0.5 ** ((ANCHOR - day) / 56) for day in self.days[one]) for one in own}
        found["rank_decayed_56"] = 1 + sum(
            decayed[one] > decayed[key] + 1e-12 for one in own if one != key
        )
        return found


NAIVE = Naive(BOUGHT)
FEATURES = features_at(history(BOUGHT), ANCHOR, HORIZON)


def test_the_candidates_are_the_pairs_bought_on_three_days_or_more() -> None:
    told = history(BOUGHT)
    pairs = FEATURES.pairs
    found = list(zip(told.members[pairs.member], told.items[pairs.item], strict=True))
    assert found == NAIVE.pairs
    assert len(found) > 100


@pytest.mark.parametrize("name", sorted(NAIVE.features(NAIVE.pairs[0])))
def test_a_feature_is_what_a_person_would_count(name: str) -> None:
    expected = np.array([NAIVE.features(key)[name] for key in NAIVE.pairs])
    np.testing.assert_allclose(FEATURES.column(name), expected, rtol=1e-5, atol=1e-5)


def test_rates_of_others_come_from_windows_that_are_over() -> None:
    """By recency, the shrunk share that was bought within the horizon after three earlier days."""
    days = NAIVE.days
    ends = [0, 1, 2, 4, 6, 9, 13, 17, 20, 27, 34, 48, 62, 90, 140]

    def stretch(recency: int) -> int:
        return sum(recency > end for end in ends)

    cases: list[tuple[int, bool]] = []
    for back in range(3):
        earlier = ANCHOR - HORIZON - back * HORIZON
        for bought in days.values():
            known = [day for day in bought if day <= earlier]
            if len(known) >= LEAST_PURCHASES:
                again = any(earlier < day <= earlier + HORIZON for day in bought)
                cases.append((stretch(earlier - max(known)), again))
    common = (sum(again for _, again in cases) + 0.2) / (len(cases) + 1.0)
    expected = []
    for key in NAIVE.pairs:
        own = stretch(ANCHOR - max(days[key]))
        same = [again for at, again in cases if at == own]
        expected.append((sum(same) + 10 * common) / (len(same) + 10))
    np.testing.assert_allclose(FEATURES.column("rate_of_recency"), expected, rtol=1e-5)
