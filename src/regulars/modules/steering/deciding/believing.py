"""What trials say of an arm in each state, when the states are looked at together.

Each state's own difference is noisy, and the states have something in common: the more they
agree, the more each is told from all of them, and no further than they do. How much they differ
is not known either; so every spread that may be is weighed by how well it explains what was seen
(a normal hierarchy, with the spread integrated out), and no state borrows more than that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from regulars.modules.steering.types import Cell, Floats, Lift, Proof

LEAST_MEMBERS: Final = 30
"""A cell with an arm smaller than this says nothing."""
LEVEL: Final = 0.05
_STEPS: Final = 121
_USE_WEIGHT: Final = 20.0
_ROOT_2: Final = math.sqrt(2)
_ROOT_2_PI: Final = math.sqrt(2 * math.pi)
_NEAR: Final = 1e-12
"""Quantiles are told so exactly, as a share of all that is possible."""
_MOST_STEPS: Final = 100


def merged(cells: Sequence[Cell]) -> Cell | None:
    """Several trials of one arm in one state as one, each by how sure it is."""
    usable = [one for one in cells if _speaks(one)]
    if not usable:
        return None
    weight = np.array([1 / one.error**2 for one in usable])
    difference = np.array([one.difference for one in usable])
    held_out = sum(one.held_out for one in usable)
    return Cell(
        treated=sum(one.treated for one in usable),
        held_out=held_out,
        difference=float(weight @ difference / weight.sum()),
        error=float(1 / math.sqrt(weight.sum())),
        held_out_share=sum(one.held_out_share * one.held_out for one in usable) / held_out,
        used=sum(one.used for one in usable),
        cost_minor=sum(one.cost_minor for one in usable),
    )


def beliefs(cells: Sequence[Sequence[Cell]]) -> list[Lift]:
    """The lift of one arm by state, from the trials of each; one that was never tried, or on too
    few, is not proven whatever the others say."""
    own = [merged(trials) for trials in cells]
    told = [one for one in own if one is not None]
    if not told:
        seen = any(cells)
        return [_unknown("too_few" if seen else "no_trial", trials) for trials in cells]
    means, errors = posterior([one.difference for one in told], [one.error for one in told])
    treated = sum(one.treated for one in told)
    use = sum(one.used for one in told) / treated
    cost = _each(sum(one.cost_minor for one in told), sum(one.used for one in told))
    place, found = 0, []
    for one, trials in zip(own, cells, strict=True):
        if one is None:
            found.append(_unknown("too_few", trials))
            continue
        weights, at, spread = means[0], means[1][place], errors[place]
        low, high = (_quantile(weights, at, spread, p) for p in (LEVEL / 2, 1 - LEVEL / 2))
        place += 1
        found.append(
            Lift(
                proof=_proof(low, high, used=use > 0),
                mean=float(weights @ at),
                low=low,
                high=high,
                own=one.difference,
                own_error=one.error,
                treated=one.treated,
                held_out=one.held_out,
                base=one.held_out_share,
                use=(one.used + _USE_WEIGHT * use) / (one.treated + _USE_WEIGHT),
                cost_minor=cost,
            )
        )
    return found


def posterior(
    difference: Sequence[float], error: Sequence[float]
) -> tuple[tuple[Floats, Floats], Floats]:
    """For every spread that may be, its weight; and for each cell under it mean and error.

    A flat prior on the common mean and on the spread, up to three times what the cells span.
    """
    y, s = np.array(difference), np.array(error)
    most = 3 * max(float(y.max() - y.min()), float(s.max()))
    spread = np.linspace(0.0, most, _STEPS) if len(y) > 1 else np.array([most])
    noise = s[:, None] ** 2 + spread**2
    sure = (1 / noise).sum(axis=0)
    common = (y[:, None] / noise).sum(axis=0) / sure
    log = -0.5 * (np.log(noise).sum(axis=0) + np.log(sure))
    log -= 0.5 * ((y[:, None] - common) ** 2 / noise).sum(axis=0)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    borrowed = s[:, None] ** 2 / noise
    mean = y[:, None] + borrowed * (common - y[:, None])
    variance = borrowed * spread**2 + borrowed**2 / sure
    if len(y) == 1:
        mean, variance = y[:, None], s[:, None] ** 2
    return (weight, mean), np.sqrt(variance)


def _quantile(weight: Floats, mean: Floats, error: Floats, p: float) -> float:
    """Where the mixture of normals has ``p`` of its weight below: Newton's steps, and a halving
    where one leads out of what is left."""
    parts = list(zip(weight.tolist(), mean.tolist(), error.tolist(), strict=True))
    low = float((mean - 9 * error).min())
    high = float((mean + 9 * error).max())
    near = (high - low) * _NEAR
    at = float(weight @ mean)
    for _step in range(_MOST_STEPS):
        below = density = 0.0
        for w, m, e in parts:
            z = (at - m) / e
            below += w * 0.5 * math.erfc(-z / _ROOT_2)
            density += w * math.exp(-0.5 * z * z) / e
        low, high = (at, high) if below < p else (low, at)
        wanted = at + (p - below) * _ROOT_2_PI / density if density > 0 else low
        step = wanted if low < wanted < high else (low + high) / 2
        if abs(step - at) <= near:
            return step
        at = step
    return at


def _proof(low: float, high: float, *, used: bool) -> Proof:
    """What nobody used cannot have brought anybody, whatever chance says."""
    if high < 0:
        return "harms"
    return "works" if low > 0 and used else "not_proven"


def _speaks(cell: Cell) -> bool:
    return min(cell.treated, cell.held_out) >= LEAST_MEMBERS and cell.error > 0


def _each(cost_minor: int, used: int) -> int:
    """What one use took off, rounded up."""
    return -(-cost_minor // used) if used else 0


def _unknown(proof: Proof, trials: Sequence[Cell]) -> Lift:
    return Lift(
        proof=proof,
        mean=0.0,
        low=-1.0,
        high=1.0,
        own=None,
        own_error=None,
        treated=sum(one.treated for one in trials),
        held_out=sum(one.held_out for one in trials),
        base=0.0,
        use=0.0,
        cost_minor=0,
    )
