"""The measures that the tables of `make eval` show; ties count half everywhere they can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def auc(happened: Floats, scores: Floats) -> float:
    """How often a pair that happened stands above one that did not."""
    order = np.argsort(scores, kind="stable")
    _, place, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2.0)[place]
    positive = happened[order] > 0
    hits, misses = int(positive.sum()), int((~positive).sum())
    if not hits or not misses:
        return float("nan")
    return float((rank[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def average_precision(happened: Floats, scores: Floats, weights: Floats | None = None) -> float:
    """The area under precision over recall, as steps; equal scores are one step."""
    order = np.argsort(-scores, kind="stable")
    weight = np.ones(len(order)) if weights is None else weights[order]
    hits = np.cumsum(happened[order] * weight)
    seen = np.cumsum(weight)
    sorted_scores = scores[order]
    last = np.append(np.flatnonzero(np.diff(sorted_scores)), len(order) - 1)
    precision = hits[last] / np.maximum(seen[last], 1e-12)
    return float(np.sum(np.diff(hits[last], prepend=0.0) * precision) / max(hits[-1], 1e-12))


def precision_at(happened: Floats, scores: Floats, member: Ints, k: int) -> float:
    """Mean over members of the share that happened among their ``k`` highest."""
    order = np.lexsort((-scores, member))
    sorted_member = member[order]
    place = np.arange(len(order)) - np.searchsorted(sorted_member, sorted_member)
    top = place < k
    _, group = np.unique(sorted_member[top], return_inverse=True)
    hits = np.bincount(group, weights=happened[order][top])
    return float((hits / np.bincount(group)).mean())


def auc_within(happened: Floats, scores: Floats, member: Ints) -> float:
    """Mean over members of the AUC among their own pairs, where both outcomes are there."""
    order = np.argsort(member, kind="stable")
    cuts = np.flatnonzero(np.diff(member[order])) + 1
    found = [
        auc(happened[rows], scores[rows])
        for rows in np.split(order, cuts)
        if 0 < happened[rows].sum() < len(rows)
    ]
    return float(np.mean(found))


def calibration_error(happened: Floats, said: Floats, bins: int = 10) -> float:
    """Mean distance of what was said from what happened, over bins of equal count."""
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, bins)
    gaps = [len(part) * abs(said[part].mean() - happened[part].mean()) for part in parts]
    return float(sum(gaps) / len(order))


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference and its 95 % interval."""

    value: float
    low: float
    high: float


def calibration_errors_of_the_truth(
    weeks: Sequence[Floats], *, draws: int = 500, seed: int = 1
) -> Floats:
    """What the mean of ``calibration_error`` over ``weeks`` shows where everything said in them is
    exactly true, once for each of ``draws``: bins of few cases are off by chance alone."""
    random = np.random.default_rng(seed)
    return np.mean(
        [
            [
                calibration_error((random.random(len(said)) < said).astype(np.float64), said)
                for _ in range(draws)
            ]
            for said in weeks
        ],
        axis=0,
    )


def bootstrap_calibration(
    weeks: Sequence[tuple[Floats, Floats, Ints]], *, draws: int = 500, seed: int = 1
) -> Interval:
    """The mean of ``calibration_error`` over weeks of (happened, said, member); whole members are
    drawn again, the same in every week.

    What is drawn again is off by chance once more than the weeks were. The interval is that of the
    draws, mirrored at the value, which takes that off again.
    """
    random = np.random.default_rng(seed)
    members = max(int(member.max()) for _, _, member in weeks) + 1
    rows = [np.argsort(member, kind="stable") for _, _, member in weeks]
    found = []
    for _ in range(draws):
        times = np.bincount(random.integers(0, members, members), minlength=members)
        errors = []
        for (happened, said, member), order in zip(weeks, rows, strict=True):
            drawn = np.repeat(order, times[member[order]])
            errors.append(calibration_error(happened[drawn], said[drawn]))
        found.append(np.mean(errors))
    value = float(np.mean([calibration_error(happened, said) for happened, said, _ in weeks]))
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(value, max(0.0, 2.0 * value - float(high)), max(0.0, 2.0 * value - float(low)))


def bootstrap_gain(
    weeks: Sequence[tuple[Floats, Floats, Floats, Ints]],
    measure: Callable[[Floats, Floats], float],
    *,
    draws: int = 500,
    seed: int = 1,
) -> Interval:
    """The mean over weeks of (happened, ours, theirs, member) of how far ``measure`` of ours is
    above that of theirs; whole members are drawn again, the same in every week."""
    random = np.random.default_rng(seed)
    members = max(int(member.max()) for *_, member in weeks) + 1

    def gain(times: Ints) -> float:
        found = []
        for happened, ours, theirs, member in weeks:
            drawn = np.repeat(np.arange(len(member)), times[member])
            came = happened[drawn]
            found.append(measure(came, ours[drawn]) - measure(came, theirs[drawn]))
        return float(np.mean(found))

    found = [
        gain(np.bincount(random.integers(0, members, members), minlength=members))
        for _ in range(draws)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(gain(np.ones(members, dtype=np.int64)), float(low), float(high))


def bootstrap_ap(
    happened: Floats, ours: Floats, theirs: Floats, member: Ints, *, draws: int, seed: int
) -> Interval:
    """Average precision of ours less theirs; whole members are drawn again and again."""
    random = np.random.default_rng(seed)
    _, place = np.unique(member, return_inverse=True)
    members = int(place.max()) + 1
    found = []
    for _ in range(draws):
        times = np.bincount(random.integers(0, members, members), minlength=members)[place]
        weights = times.astype(np.float64)
        found.append(
            average_precision(happened, ours, weights)
            - average_precision(happened, theirs, weights)
        )
    low, high = np.quantile(found, [0.025, 0.975])
    value = average_precision(happened, ours) - average_precision(happened, theirs)
    return Interval(value, float(low), float(high))
