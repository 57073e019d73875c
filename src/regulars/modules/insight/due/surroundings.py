"""Pure: features of what stands around a pair: the member's shopping, the item, its category.

What others did is taken from windows that were over at the anchor: candidates of earlier days and
whether they were bought within the horizon after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import (
    UNKNOWN,
    Flags,
    Floats,
    History,
    Ints,
    Trips,
    trip_key,
    weighed,
)

from .pairs import Pairs, bought_within, pair_key, pairs_at

TRIP_WINDOWS: Final = (7, 14, 28, 56, 112)
CLOSED_WINDOWS: Final = 3
#: The rates that are of an item alone.
OF_ITEMS: Final = frozenset({"rate_of_item", "item_over_expected"})
#: How many unseen outcomes at the common rate stand behind each rate of a member or an item.
_PRIOR: Final = 10.0
#: The last day of each stretch of recency that has a rate of its own.
_RECENCY_ENDS: Final = np.array([0, 1, 2, 4, 6, 9, 13, 17, 20, 27, 34, 48, 62, 90, 140])


def member_features(pairs: Pairs, trips: Trips) -> dict[str, Floats]:
    """How much and how lately the member shops at all; ``trips`` up to the anchor."""
    age = (pairs.anchor - trips.day).astype(np.float64)
    found: dict[str, Floats] = {}

    def of_member(weights: Floats) -> Floats:
        return weighed(trips.member, weights, trips.members)[pairs.member]

    all_trips = of_member(np.ones(len(age)))
    for window in TRIP_WINDOWS:
        found[f"trips_in_{window}"] = of_member((age < window).astype(np.float64))
    for half_life in (28, 112):
        found[f"trips_decayed_{half_life}"] = of_member(0.5 ** (age / half_life))
    key, start = trips.key, np.searchsorted(trips.member, pairs.member)
    latest = np.searchsorted(trips.member, pairs.member, side="right") - 1
    found["trip_recency"] = (pairs.anchor - trips.day[latest]).astype(np.float64)
    found["trip_gap"] = (trips.day[latest] - trips.day[start]) / np.maximum(latest - start, 1)
    found["basket_items"] = of_member(trips.items) / all_trips
    since_last = np.searchsorted(key, trip_key(pairs.member, pairs.last), side="right")
    found["trips_since_last"] = (latest + 1 - since_last).astype(np.float64)
    since_first = np.searchsorted(key, trip_key(pairs.member, pairs.first))
    found["share_of_trips"] = pairs.counts / np.maximum(latest + 1 - since_first, 1)
    return found


def category_features(pairs: Pairs, known: History, level: int) -> dict[str, Floats]:
    """The member's purchases of anything under the same parent; ``known`` up to the anchor.

    Zero purchases and the longest recency for an item without one.
    """
    parent = known.parents[level]
    most = int(parent.max(initial=0)) + 1
    above = parent[known.item]
    told = above != UNKNOWN
    group_key = known.member[told] * most + above[told]
    day = known.day[told]
    groups, place = np.unique(group_key, return_inverse=True)
    own = parent[pairs.item]
    wanted = pairs.member * most + own
    at = np.minimum(np.searchsorted(groups, wanted), max(len(groups) - 1, 0))
    found: dict[str, Floats] = {}
    age = (pairs.anchor - day).astype(np.float64)
    name = f"above_{level + 1}"
    has = (own != UNKNOWN) & (len(groups) > 0)

    def of_pair(values: Floats, missing: float) -> Floats:
        return np.where(has, values[at], missing) if len(values) else np.full(len(at), missing)

    for half_life in (14, 56):
        decayed = weighed(place, 0.5 ** (age / half_life), len(groups))
        found[f"{name}_decayed_{half_life}"] = of_pair(decayed, 0.0)
    newest = np.full(len(groups), -1e6)
    np.maximum.at(newest, place, day.astype(np.float64))
    recency = pairs.anchor - of_pair(newest, float(pairs.anchor - 400))
    found[f"{name}_recency"] = recency
    found[f"{name}_share"] = np.bincount(
        pairs.of_row, weights=0.5 ** ((pairs.anchor - pairs.rows.day) / 56), minlength=len(pairs)
    ) / np.maximum(found[f"{name}_decayed_56"], 1e-6)
    return found


def ranks_within_member(pairs: Pairs, columns: dict[str, Floats]) -> dict[str, Floats]:
    """The place of each pair among its member's by each column, the greatest first, from 1."""
    first = np.searchsorted(pairs.member, pairs.member)
    found: dict[str, Floats] = {}
    for name, values in columns.items():
        order = np.lexsort((-values, pairs.member))
        rank = np.empty(len(pairs))
        rank[order] = np.arange(len(pairs)) - first[order] + 1.0
        found[f"rank_{name}"] = rank
    counts = np.bincount(pairs.member, minlength=len(pairs.rows.members))
    found["candidates"] = counts[pairs.member].astype(np.float64)
    return found


