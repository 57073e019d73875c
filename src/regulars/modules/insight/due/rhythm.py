"""Pure: features of one pair's own purchases: how often, how lately, at what gaps, how much."""

from __future__ import annotations

from typing import Final

import numpy as np

from regulars.modules.insight.history import Floats, Ints

from .pairs import Pairs, decayed_counts, per_pair

HALF_LIVES: Final = (7, 14, 28, 56, 112, 224)
WINDOWS: Final = (7, 14, 28, 56, 84, 112)
_NEVER: Final = np.iinfo(np.int64).max


def rhythm(pairs: Pairs, horizon: int) -> dict[str, Floats]:
    """One column per feature, in days where a feature is a time."""
    recency = (pairs.anchor - pairs.last).astype(np.float64)
    found: dict[str, Floats] = {
        "recency": recency,
        "purchases": pairs.counts.astype(np.float64),
        "known_days": (pairs.anchor - pairs.first).astype(np.float64),
    }
    for half_life in HALF_LIVES:
        found[f"decayed_{half_life}"] = decayed_counts(pairs, half_life)
    age = pairs.anchor - pairs.rows.day
    for window in WINDOWS:
        found[f"in_{window}"] = per_pair(pairs, (age < window).astype(np.float64))
    found["rate"] = pairs.counts / (found["known_days"] + 1.0)
    return found | _gaps(pairs, recency, horizon) | _amounts(pairs)


def _gaps(pairs: Pairs, recency: Floats, horizon: int) -> dict[str, Floats]:
    # One gap fewer than purchases; each belongs to the pair of the later purchase.
    inner = np.ones(len(pairs.rows), dtype=bool)
    inner[pairs.starts] = False
    gaps = np.diff(pairs.rows.day, prepend=0)[inner]
    of_gap = pairs.of_row[inner]
    counts = (pairs.counts - 1).astype(np.float64)
    starts = pairs.starts - np.arange(len(pairs))
    mean = np.bincount(of_gap, weights=gaps, minlength=len(pairs)) / counts
    squares = np.bincount(of_gap, weights=gaps.astype(np.float64) ** 2, minlength=len(pairs))
    spread = np.sqrt(np.maximum(squares / counts - mean**2, 0.0))
    ordered = _sorted_within(of_gap, gaps)
    middle = (counts.astype(np.int64) - 1) // 2
    median = (ordered[starts + middle] + ordered[starts + counts.astype(np.int64) // 2]) / 2
    last = gaps[starts + counts.astype(np.int64) - 1].astype(np.float64)
    waited = recency[of_gap]

    def share(which: Floats) -> Floats:
        return np.bincount(of_gap, weights=which, minlength=len(pairs)) / counts

    longer = share((gaps > waited).astype(np.float64)) * counts
    soon = share(((gaps > waited) & (gaps <= waited + horizon)).astype(np.float64)) * counts
    return {
        "gap_mean": mean,
        "gap_median": median,
        "gap_spread": spread,
        "gap_variation": spread / mean,
        "gap_last": last,
        "gap_least": ordered[starts].astype(np.float64),
        "gap_most": ordered[starts + counts.astype(np.int64) - 1].astype(np.float64),
        "recency_of_mean": recency / mean,
        "recency_of_median": recency / median,
        "recency_of_last": recency / last,
        "overdue": recency - mean,
        "gaps_shorter": share((gaps <= waited).astype(np.float64)),
        # Of the gaps longer than the wait so far, those that ended within the horizon.
        "gaps_ending": (soon + 0.2) / (longer + 1.0),
    }


def _amounts(pairs: Pairs) -> dict[str, Floats]:
    rows, ends = pairs.rows, pairs.starts + pairs.counts - 1
    quantity = per_pair(pairs, rows.quantity) / pairs.counts
    value = per_pair(pairs, rows.value_minor) / pairs.counts
    return {
        "quantity_mean": quantity,
        "quantity_last": rows.quantity[ends],
        # A bigger pack or more of them lasts longer.
        "quantity_last_of_mean": rows.quantity[ends] / np.maximum(quantity, 1e-9),
        "value_mean": value,
        "value_last_of_mean": rows.value_minor[ends] / np.maximum(value, 1.0),
    }


def _sorted_within(group: Ints, values: Ints) -> Ints:
    """``values`` in ascending order inside each group; groups stay where they are."""
    span = int(values.max(initial=0)) + 1
    return np.sort(group * span + values) % span
