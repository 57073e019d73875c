"""Pure: one learner for every question: logistic regression, and boosted trees beside it.

Where LightGBM is installed and there is enough to learn from, the answer is the mean of the two;
otherwise the regression answers alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.history import Floats

from . import boosting, logistic
from .boosting import Matrix, Trees
from .logistic import Logistic

Using = Literal["logistic", "trees_and_logistic"]
Watch = Callable[[int, int], None]
"""Told how many of how many steps are done."""

#: Fewer examples than this do not carry trees.
LEAST_FOR_TREES: Final = 3_000
#: More than this the regression does not need: its weights are few.
_MOST_FOR_REGRESSION: Final = 150_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to learn: chosen once, on weeks that no published figure is measured on."""

    trees: int
    leaves: int
    rate: float
    least_in_leaf: int
    penalty: float
    share_of_trees: float = 0.5


@dataclass(frozen=True, slots=True)
class Learner:
    """What was learnt; ``examples`` and ``events`` tell from how much."""

    regression: Logistic
    trees: Trees | None
    share_of_trees: float
    examples: int
    events: int

    @property
    def using(self) -> Using:
        return "trees_and_logistic" if self.trees else "logistic"

    def probabilities(self, matrix: Matrix) -> Floats:
        """How likely each row's event is."""
        by_regression = self.regression.probabilities(flattened(matrix))
        if self.trees is None:
            return by_regression
        by_trees = self.trees.probabilities(matrix)
        return by_trees * self.share_of_trees + by_regression * (1.0 - self.share_of_trees)


def learn(
    matrix: Matrix,
    happened: Floats,
    *,
    names: tuple[str, ...],
    settings: Settings,
    with_trees: bool | None = None,
) -> Learner:
    """A learner of what ``happened`` at each row; ``with_trees`` None: where it is installed."""
    wanted = boosting.installed() if with_trees is None else with_trees
    trees = None
    if wanted and len(matrix) >= LEAST_FOR_TREES:
        trees = boosting.fit(
            matrix,
            happened,
            names=names,
            trees=settings.trees,
            leaves=settings.leaves,
            rate=settings.rate,
            least_in_leaf=settings.least_in_leaf,
        )
    every = -(-len(matrix) // _MOST_FOR_REGRESSION)
    return Learner(
        logistic.fit(flattened(matrix[::every]), happened[::every], penalty=settings.penalty),
        trees,
        settings.share_of_trees,
        len(matrix),
        int(happened.sum()),
    )


def flattened(matrix: Matrix) -> Matrix:
    """Each number's logarithm, sign kept: counts and days have long tails."""
    return np.asarray(np.sign(matrix) * np.log1p(np.abs(matrix)), dtype=np.float32)
