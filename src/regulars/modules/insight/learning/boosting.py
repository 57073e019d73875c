"""Gradient-boosted trees by LightGBM where it is installed (``pip install regulars[insight]``)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Floats

Matrix = npt.NDArray[np.float32]
_MOST_THREADS: Final = 2


def installed() -> bool:
    """Whether LightGBM is here, found without loading it."""
    return find_spec("lightgbm") is not None


@dataclass(frozen=True, slots=True)
class Trees:
    """A boosted model; ``names`` are its columns."""

    booster: Any
    names: tuple[str, ...]

    def probabilities(self, columns: Matrix) -> Floats:
        said = self.booster.predict(columns, num_threads=_threads())
        return np.asarray(said, dtype=np.float64)


def fit(
    columns: Matrix,
    happened: Floats,
    *,
    names: Sequence[str],
    trees: int,
    leaves: int,
    rate: float,
    least_in_leaf: int,
    seed: int = 1,
) -> Trees:
    """The same trees for the same numbers, whatever else the machine does."""
    import lightgbm

    settings = {
        "objective": "binary",
        "num_leaves": leaves,
        "learning_rate": rate,
        "min_data_in_leaf": least_in_leaf,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "num_threads": _threads(),
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(columns, happened, feature_name=list(names), free_raw_data=True)
    return Trees(lightgbm.train(settings, data, num_boost_round=trees), tuple(names))


def _threads() -> int:
    """Two, but one on a busy machine: threads that wait for each other's turn cost more than they
    bring. The trees are the same."""
    busy, _, _ = os.getloadavg()
    return 1 if busy > (os.cpu_count() or 1) else _MOST_THREADS
