"""Pure: what is known of each item a member bought before, as one table of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import Pairs, decayed_counts, pairs_at, per_pair, thinned
from regulars.modules.insight.due.surroundings import (
    category_features,
    item_features,
    member_features,
    ranks_within_member,
)
from regulars.modules.insight.history import Floats, Ints, trip_key
from regulars.modules.insight.learning.boosting import Matrix

from .companions import Companions
from .shop import Shop

#: Of each member's items the first so many by decayed count are candidates.
MOST_CANDIDATES: Final = 60
#: The half-life, in days, by which they are chosen and by which counting alone ranks.
HALF_LIFE: Final = 112.0
_HALF_LIVES: Final = (7, 14, 28, 56, 112, 224)
_WINDOWS: Final = (7, 14, 28, 56)
#: A basket counts so much of the one after it.
_BY_BASKET: Final = (0.95, 0.85, 0.7)


@dataclass(frozen=True, slots=True)
class Repeats:
    """One row per candidate, one column per name."""

    pairs: Pairs
    names: tuple[str, ...]
    matrix: Matrix

    def column(self, name: str) -> Floats:
        return self.matrix[:, self.names.index(name)].astype(np.float64)


def candidates(shop: Shop, most: int = MOST_CANDIDATES) -> Pairs:
    """The items on sale that shoppers bought before, at most ``most`` of each shopper."""
    pairs = pairs_at(shop.known, shop.anchor, least=1)
    is_shopper = np.zeros(len(shop.known.members), dtype=bool)
    is_shopper[shop.shoppers] = True
    pairs = thinned(pairs, is_shopper[pairs.member] & shop.on_sale[pairs.item])
    counts = decayed_counts(pairs, HALF_LIFE)
    return thinned(pairs, _place(pairs.member, counts) < most)


def repeats_at(shop: Shop, companions: Companions) -> Repeats:
    """Every candidate with what was known of it at the shop's anchor."""
    pairs = candidates(shop)
    found = _own(pairs) | member_features(pairs, shop.trips) | _by_basket(pairs, shop)
    for level in range(len(shop.known.parents)):
        found |= category_features(pairs, shop.known, level)
    found |= item_features(pairs, shop.known)
    found["similar"] = _similar(pairs, shop, companions)
    found |= ranks_within_member(
        pairs,
        {
            "decayed_112": found["decayed_112"],
            "decayed_28": found["decayed_28"],
            "recency": -found["recency"],
            "similar": found["similar"],
        },
    )
    matrix = np.empty((len(pairs), len(found)), dtype=np.float32)
    for place, values in enumerate(found.values()):
        matrix[:, place] = values
    return Repeats(pairs, tuple(found), matrix)


def _own(pairs: Pairs) -> dict[str, Floats]:
    """The pair's own purchases; gaps are -1 of what was bought once."""
    recency = (pairs.anchor - pairs.last).astype(np.float64)
    found: dict[str, Floats] = {
        "recency": recency,
        "purchases": pairs.counts.astype(np.float64),
        "known_days": (pairs.anchor - pairs.first).astype(np.float64),
    }
    for half_life in _HALF_LIVES:
        found[f"decayed_{half_life}"] = decayed_counts(pairs, half_life)
    age = pairs.anchor - pairs.rows.day
    for window in _WINDOWS:
        found[f"in_{window}"] = per_pair(pairs, (age < window).astype(np.float64))
    again = pairs.counts > 1
    gap = np.full(len(pairs), -1.0)
    gap[again] = (pairs.last - pairs.first)[again] / (pairs.counts[again] - 1.0)
    found["gap_mean"] = gap
    found["recency_of_mean"] = np.where(again, recency / np.maximum(gap, 1.0), -1.0)
    ends = pairs.starts + pairs.counts - 1
    last_gap = pairs.rows.day[ends] - pairs.rows.day[np.maximum(ends - 1, 0)]
    found["gap_last"] = np.where(again, last_gap, -1.0)
    found["recency_of_last"] = np.where(again, recency / np.maximum(last_gap, 1.0), -1.0)
    found["quantity_mean"] = per_pair(pairs, pairs.rows.quantity) / pairs.counts
    found["quantity_last"] = pairs.rows.quantity[ends]
    found["value_mean"] = per_pair(pairs, pairs.rows.value_minor) / pairs.counts
    return found


def _by_basket(pairs: Pairs, shop: Shop) -> dict[str, Floats]:
    """Counts by how many baskets ago, not by how many days."""
    latest = np.searchsorted(shop.trips.member, pairs.rows.member, side="right") - 1
    at = np.searchsorted(shop.trips.key, trip_key(pairs.rows.member, pairs.rows.day))
    back = (latest - at).astype(np.float64)
    found = {f"by_basket_{share}": per_pair(pairs, share**back) for share in _BY_BASKET}
    for few in (1, 3, 6):
        found[f"in_last_{few}_baskets"] = per_pair(pairs, (back < few).astype(np.float64))
    return found


def _similar(pairs: Pairs, shop: Shop, companions: Companions) -> Floats:
    """How strongly a member's other items point to this one."""
    taste = companions.taste
    column_of = np.full(shop.items, -1, dtype=np.int64)
    column_of[taste.item_of] = np.arange(taste.columns)
    row, column = np.searchsorted(shop.shoppers, pairs.member), column_of[pairs.item]
    scores = np.zeros(len(pairs))
    for first, stop in taste.pieces():
        here = slice(*np.searchsorted(row, [first, stop]))
        told = column[here] >= 0
        scored = companions.scores(first, stop)
        scores[here][told] = scored[row[here][told] - first, column[here][told]]
    return scores


def _place(member: Ints, values: Floats) -> Ints:
    """The place of each pair among its member's, the greatest first, from 0."""
    order = np.lexsort((-values, member))
    place = np.empty(len(member), dtype=np.int64)
    place[order] = np.arange(len(member)) - np.searchsorted(member, member)[order]
    return place
