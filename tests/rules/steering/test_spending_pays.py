"""On members whose every answer is known: the plan beats giving to all, and to the unlikeliest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from regulars.modules.steering.deciding.believing import beliefs
from regulars.modules.steering.deciding.choosing import choose
from regulars.modules.steering.deciding.weighing import weighed, why_nothing
from regulars.modules.steering.types import MILLI, STATES, Cell, Floats, Integers, Lift

MARGIN_BPS = 3_000
#: Two coupons, each off an order: what they take off, and what they add to the chance of a
#: purchase, by state. Who is on rhythm buys anyway and uses them all the same; the new do not care.
OFF = (200, 500)
ADDED = ((0.00, 0.00, 0.09, 0.05), (0.00, 0.00, 0.12, 0.14))
CHANCE = (0.15, 0.75, 0.45, 0.08)
USE = 0.7
PEOPLE, TRIED = 6_000, 1_500


@dataclass(frozen=True)
class World:
    state: Integers
    worth: Floats
    chance: Floats

    def gain(self, arm: Integers) -> float:
        """What the shop earns more, in truth, less what the coupons take off, in truth."""
        total = 0.0
        for own, added in enumerate(ADDED):
            on = arm == own
            lift = np.array(added)[self.state[on]]
            total += float((lift * self.worth[on]).sum() * MARGIN_BPS / 10_000)
            total -= self.cost(own, on)
        return total

    def cost(self, own: int, on: np.ndarray) -> float:
        buys = self.chance[on] + np.array(ADDED[own])[self.state[on]]
        return float((buys * USE).sum() * OFF[own])


def world(rng: np.random.Generator) -> World:
    state = rng.choice(4, PEOPLE, p=[0.25, 0.35, 0.2, 0.2])
    chance = np.clip(np.array(CHANCE)[state] + rng.normal(0, 0.03, PEOPLE), 0.01, 0.99)
    return World(state, rng.gamma(4.0, 3_000.0, PEOPLE), chance)


def trial(rng: np.random.Generator, arm: int, state: int) -> Cell:
    base, lift = CHANCE[state], ADDED[arm][state]
    one = rng.random(TRIED) < base + lift
    other = rng.random(TRIED) < base
    used = int((one & (rng.random(TRIED) < USE)).sum())
    error = float(np.sqrt(one.var() / TRIED + other.var() / TRIED))
    return Cell(
        TRIED, TRIED, float(one.mean() - other.mean()), error, float(other.mean()), used,
        used * OFF[arm],
    )  # fmt: skip


def planned(there: World, lifts: list[list[Lift]], budget: float) -> tuple[Integers, int, int]:
    cost, gain, _ = weighed(there.state, there.worth, there.chance, lifts, margin_bps=MARGIN_BPS)
    found = choose(cost, gain, budget=int(budget * MILLI))
    return found.arm, found.cost, found.value


def filled(there: World, order: Integers, arm: int, budget: float) -> Integers:
    """An arm to one after the other until the money is gone, by what it costs in truth."""
    buys = there.chance + np.array(ADDED[arm])[there.state]
    spent = np.cumsum(buys[order] * USE * OFF[arm])
    given = np.full(PEOPLE, -1, dtype=np.int64)
    given[order[spent <= budget]] = arm
    return given


@pytest.mark.parametrize("seed", [3, 17, 29, 54])
def test_it_earns_more_than_everybody_gets_it_and_than_the_lowest_chance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    there = world(rng)
    lifts = [beliefs([[trial(rng, arm, s)] for s in range(len(STATES))]) for arm in range(2)]
    for budget in (50_000.0, 150_000.0, 400_000.0):
        arm, _, _ = planned(there, lifts, budget)
        mine = there.gain(arm)
        assert sum(there.cost(own, arm == own) for own in range(2)) <= 1.15 * budget
        for own in range(2):
            everybody = there.gain(np.full(PEOPLE, own))
            as_they_come = there.gain(filled(there, rng.permutation(PEOPLE), own, budget))
            unlikeliest = there.gain(filled(there, np.argsort(there.chance), own, budget))
            assert mine > max(everybody, as_they_come, unlikeliest, 0.0)


def test_what_it_says_it_gains_is_about_what_it_gains() -> None:
    said, came = 0.0, 0.0
    for seed in range(24):
        rng = np.random.default_rng(1_000 + seed)
        there = world(rng)
        lifts = [beliefs([[trial(rng, arm, s)] for s in range(len(STATES))]) for arm in range(2)]
        arm, _, value = planned(there, lifts, 200_000.0)
        said += value / MILLI
        came += there.gain(arm)
    assert said == pytest.approx(came, rel=0.10)


def test_who_buys_anyway_and_where_nothing_is_proven_nobody_gets_anything() -> None:
    rng = np.random.default_rng(5)
    there = world(rng)
    lifts = [beliefs([[trial(rng, arm, s)] for s in range(len(STATES))]) for arm in range(2)]
    arm, _, _ = planned(there, lifts, 1e9)
    chosen = {STATES[s] for s in np.unique(there.state[arm >= 0])}
    assert chosen == {"late", "asleep"}
    certain = World(there.state, there.worth, np.ones(PEOPLE))
    nobody, cost, value = planned(certain, lifts, 1e9)
    assert (nobody == -1).all()
    assert (cost, value) == (0, 0)


def test_nobody_without_a_proven_lift_is_ever_chosen() -> None:
    rng = np.random.default_rng(9)
    there = world(rng)
    unproven = [beliefs([[], [], [], []]), beliefs([[trial(rng, 0, 0)], [], [], []])]
    arm, cost, value = planned(there, unproven, 1e9)
    assert (arm == -1).all()
    assert (cost, value) == (0, 0)
    weights = weighed(there.state, there.worth, there.chance, unproven, margin_bps=MARGIN_BPS)
    reasons = why_nothing(there.state, arm, weights[1], unproven)
    assert set(reasons) == {"not_proven", "too_few"}
