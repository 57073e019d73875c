"""Pure: correcting the level of probabilities by how earlier ones turned out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Floats
from regulars.modules.insight.types import Backtest

_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Trial:
    """What was said of a window that is over, without having seen it, and what happened.

    ``anchor`` is the last day that was known, ``days`` how long the window was.
    """

    anchor: int
    days: int
    said: Floats
    happened: Floats

    @property
    def told(self) -> Backtest:
        """In sums."""
        expected, happened = float(self.said.sum()), int(self.happened.sum())
        return Backtest(self.anchor, self.days, len(self.said), expected, happened)


def shifted(said: Floats, trials: Sequence[tuple[Floats, Floats]]) -> Floats:
    """``said`` with its log-odds moved as far as all ``trials`` agree that it should be.

    A trial is what was said of a window before it began, and what then happened (0 or 1). One
    window's level is chance and season; where two err on the same side, the lesser error is taken
    for real. With one trial or none nothing moves.
    """
    shifts = [level_shift(before, happened) for before, happened in trials]
    if len(shifts) < 2 or min(shifts) * max(shifts) <= 0:
        return said
    least = min(shifts, key=abs)
    return moved(said, least)


def level_shift(said: Floats, happened: Floats) -> float:
    """By how much the log-odds must move so that as many are expected as happened."""
    wanted = float(happened.sum())
    wanted = min(max(wanted, 0.5), len(said) - 0.5)
    low, high = -6.0, 6.0
    for _ in range(50):
        middle = (low + high) / 2
        if moved(said, middle).sum() < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def moved(said: Floats, shift: float) -> Floats:
    """Probabilities with ``shift`` added to their log-odds."""
    inside = np.clip(said, _EDGE, 1.0 - _EDGE)
    odds = np.exp(np.log(inside / (1.0 - inside)) + shift)
    return np.asarray(odds / (1.0 + odds))
