"""Pure: logistic regression by Newton's method, for where no gradient boosting is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Floats

Columns = npt.NDArray[np.float32]

_STEPS: Final = 30
_HALVINGS: Final = 20
_ROUNDING: Final = 1e-9
_CLOSE: Final = 1e-6
_MOST: Final = 8.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights on standardised columns; ``weights[0]`` is the constant."""

    means: Floats
    scales: Floats
    weights: Floats

    def probabilities(self, columns: Columns) -> Floats:
        return _sigmoid(_standard(columns, self.means, self.scales) @ self.weights)


def fit(columns: Columns, happened: Floats, *, penalty: float = 1.0) -> Logistic:
    """The most likely weights with ``penalty`` on their squares (not on the constant's)."""
    means = columns.mean(axis=0, dtype=np.float64)
    scales = columns.std(axis=0, dtype=np.float64)
    scales[scales < _CLOSE] = 1.0
    design = _standard(columns, means, scales)
    weights = np.zeros(design.shape[1])
    share = min(max(float(happened.mean()), _CLOSE), 1 - _CLOSE)
    weights[0] = np.log(share / (1 - share))
    ridge = np.full(len(weights), penalty)
    ridge[0] = 0.0
    logits: Floats = np.asarray(design @ weights, dtype=np.float64)
    value = _value(happened, logits, weights, ridge)
    for _ in range(_STEPS):
        said = _sigmoid(logits)
        slope = design.T @ (happened - said).astype(design.dtype) - ridge * weights
        curve = (design * (said * (1 - said)).astype(design.dtype)[:, None]).T @ design
        step = np.linalg.solve(curve.astype(np.float64) + np.diag(ridge + _CLOSE), slope)
        # A whole step may lead beyond the top, to where the curve is flat and the next has no end.
        for _ in range(_HALVINGS):
            logits = np.asarray(design @ (weights + step), dtype=np.float64)
            better = _value(happened, logits, weights + step, ridge)
            if better >= value - _ROUNDING * abs(value):
                break
            step /= 2
        weights, value = weights + step, better
        if float(np.abs(step).max()) < 1e-5:
            break
    return Logistic(means, scales, weights)


def _value(happened: Floats, logits: Floats, weights: Floats, ridge: Floats) -> float:
    """The log likelihood less the penalty: what the weights are to make as great as can be."""
    likely = happened @ logits - np.logaddexp(0.0, logits).sum()
    return float(likely - 0.5 * (ridge @ weights**2))


def _standard(columns: Columns, means: Floats, scales: Floats) -> Columns:
    """Standardised, cut at the far ends, behind a column of ones."""
    design = np.empty((len(columns), columns.shape[1] + 1), dtype=np.float32)
    design[:, 0] = 1.0
    np.clip((columns - means) / scales, -_MOST, _MOST, out=design[:, 1:], casting="same_kind")
    return design


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -35.0, 35.0))), dtype=np.float64)
