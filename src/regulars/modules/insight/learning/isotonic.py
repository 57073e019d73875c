"""Pure: a rising curve from what a model said to what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regulars.modules.insight.history import Floats


@dataclass(frozen=True, slots=True)
class Curve:
    """Rising from ``scores`` to ``shares``, straight in between, level beyond the ends."""

    scores: Floats
    shares: Floats

    def __call__(self, scores: Floats) -> Floats:
        return np.interp(scores, self.scores, self.shares)


def rising(scores: Floats, happened: Floats, *, bins: int = 200) -> Curve:
    """The rising curve nearest to what ``happened`` (0 or 1) at each of ``scores``.

    Neighbours are pooled until each step is at least as high as the one before (pool adjacent
    violators), over at most ``bins`` stretches of equal count, so that the ends are not one
    lucky pair.
    """
    order = np.argsort(scores, kind="stable")
    cuts = np.unique(np.linspace(0, len(order), min(bins, len(order)) + 1).astype(np.int64))[:-1]
    weights = np.diff(np.append(cuts, len(order))).astype(np.float64)
    xs = np.add.reduceat(scores[order], cuts) / weights
    ys = np.add.reduceat(happened[order].astype(np.float64), cuts) / weights
    pooled: list[list[float]] = []
    for x, y, weight in zip(xs, ys, weights, strict=True):
        pooled.append([x * weight, y * weight, weight])
        while len(pooled) > 1 and pooled[-2][1] * pooled[-1][2] >= pooled[-1][1] * pooled[-2][2]:
            last = pooled.pop()
            pooled[-1] = [a + b for a, b in zip(pooled[-1], last, strict=True)]
    steps = np.array(pooled)
    return Curve(steps[:, 0] / steps[:, 2], steps[:, 1] / steps[:, 2])
