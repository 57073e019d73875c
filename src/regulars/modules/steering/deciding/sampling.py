"""Whom to try an offer on where nothing is known yet: anybody, by chance, each state alike."""

from __future__ import annotations

import numpy as np

from regulars.modules.steering.types import Choice, Flags, Integers


def sample(
    state: Integers,
    place: Integers,
    *,
    budget: int,
    each: int,
    pays: Flags,
    arms: int,
) -> Choice:
    """Members by chance (``place``, their lot), the states taking turns, until the money is gone.

    ``each`` is what one costs at most, as if everybody used it. The arms take turns too; nothing
    is claimed to be gained.
    """
    order = _turns(state, place)
    spent = np.cumsum(pays[order] * each)
    taken = order[: int(np.searchsorted(spent, max(budget, 0), side="right"))]
    arm = np.full(len(state), -1, dtype=np.int64)
    if arms:
        arm[taken] = place[taken] % arms
    cost = int(pays[taken].sum()) * each
    return Choice(arm=arm, cost=cost, value=0, bound=0, price=0.0, curve=((0, 0),))


def _turns(state: Integers, place: Integers) -> Integers:
    """The first of each state by lot, then the second of each, and so on."""
    by_state = np.lexsort((place, state))
    sorted_states = state[by_state]
    start = np.searchsorted(sorted_states, sorted_states, side="left")
    turn = np.empty(len(state), dtype=np.int64)
    turn[by_state] = np.arange(len(state)) - start
    order: Integers = np.lexsort((place, turn))
    return order
