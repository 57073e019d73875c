"""Pure: all features of the candidates of one day, as one table of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Floats, History, trips_of
from regulars.modules.insight.learning.boosting import Matrix

from .pairs import Pairs, pairs_at
from .rhythm import rhythm
from .similar import similar_scores
from .surroundings import (
    OF_ITEMS,
    category_features,
    closed_windows,
    item_features,
    member_features,
    ranks_within_member,
    rebuy_rates,
)

#: Where fewer are sold, what is known of an item says which window it is, and nothing of the item:
#: that the weeks of each window were good or bad would be learnt by heart.
LEAST_ITEMS: Final = 20


@dataclass(frozen=True, slots=True)
class Features:
    """One row per pair, one column per name."""

    pairs: Pairs
    names: tuple[str, ...]
    matrix: Matrix

    def column(self, name: str) -> Matrix:
        return self.matrix[:, self.names.index(name)]


def features_at(history: History, anchor: int, horizon: int) -> Features:
    """The candidates at the end of the day ``anchor`` with everything known of them by then."""
    # Of the items of all days, so that every window of one forecast has the same columns.
    several = np.count_nonzero(np.bincount(history.item)) >= LEAST_ITEMS
    known = history.until(anchor)
    pairs = pairs_at(known, anchor)
    found: dict[str, Floats] = rhythm(pairs, horizon)
    trips = trips_of(known)
    found |= member_features(pairs, trips)
    found["decayed_share"] = found["decayed_56"] / np.maximum(
        0.5 * found["trips_decayed_28"] + 0.5 * found["trips_decayed_112"], 1e-6
    )
    found["due_by_rate"] = 1.0 - np.exp(-found["decayed_112"] * horizon / 161.6)
    for level in range(len(known.parents)):
        found |= category_features(pairs, known, level)
    rates = rebuy_rates(pairs, closed_windows(known, anchor, horizon))
    if several:
        found |= item_features(pairs, known)
    else:
        rates = {name: values for name, values in rates.items() if name not in OF_ITEMS}
    found |= rates
    found["similar"] = similar_scores(pairs)
    found |= ranks_within_member(
        pairs,
        {
            "decayed_56": found["decayed_56"],
            "decayed_14": found["decayed_14"],
            "recency": -found["recency"],
            "similar": found["similar"],
        },
    )
    matrix = np.empty((len(pairs), len(found)), dtype=np.float32)
    for place, values in enumerate(found.values()):
        matrix[:, place] = values
    return Features(pairs, tuple(found), matrix)
