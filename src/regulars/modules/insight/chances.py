"""Pure: chances as they are told of people, in steps, the same for lists and for facts."""

from __future__ import annotations

from typing import Final

import numpy as np

from regulars.modules.segments.facts import CHANCE_STEP

from .history import Floats, Ints

#: The probability from which on each step is told.
_FROM: Final = np.arange(100 // CHANCE_STEP + 1) * CHANCE_STEP / 100


def chances_of(probability: Floats) -> Ints:
    """Probabilities in whole percent, rounded down to the step."""
    steps = np.searchsorted(_FROM, probability, side="right") - 1
    return np.asarray(steps * CHANCE_STEP, dtype=np.int64)


def least_probability(chance: int) -> float:
    """The least probability that is told as ``chance`` percent. Raises ValueError between steps."""
    if chance % CHANCE_STEP or not 0 <= chance <= 100:
        raise ValueError(f"a chance is a multiple of {CHANCE_STEP} up to 100, not {chance}")
    return float(_FROM[chance // CHANCE_STEP])
