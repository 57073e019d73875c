"""Which arm for whom, under a budget: a multiple-choice knapsack.

Each member gets one arm or nothing. Of a member's arms only those on the upper edge of (cost,
gain) are ever the best at some price of money; going along that edge is a row of steps, each
dearer for what it gains than the one before. All members' steps, the most gain per cost first,
are taken until the next one would pass the budget. What was taken then is the best that its own
cost can buy, and the step that did not fit bounds what any choice within the budget can gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.modules.steering.types import Choice, Flags, Floats, Integers


@dataclass(frozen=True, slots=True)
class Steps:
    """Every member's way along the edge, the most gain per cost first: to which arm of theirs,
    what it costs more and gains more than the step before."""

    member: Integers
    arm: Integers
    cost: Integers
    gain: Integers
    slope: Floats


def choose(cost: Integers, gain: Integers, *, budget: int, pays: Flags | None = None) -> Choice:
    """The arms for members (rows) at a budget; an arm that gains nothing is nobody's.

    Whole numbers. Never over the budget; nobody loses an arm where the budget is greater. Where
    one does not ``pays`` (held out by chance), the arm they would have had is told, and neither
    cost nor gain of it counts.
    """
    steps = steps_of(cost, gain)
    counts = np.ones(len(steps.cost), np.int64) if pays is None else pays[steps.member] * 1
    spent = np.cumsum(steps.cost * counts)
    gained = np.cumsum(steps.gain * counts)
    taken = int(np.searchsorted(spent, max(budget, 0), side="right"))
    used = int(spent[taken - 1]) if taken else 0
    value = int(gained[taken - 1]) if taken else 0
    price, bound = 0.0, value
    if taken < len(steps.cost):
        price = float(steps.slope[taken])
        # The part of the next step that the rest would pay for, rounded up.
        rest = max(budget, 0) - used
        bound += -(-rest * int(steps.gain[taken]) // int(steps.cost[taken]))
    return Choice(
        arm=_arms(steps, taken, len(cost)),
        cost=used,
        value=value,
        bound=bound,
        price=price,
        curve=_curve(spent, gained),
    )


def steps_of(cost: Integers, gain: Integers) -> Steps:
    """All steps along the edges, in the order in which money takes them."""
    members, arms = cost.shape
    here_cost, here_gain = np.zeros(members, np.int64), np.zeros(members, np.int64)
    found: list[tuple[Integers, ...]] = []
    slopes: list[Floats] = []
    who = np.arange(members)
    for _step in range(arms):
        more_cost = cost - here_cost[:, None]
        more_gain = gain - here_gain[:, None]
        better = more_gain > 0
        slope = np.full(cost.shape, -np.inf)
        dear = better & (more_cost > 0)
        slope[dear] = more_gain[dear] / more_cost[dear]
        slope[better & (more_cost <= 0)] = np.inf
        best = _best(slope, more_gain)
        # Division rounds to the nearest, so a member's later step is never told the steeper one.
        top = slope[who, best]
        on = top > -np.inf
        if not on.any():
            break
        at, arm = who[on], best[on]
        found.append((at, arm, more_cost[at, arm], more_gain[at, arm]))
        slopes.append(top[on])
        here_cost[at], here_gain[at] = cost[at, arm], gain[at, arm]
    if not found:
        none = np.zeros(0, np.int64)
        return Steps(none, none, none, none, np.zeros(0))
    member, arm, step_cost, step_gain = (
        np.concatenate(column) for column in zip(*found, strict=True)
    )
    slope = np.concatenate(slopes)
    order = np.lexsort((np.arange(len(slope)), -slope))
    return Steps(member[order], arm[order], step_cost[order], step_gain[order], slope[order])


def _best(slope: Floats, gain: Integers) -> Integers:
    """Per row the steepest column, of equals the one that gains most: the edge has no step
    between two points of one line."""
    steepest = slope.max(axis=1, keepdims=True)
    equal: Flags = slope == steepest
    best: Integers = np.where(equal, gain, np.iinfo(np.int64).min).argmax(axis=1)
    return best


def _arms(steps: Steps, taken: int, members: int) -> Integers:
    arm = np.full(members, -1, dtype=np.int64)
    # A member's later steps come later, so the last one that was taken stays.
    arm[steps.member[:taken]] = steps.arm[:taken]
    return arm


def _curve(spent: Integers, gained: Integers, points: int = 60) -> tuple[tuple[int, int], ...]:
    """Some sixty budgets along what money buys, and what each gains; nothing and all among them."""
    if not len(spent):
        return ((0, 0),)
    wanted = np.linspace(0, int(spent[-1]), points).astype(np.int64)
    places = np.unique(np.searchsorted(spent, wanted, side="right") - 1)
    told = tuple((int(spent[at]), int(gained[at])) for at in places if at >= 0)
    return told if told[0][0] == 0 else ((0, 0), *told)
