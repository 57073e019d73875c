"""Pure: a member's rhythm in numbers: how often, how lately, how much, and how that is changing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Flags, Floats, Trips, weighed
from regulars.modules.insight.learning.boosting import Matrix

from .members import RHYTHM_DAYS, Watched

WINDOWS: Final = (7, 14, 28, 56, 112)
HALF_LIVES: Final = (14, 28, 56, 112)
QUIET_DAYS: Final = (14, 28, 42)
#: A trip is big at this share of what the member's trips are worth on average.
BIG: Final = 0.7
_WEEK: Final = 7
_WEEKS: Final = 16


@dataclass(frozen=True, slots=True)
class MemberFeatures:
    """One row per watched member, one column per name."""

    watched: Watched
    names: tuple[str, ...]
    matrix: Matrix

    def column(self, name: str) -> Floats:
        return self.matrix[:, self.names.index(name)].astype(np.float64)


def member_features(watched: Watched) -> MemberFeatures:
    """Everything known of the watched members at the end of their day."""
    trips, member = watched.trips, watched.member
    found = _counts(trips, watched.anchor) | _gaps(trips, watched.anchor)
    found |= _baskets(trips, watched.anchor) | _weeks(trips, watched.anchor)
    found |= _big_trips(trips, watched.anchor)
    found["trend_28"] = (found["trips_28"] + 0.5) / (found["trips_112"] / 4 + 0.5)
    found["trend_56"] = (found["trips_56"] + 0.5) / (found["trips_112"] / 2 + 0.5)
    matrix = np.column_stack([values[member] for values in found.values()])
    return MemberFeatures(watched, tuple(found), np.nan_to_num(matrix).astype(np.float32))


def _counts(trips: Trips, anchor: int) -> dict[str, Floats]:
    age = (anchor - trips.day).astype(np.float64)
    found: dict[str, Floats] = {}
    for window in WINDOWS:
        inside = age < window
        found[f"trips_{window}"] = _sum(trips, inside.astype(np.float64))
        found[f"spend_{window}"] = _sum(trips, np.where(inside, trips.value_minor, 0.0))
        if window in (28, 112):
            found[f"items_{window}"] = _sum(trips, np.where(inside, trips.items, 0.0))
    for half_life in HALF_LIVES:
        decayed = _sum(trips, 0.5 ** (age / half_life))
        found[f"trips_decayed_{half_life}"] = decayed
        # How likely four weeks without a trip are at that rate.
        found[f"none_by_rate_{half_life}"] = np.exp(-28.0 * decayed * np.log(2.0) / half_life)
    return found


def _gaps(trips: Trips, anchor: int) -> dict[str, Floats]:
    """Days between trips, over all that is known."""
    members = trips.members
    inner = np.diff(trips.member, prepend=-1) == 0
    gaps = np.diff(trips.day, prepend=0)[inner].astype(np.float64)
    of_gap = trips.member[inner]
    counts = np.maximum(np.bincount(of_gap, minlength=members), 1)
    mean = np.bincount(of_gap, weights=gaps, minlength=members) / counts
    square = np.bincount(of_gap, weights=gaps**2, minlength=members) / counts
    spread = np.sqrt(np.maximum(square - mean**2, 0.0))
    order = np.lexsort((gaps, of_gap))
    ordered, first = gaps[order], np.searchsorted(of_gap, np.arange(members))
    last = np.searchsorted(of_gap, np.arange(members), side="right")

    def at(share: float) -> Floats:
        if not len(ordered):
            return np.zeros(members)
        place = first + ((last - first) * share).astype(np.int64)
        return np.asarray(ordered[np.minimum(place, len(ordered) - 1)])

    latest = np.full(members, float(anchor))
    latest[trips.member] = trips.day  # ascending: the last one stays
    earliest = np.full(members, float(anchor))
    earliest[trips.member[::-1]] = trips.day[::-1]
    recency, most, known = anchor - latest, at(0.9), anchor - earliest
    found: dict[str, Floats] = {}
    for quiet in QUIET_DAYS:
        # Of all days, those on which nobody had been seen for so long.
        unseen = weighed(of_gap, np.maximum(gaps - quiet, 0.0), members)
        unseen += np.maximum(recency - quiet, 0.0)
        found[f"quiet_{quiet}"] = (unseen + 1.0) / (known + 14.0)
    return found | {
        "recency": recency,
        # No more than the rhythm itself: beyond it, all who were there from the start would count
        # the same days, and the calendar would be learnt in place of the member.
        "known_days": np.minimum(known, float(RHYTHM_DAYS)),
        "gap_mean": mean,
        "gap_spread": spread,
        "gap_median": at(0.5),
        "gap_90": most,
        "recency_of_mean": recency / np.maximum(mean, 1.0),
        "recency_of_90": recency / np.maximum(most, 1.0),
    }


def _baskets(trips: Trips, anchor: int) -> dict[str, Floats]:
    """What a trip is worth and how many items it holds, lately and before."""
    age = anchor - trips.day
    recent, before = age < 28, (age >= 28) & (age < RHYTHM_DAYS)
    found: dict[str, Floats] = {}
    for name, values in (("worth", trips.value_minor), ("items", trips.items)):
        lately = _mean(trips, values, recent)
        earlier = _mean(trips, values, before)
        found[f"{name}_per_trip"] = _mean(trips, values, age < RHYTHM_DAYS)
        both = (lately > 0) & (earlier > 0)
        found[f"{name}_trend"] = np.where(both, lately / np.where(both, earlier, 1.0), 1.0)
    return found


def _big_trips(trips: Trips, anchor: int) -> dict[str, Floats]:
    """Trips of a usual size, without what was only picked up on the way."""
    age = anchor - trips.day
    usual = _mean(trips, trips.value_minor, np.ones(len(age), dtype=bool))
    big = trips.value_minor >= BIG * usual[trips.member]
    latest = np.full(trips.members, float(anchor - 400))
    latest[trips.member[big]] = trips.day[big]
    return {
        "big_28": _sum(trips, (big & (age < 28)).astype(np.float64)),
        "big_56": _sum(trips, (big & (age < 56)).astype(np.float64)),
        "big_recency": anchor - latest,
    }


def _weeks(trips: Trips, anchor: int) -> dict[str, Floats]:
    """Trips in each of the last sixteen weeks: how many weeks had any, their spread and slope."""
    age = anchor - trips.day
    inside = age < _WEEK * _WEEKS
    week = age[inside] // _WEEK
    cells = trips.member[inside] * _WEEKS + week
    table = np.bincount(cells, minlength=trips.members * _WEEKS).reshape(-1, _WEEKS)
    # Week 0 is the latest; a falling number of trips is a negative slope.
    ages = (_WEEKS - 1) / 2 - np.arange(_WEEKS)
    means = table.mean(axis=1)
    return {
        "weeks_with_trips": (table > 0).sum(axis=1).astype(np.float64),
        "weeks_spread": table.std(axis=1) / np.maximum(means, 0.05),
        "slope": (table @ ages) / float((ages**2).sum()) / np.maximum(means, 0.05),
        "weeks_lately": (table[:, :4] > 0).sum(axis=1).astype(np.float64),
    }


def _sum(trips: Trips, values: Floats) -> Floats:
    return weighed(trips.member, values, trips.members)


def _mean(trips: Trips, values: Floats, which: Flags) -> Floats:
    total = _sum(trips, np.where(which, values, 0.0))
    return total / np.maximum(_sum(trips, which.astype(np.float64)), 1.0)