@dataclass(frozen=True, slots=True)
class Closed:
    """Candidates of windows that are over, and whether each was bought inside its window."""

    member: Ints
    item: Ints
    recency: Ints
    happened: Flags


def closed_windows(known: History, anchor: int, horizon: int) -> Closed:
    """The last windows that were over at ``anchor``; none where there are no candidates yet."""
    step = max(7, min(horizon, 28))
    found = []
    for back in range(CLOSED_WINDOWS):
        earlier = pairs_at(known, anchor - horizon - back * step)
        happened = bought_within(known, earlier, horizon)
        found.append((earlier.member, earlier.item, earlier.anchor - earlier.last, happened))
    member, item, recency, happened = (np.concatenate([one[k] for one in found]) for k in range(4))
    return Closed(member, item, recency, happened.astype(bool))


def rebuy_rates(pairs: Pairs, closed: Closed) -> dict[str, Floats]:
    """How often such pairs were bought within the horizon before: by recency, item and member."""
    happened = closed.happened.astype(np.float64)
    common = (happened.sum() + 0.2) / (len(happened) + 1.0)
    ends = len(_RECENCY_ENDS) + 1
    stretch = np.searchsorted(_RECENCY_ENDS, closed.recency)
    recency = pairs.anchor - pairs.last
    by_recency = _rates(stretch, happened, common, ends)
    expected = by_recency[stretch]
    own_stretch = np.searchsorted(_RECENCY_ENDS, recency)
    items, members = len(pairs.rows.items), len(pairs.rows.members)
    return {
        "rate_of_recency": by_recency[own_stretch],
        "rate_of_item": _rates(closed.item, happened, common, items)[pairs.item],
        # Against what their recency alone let expect.
        "item_over_expected": _ratio(closed.item, happened, expected, items)[pairs.item],
        "member_over_expected": _ratio(closed.member, happened, expected, members)[pairs.member],
    }


def item_features(pairs: Pairs, known: History) -> dict[str, Floats]:
    """How many buy the item, and how its last four weeks compare with the twelve before."""
    age = pairs.anchor - known.day
    items = len(known.items)
    recent = np.bincount(known.item[age < 28], minlength=items).astype(np.float64)
    before = np.bincount(known.item[(age >= 28) & (age < 112)], minlength=items) / 3.0
    fresh = np.bincount(known.item[age < 14], minlength=items).astype(np.float64)
    rows = np.bincount(known.item, minlength=items).astype(np.float64)
    keys = np.unique(pair_key(known.member, known.item))
    buyers = np.bincount(keys & ((1 << 31) - 1), minlength=items)
    per_item = {
        "item_recent": recent,
        "item_trend": (recent + 3.0) / (before + 3.0),
        "item_trend_14": (fresh * 2.0 + 3.0) / (recent + before / 2.0 + 3.0),
        "item_per_buyer": rows / np.maximum(buyers, 1.0),
    }
    return {name: values[pairs.item] for name, values in per_item.items()}


def _rates(group: Ints, happened: Floats, common: float, groups: int) -> Floats:
    counts = np.bincount(group, minlength=groups)
    hits = np.bincount(group, weights=happened, minlength=groups)
    return (hits + _PRIOR * common) / (counts + _PRIOR)


def _ratio(group: Ints, happened: Floats, expected: Floats, groups: int) -> Floats:
    hits = np.bincount(group, weights=happened, minlength=groups)
    expectation = np.bincount(group, weights=expected, minlength=groups)
    return (hits + 3.0) / (expectation + 3.0)
