"""Pure: one learner for every question: logistic regression, and boosted trees beside it.

Where LightGBM is installed and there is enough to learn from, the answer is the mean of the two;
otherwise the regression answers alone. What few examples say of many numbers may be mostly chance:
there it is tried on members who were not learnt from whether to hold the weights closer to none,
and to answer half by one number that is a good rule alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.history import Floats, Ints

from . import boosting, logistic
from .boosting import Matrix, Trees
from .logistic import Logistic

Using = Literal["logistic", "trees_and_logistic"]
Watch = Callable[[int, int], None]
"""Told how many of how many steps are done."""

#: More than this the regression does not need: its weights are few.
_MOST_FOR_REGRESSION: Final = 150_000
#: Members are parted in so many, each foretold by a learner of the others.
_PARTS: Final = 4
_EDGE: Final = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to learn: chosen once, on weeks that no published figure is measured on.

    From ``many`` examples on there are trees and the ``penalty``. With fewer either that, or the
    ``penalty_of_few``, or, where a number is named as ``rule``, half the answer by it alone and
    half with the ``penalty_beside_rule`` (None: that of few). The last of these stands unless
    another foretells better by more than ``doubt`` standard errors.
    """

    trees: int
    leaves: int
    rate: float
    least_in_leaf: int
    penalty: float
    share_of_trees: float = 0.5
    many: int
    penalty_of_few: float
    rule: str | None = None
    penalty_beside_rule: float | None = None
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Learner:
    """What was learnt; ``examples`` and ``events`` tell from how much.

    ``by_rule`` learnt from the column ``rule`` alone.
    """

    regression: Logistic
    by_rule: Logistic | None
    rule: int
    trees: Trees | None
    share_of_trees: float
    examples: int
    events: int

    @property
    def using(self) -> Using:
        return "trees_and_logistic" if self.trees else "logistic"

    def probabilities(self, matrix: Matrix) -> Floats:
        """How likely each row's event is."""
        flat = flattened(matrix)
        by_regression = self.regression.probabilities(flat)
        if self.by_rule is not None:
            return (by_regression + self.by_rule.probabilities(flat[:, [self.rule]])) / 2.0
        if self.trees is None:
            return by_regression
        by_trees = self.trees.probabilities(matrix)
        return by_trees * self.share_of_trees + by_regression * (1.0 - self.share_of_trees)


def learn(
    matrix: Matrix,
    happened: Floats,
    *,
    whose: Ints,
    names: tuple[str, ...],
    settings: Settings,
    with_trees: bool | None = None,
) -> Learner:
    """A learner of what ``happened`` at each row, a row of the member ``whose``.

    ``with_trees`` None: where it is installed.
    """
    wanted = boosting.installed() if with_trees is None else with_trees
    trees, by_rule, rule = None, None, -1
    few = len(matrix) < settings.many
    if wanted and not few:
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
    flat, told = flattened(matrix[::every]), happened[::every]
    penalty = settings.penalty
    if few:
        rule = names.index(settings.rule) if settings.rule is not None else -1
        penalty, with_rule = _tried(flat, told, whose, settings, rule)
        by_rule = logistic.fit(flat[:, [rule]], told) if with_rule else None
    return Learner(
        logistic.fit(flat, told, penalty=penalty),
        by_rule,
        rule,
        trees,
        settings.share_of_trees,
        len(matrix),
        int(happened.sum()),
    )


def _tried(
    flat: Matrix, happened: Floats, whose: Ints, settings: Settings, rule: int
) -> tuple[float, bool]:
    """The penalty, and whether the column ``rule`` answers half, that foretold best what happened
    to members who were not learnt from."""
    ways = [(settings.penalty, False), (settings.penalty_of_few, False)]
    if rule >= 0:
        ways.append((settings.penalty_beside_rule or settings.penalty_of_few, True))
    said = {penalty: np.full(len(happened), happened.mean()) for penalty, _ in ways}
    by_rule = np.full(len(happened), happened.mean())
    for part in range(_PARTS):
        out = whose % _PARTS == part
        if not out.any() or out.all():
            continue
        for penalty, values in said.items():
            found = logistic.fit(flat[~out], happened[~out], penalty=penalty)
            values[out] = found.probabilities(flat[out])
        if rule >= 0:
            alone = logistic.fit(flat[~out][:, [rule]], happened[~out])
            by_rule[out] = alone.probabilities(flat[out][:, [rule]])
    missed = {
        (penalty, half): _surprise(
            happened, (said[penalty] + by_rule) / 2 if half else said[penalty]
        )
        for penalty, half in ways
    }
    last = ways[-1]
    better = [
        way for way in ways if _is_less(missed[way] - missed[last], whose, doubt=settings.doubt)
    ]
    return min(better, key=lambda way: float(missed[way].mean()), default=last)


def _surprise(happened: Floats, said: Floats) -> Floats:
    """Minus the logarithm of what was said of what happened, of each row."""
    inside = np.clip(said, _EDGE, 1.0 - _EDGE)
    return np.asarray(-np.log(np.where(happened > 0, inside, 1.0 - inside)))


def _is_less(values: Floats, whose: Ints, *, doubt: float) -> bool:
    """Whether the mean of ``values`` is below zero by more than ``doubt`` of its standard errors;
    the rows of a member are one case."""
    mean = float(values.mean())
    _, place = np.unique(whose, return_inverse=True)
    off = np.bincount(place, weights=values - mean)
    error = float(np.sqrt((off**2).sum() * len(off) / max(len(off) - 1, 1))) / len(values)
    return mean < -doubt * error


def flattened(matrix: Matrix) -> Matrix:
    """Each number's logarithm, sign kept: counts and days have long tails."""
    return np.asarray(np.sign(matrix) * np.log1p(np.abs(matrix)), dtype=np.float32)
