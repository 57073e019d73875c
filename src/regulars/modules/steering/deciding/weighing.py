"""What each arm would cost and gain for each member, and why nothing is sent to the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regulars.modules.steering.types import (
    MILLI,
    NOTHING,
    Flags,
    Floats,
    Integers,
    Lift,
    Nothing,
)

_BPS = 10_000


def weighed(
    state: Integers,
    worth_minor: Floats,
    chance: Floats,
    lifts: Sequence[Sequence[Lift]],
    *,
    margin_bps: int,
) -> tuple[Integers, Integers, Floats]:
    """Cost, gain (thousandths of a minor unit) and lift of each arm for each member.

    ``lifts`` are by arm and state, ``chance`` how likely the member buys anyway. A lift that is
    not proven gains nothing, and nobody's chance can be lifted above one.
    """
    shape = (len(state), len(lifts))
    cost, gain = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    lift = np.zeros(shape)
    for arm, by_state in enumerate(lifts):
        mean = np.array([one.mean if one.proven else 0.0 for one in by_state])
        each = np.array([one.use * one.cost_minor if one.proven else 0.0 for one in by_state])
        lift[:, arm] = np.minimum(mean[state], 1.0 - chance)
        cost[:, arm] = np.ceil(each[state] * MILLI).astype(np.int64)
        margin = lift[:, arm] * worth_minor * margin_bps / _BPS
        gain[:, arm] = np.floor(margin * MILLI).astype(np.int64) - cost[:, arm]
    return cost, gain, lift


def why_nothing(
    state: Integers, arm: Integers, gain: Integers, lifts: Sequence[Sequence[Lift]]
) -> list[Nothing | None]:
    """For each member who gets nothing the best that can be said for it; None for the others."""
    by_state = [_unproven([by_state[at] for by_state in lifts]) for at in range(_states(lifts))]
    worth_it: Flags = np.asarray((gain > 0).any(axis=1))
    found: list[Nothing | None] = []
    for at, own, gains in zip(state.tolist(), arm.tolist(), worth_it.tolist(), strict=True):
        if own >= 0:
            found.append(None)
        elif gains:
            found.append("over_budget")
        else:
            found.append(by_state[at] if by_state else "no_trial")
    return found


def _unproven(lifts: Sequence[Lift]) -> Nothing:
    """Of several arms the one that came nearest speaks."""
    proofs = {one.proof for one in lifts}
    if "works" in proofs:
        return "costs_more"
    for reason in ("not_proven", "harms", "too_few"):
        if reason in proofs:
            return next(one for one in NOTHING if one == reason)
    return "no_trial"


def _states(lifts: Sequence[Sequence[Lift]]) -> int:
    return len(lifts[0]) if lifts else 0
