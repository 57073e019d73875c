"""Pure: logistic regression by Newton's method, for where no gradient boosting is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Floats

Columns = npt.NDArray[np.float32]

_STEPS: Final = 30
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
    for _ in range(_STEPS):
        said = _sigmoid(design @ weights)
        slope = design.T @ (happened - said).astype(design.dtype) - ridge * weights
        curve = (design * (said * (1 - said)).astype(design.dtype)[:, None]).T @ design
        step = np.linalg.solve(curve.astype(np.float64) + np.diag(ridge + _CLOSE), slope)
        weights += step
        if float(np.abs(step).max()) < 1e-5:
            break
    return Logistic(means, scales, weights)


def _standard(columns: Columns, means: Floats, scales: Floats) -> Columns:
    """Standardised, cut at the far ends, behind a column of ones."""
    design = np.empty((len(columns), columns.shape[1] + 1), dtype=np.float32)
    design[:, 0] = 1.0
    np.clip((columns - means) / scales, -_MOST, _MOST, out=design[:, 1:], casting="same_kind")
    return design


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -35.0, 35.0))), dtype=np.float64)
