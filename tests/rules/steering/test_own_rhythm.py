"""Where members stand against their own rhythm, held against a slow way to tell it."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.steering.deciding.rhythm import rhythms, shrunk_worth
from regulars.modules.steering.types import STATES

TODAY = 400


def told(*people: list[int]) -> list[tuple[str, int, float, int]]:
    member = np.array([at for at, days in enumerate(people) for _ in days], dtype=np.int64)
    day = np.array([day for days in people for day in sorted(days)], dtype=np.int64)
    state, ago, usual, ahead = rhythms(member, day, members=len(people), today=TODAY)
    return [
        (STATES[s], int(a), float(u), int(n))
        for s, a, u, n in zip(state, ago, usual, ahead, strict=True)
    ]


def slowly(days: list[int]) -> tuple[str, int, float, int]:
    days = sorted(days)
    if not days:
        return "new", -1, 0.0, 0
    ago = TODAY - days[-1]
    gaps = sorted(later - sooner for sooner, later in itertools.pairwise(days))
    if len(days) < 3:
        return "new", ago, 0.0, 0
    usual = float(statistics.median(gaps))
    longest = float(np.quantile(gaps, 0.9))
    state = "on_rhythm"
    if ago >= usual:
        state = "asleep" if ago >= 2 * usual and ago > longest else "late"
    return state, ago, usual, max(0, int(usual + 0.5) - ago)


def test_ann_bo_chen_dee_and_eve() -> None:
    """docs/algorithms/spending.md: all buy every tenth day, and stopped at different times."""
    every_tenth = [TODAY - 60, TODAY - 50, TODAY - 40]
    ann = [day + 36 for day in every_tenth]
    bo = [day + 25 for day in every_tenth]
    chen = [day + 15 for day in every_tenth]
    assert told(ann, bo, chen, [TODAY - 5], []) == [
        ("on_rhythm", 4, 10.0, 6),
        ("late", 15, 10.0, 0),
        ("asleep", 25, 10.0, 0),
        ("new", 5, 0.0, 0),
        ("new", -1, 0.0, 0),
    ]


def test_a_long_pause_that_is_their_own_is_no_sleep() -> None:
    with_holidays = [100, 110, 120, 170, 180, 190, 240, 250, 360]
    assert told(with_holidays)[0] == ("late", 40, 10.0, 0)


@given(st.lists(st.lists(st.integers(0, TODAY), max_size=9, unique=True), min_size=1, max_size=8))
def test_all_at_once_is_each_alone(people: list[list[int]]) -> None:
    assert told(*people) == [slowly(days) for days in people]


def test_one_purchase_is_pulled_half_way_to_everybodys_worth() -> None:
    worth = shrunk_worth(np.array([100.0, 900.0, 0.0]), np.array([1, 9, 0]))
    assert worth.tolist() == [100.0, 100.0, 100.0]
    assert shrunk_worth(np.array([300.0, 100.0]), np.array([1, 3])).tolist() == [200.0, 50.0]
