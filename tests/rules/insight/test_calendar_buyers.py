"""Buyers behind purchases: how many members stand behind one purchase, counted twice over."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makers.rhythms import Bought, history, rhythms
from regulars.modules.insight.due.forecast import (
    Forecast,
    anchors_before,
    foretell,
    members_behind,
    window_at,
)

HORIZON = 14


def _bought(pairs: list[tuple[str, str, list[int]]]) -> list[Bought]:
    return [Bought(member, item, "c", day, 1, 100) for member, item, days in pairs for day in days]


def test_two_items_in_one_basket_are_two_purchases_of_one_buyer() -> None:
    """Ann takes milk and tea on day 33 and fig on day 35, Bob milk on day 33: of 4 first purchases
    3 fell on day 33, by 2 members, and all are by 2."""
    known = history(
        _bought(
            [
                ("ann", "milk", [1, 9, 17, 33]),
                ("ann", "tea", [2, 10, 18, 33, 34]),
                ("ann", "fig", [3, 11, 19, 35]),
                ("bob", "milk", [4, 12, 20, 33]),
            ]
        )
    )
    by_day, in_all = members_behind([window_at(known, 30, HORIZON)], HORIZON)
    assert in_all == 2 / 4
    mean = (2 + 1) / 4
    assert by_day[2] == pytest.approx((2 + mean) / (3 + 1))
    assert by_day[4] == pytest.approx((1 + mean) / (1 + 1))
    assert by_day[0] == pytest.approx(mean), "a day without any leans on the mean alone"


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 10_000))
def test_the_slow_way_counts_the_same(seed: int) -> None:
    bought = rhythms(members=20, items=8, days=150, seed=seed)
    known = history(bought)
    anchors = anchors_before(known, 149, HORIZON)
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in bought:
        days[one.member, one.item].append(one.day)
    purchases: dict[int, int] = defaultdict(int)
    trips: set[tuple[int, int, str]] = set()
    people: set[tuple[int, str]] = set()
    for anchor in anchors:
        for (member, _item), at in days.items():
            before = {day for day in at if day <= anchor}
            after = [day for day in at if anchor < day <= anchor + HORIZON]
            if len(before) >= 3 and after:
                wait = min(after) - anchor
                purchases[wait] += 1
                trips.add((anchor, wait, member))
                people.add((anchor, member))
    whole = sum(purchases.values())
    by_day, in_all = members_behind([window_at(known, a, HORIZON) for a in anchors], HORIZON)
    assert in_all == pytest.approx(len(people) / whole)
    for wait in range(1, HORIZON + 1):
        members = sum(1 for _, day, _ in trips if day == wait)
        told = (members + len(trips) / whole) / (purchases[wait] + 1)
        assert by_day[wait - 1] == pytest.approx(told)


def test_a_day_has_no_more_buyers_than_purchases_and_no_fewer_than_its_share() -> None:
    found = foretell(history(rhythms(members=60, items=20, days=200)), 199, HORIZON)
    assert isinstance(found, Forecast)
    assert (found.day_buyers <= 1).all()
    assert (found.day_buyers > 0).all()
    # Whoever bought was there on at least one day.
    assert found.buyers <= float(np.dot(found.day_shares, found.day_buyers)) * 1.05
