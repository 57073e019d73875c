"""The simple rules that insight must beat: each is one thing a person could count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import Pairs, bought_within, decayed_counts, pairs_at
from regulars.modules.insight.history import Floats, History

from .metrics import average_precision

_HALF_LIVES: Final = (7.0, 14.0, 28.0, 56.0, 112.0, 224.0)


def simple_rules(history: History, pairs: Pairs, horizon: int) -> Mapping[str, Floats]:
    """A score by each rule; the higher the more likely."""
    recency = (pairs.anchor - pairs.last).astype(np.float64)
    gap = (pairs.last - pairs.first) / (pairs.counts - 1.0)
    known = np.maximum(pairs.anchor - pairs.first, 1)
    lately = pairs.rows.day > pairs.anchor - 56
    half_life = best_half_life(history, pairs.anchor - horizon, horizon)
    return {
        "days since last purchase": -recency,
        "personal mean-gap rule": -np.abs(gap - recency - horizon / 2) / gap,
        "top frequency": pairs.counts.astype(np.float64),
        # Ties by the count of all days.
        "frequency last 56 days": np.bincount(
            pairs.of_row, weights=lately + 1e-4, minlength=len(pairs)
        ),
        "Poisson at own rate": 1.0 - np.exp(-horizon * pairs.counts / known),
        f"decayed frequency, {half_life:.0f} d": decayed_counts(pairs, half_life),
    }


def best_half_life(history: History, anchor: int, horizon: int) -> float:
    """The half-life with the best average precision in the window that began after ``anchor``."""
    pairs = pairs_at(history, anchor)
    happened = bought_within(history, pairs, horizon).astype(np.float64)
    return max(_HALF_LIVES, key=lambda one: average_precision(happened, decayed_counts(pairs, one)))
