"""Pure: which members are watched for slipping away, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Flags, Floats, Ints, Trips
from regulars.modules.insight.types import Kind

RHYTHM_DAYS: Final = 112
LATELY_DAYS: Final = 28
#: How long after the day of asking it shows: half the trips in eight weeks, or none in four.
OUTCOME_DAYS: Final[dict[Kind, int]] = {"drop": 56, "silent": 28}


@dataclass(frozen=True, slots=True)
class Watched:
    """Members with a rhythm at the end of the day ``anchor``, and everybody's trips by then."""

    anchor: int
    kind: Kind
    member: Ints
    trips: Trips

    def __len__(self) -> int:
        return len(self.member)


def watched_at(trips: Trips, anchor: int, kind: Kind) -> Watched:
    """For ``drop`` at least 8 trips in 112 days, one of them in the last 28; else at least 3."""
    known = trips.until(anchor)
    rhythm = trips_between(known, anchor - RHYTHM_DAYS, anchor)
    if kind == "drop":
        fit = (rhythm >= 8) & (trips_between(known, anchor - LATELY_DAYS, anchor) >= 1)
    else:
        fit = rhythm >= 3
    return Watched(anchor, kind, np.flatnonzero(fit), known)


def slipped(trips: Trips, watched: Watched) -> Flags:
    """Whether each went on with at most half of their own rate (``drop``), or not at all."""
    after = watched.anchor + OUTCOME_DAYS[watched.kind]
    seen = trips_between(trips, watched.anchor, after)[watched.member]
    if watched.kind == "silent":
        return np.asarray(seen == 0)
    before = trips_between(trips, watched.anchor - RHYTHM_DAYS, watched.anchor)[watched.member]
    return np.asarray(seen * RHYTHM_DAYS * 2 <= before * OUTCOME_DAYS["drop"])


def trips_between(trips: Trips, after: int, until: int) -> Floats:
    """Per member: the trips in (after, until]."""
    inside = (trips.day > after) & (trips.day <= until)
    return np.bincount(trips.member[inside], minlength=trips.members).astype(np.float64)
