"""Spending under a budget: never over it, never worse for more of it, and as good as it says."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from regulars.modules.steering.deciding.choosing import choose, steps_of

Rows = list[list[tuple[int, int]]]
ARMS = st.integers(1, 3)


@st.composite
def members(draw: st.DrawFn, most: int = 5) -> Rows:
    arms = draw(ARMS)
    one = st.tuples(st.integers(0, 12), st.integers(-4, 30))
    return draw(st.lists(st.lists(one, min_size=arms, max_size=arms), min_size=1, max_size=most))


def arrays(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    both = np.array(rows, dtype=np.int64)
    return both[:, :, 0], both[:, :, 1]


def best(rows: Rows, budget: int) -> int:
    """Every combination there is, one after the other."""
    found = 0
    for way in product(*([(0, 0), *arms] for arms in rows)):
        if sum(cost for cost, _ in way) <= budget:
            found = max(found, sum(gain for _, gain in way))
    return found


@given(rows=members(), budget=st.integers(0, 60))
@example(rows=[[(2, 1), (4, 2), (6, 3)]], budget=5)
@example(rows=[[(0, 3), (5, 9)], [(7, 1), (7, 8)]], budget=11)
@settings(max_examples=400)
def test_it_is_as_good_as_trying_everything_within_the_gap_it_states(
    rows: Rows, budget: int
) -> None:
    cost, gain = arrays(rows)
    found = choose(cost, gain, budget=budget)
    optimum = best(rows, budget)
    assert found.value <= optimum <= found.bound
    steepest = max((int(step) for step in steps_of(cost, gain).gain), default=0)
    assert found.bound - found.value <= steepest, "no more is lost than one step of one member"


@given(rows=members(most=12), budget=st.integers(0, 150))
@settings(max_examples=300)
def test_cost_and_value_are_those_of_the_arms_and_within_the_budget(
    rows: Rows, budget: int
) -> None:
    cost, gain = arrays(rows)
    found = choose(cost, gain, budget=budget)
    on = found.arm >= 0
    who = np.flatnonzero(on)
    assert found.cost == cost[who, found.arm[on]].sum() <= budget
    assert found.value == gain[who, found.arm[on]].sum()
    assert (gain[who, found.arm[on]] > 0).all(), "what gains nothing is nobody's"


@given(rows=members(most=8), budget=st.integers(0, 100), more=st.integers(0, 50))
@settings(max_examples=300)
def test_a_greater_budget_takes_nothing_away(rows: Rows, budget: int, more: int) -> None:
    cost, gain = arrays(rows)
    small, great = (choose(cost, gain, budget=one) for one in (budget, budget + more))
    assert great.value >= small.value
    assert ((small.arm < 0) | (great.arm >= 0)).all()
    kept = (gain * (np.arange(gain.shape[1]) == small.arm[:, None])).sum(axis=1)
    then = (gain * (np.arange(gain.shape[1]) == great.arm[:, None])).sum(axis=1)
    assert (then >= kept).all(), "whoever had an arm has that one, or one that gains more"


@given(rows=members(), budget=st.integers(0, 60))
@settings(max_examples=120, deadline=None)
def test_the_bound_is_that_of_the_relaxed_problem(rows: Rows, budget: int) -> None:
    cost, gain = arrays(rows)
    one = np.repeat(np.eye(len(rows)), cost.shape[1], axis=1)
    relaxed = linprog(
        -gain.ravel(),
        A_ub=np.vstack([cost.ravel(), one]),
        b_ub=np.array([budget, *np.ones(len(rows))]),
        bounds=(0, None),
    )
    assert relaxed.status == 0
    bound = choose(cost, gain, budget=budget).bound
    assert bound - 1 - 1e-6 <= -relaxed.fun <= bound + 1e-6


@given(rows=members(most=12))
@settings(max_examples=200)
def test_what_money_buys_grows_less_and_less(rows: Rows) -> None:
    cost, gain = arrays(rows)
    curve = choose(cost, gain, budget=10_000).curve
    ends = pairwise(curve)
    slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in ends]
    assert all(later <= sooner + 1e-9 for sooner, later in pairwise(slopes))
    assert curve[0][0] == 0
    for budget, value in curve:
        assert choose(cost, gain, budget=budget).value == value


@given(rows=members(most=10), budget=st.integers(0, 80), seed=st.integers(0, 99))
@settings(max_examples=200)
def test_who_is_held_out_costs_nothing_and_gets_the_arm_they_would_have_had(
    rows: Rows, budget: int, seed: int
) -> None:
    cost, gain = arrays(rows)
    pays = np.random.default_rng(seed).random(len(rows)) < 0.6
    found = choose(cost, gain, budget=budget, pays=pays)
    alone = choose(cost[pays], gain[pays], budget=budget)
    assert (found.arm[pays] == alone.arm).all()
    assert (found.cost, found.value, found.bound) == (alone.cost, alone.value, alone.bound)
    twin = np.flatnonzero(pays)[:1]
    if len(twin):
        both_cost, both_gain = np.vstack([cost, cost[twin]]), np.vstack([gain, gain[twin]])
        with_twin = choose(both_cost, both_gain, budget=10_000, pays=np.append(pays, False))
        assert with_twin.arm[-1] == with_twin.arm[twin[0]], "a twin would have had the same"


def test_nobody_is_an_empty_plan() -> None:
    none = np.zeros((0, 2), np.int64)
    found = choose(none, none, budget=100)
    assert (found.value, found.bound, found.curve) == (0, 0, ((0, 0),))


def test_ann_bo_and_chen() -> None:
    """docs/algorithms/spending.md, "Under a budget"."""
    cost, gain = arrays([[(2, 8), (5, 11)], [(3, 6), (6, 15)], [(4, 2), (9, 3)]])
    steps = steps_of(cost, gain)
    assert steps.member.tolist() == [0, 1, 0, 2, 2]
    assert steps.slope.tolist() == [4.0, 2.5, 1.0, 0.5, 0.2]
    ten, eleven = (choose(cost, gain, budget=budget) for budget in (10, 11))
    assert ten.arm.tolist() == [0, 1, -1]
    assert (ten.cost, ten.value, ten.bound) == (8, 23, 25)
    assert eleven.arm.tolist() == [1, 1, -1]
    assert (eleven.value, eleven.bound) == (26, 26)
