"""Pure: the two kinds of lost member, kept apart: a card that lapsed, and buying that stopped.

They are lost in different ways, are won back by different news, and count as won back by different
events: a lapsed card by rising again, stopped buying by the next purchase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.history import Trips

LostAs = Literal["card", "buying"]
#: What tells that a lost member is back.
WON_BACK_BY: Final[Mapping[LostAs, str]] = {"card": "tier.upgraded", "buying": "order.paid"}
_RHYTHM_DAYS: Final = 112
_LEAST_TRIPS: Final = 3
_LEAST_SILENT_DAYS: Final = 28
_TIMES_LONGEST: Final = 2.0
MOST_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Fall:
    """A member's tier fell on ``day`` from ``tier``, and has not risen since."""

    day: int
    tier: str


@dataclass(frozen=True, slots=True)
class Lost:
    """One lost member: since which day, and what there was before.

    ``usual_days`` and ``longest_days`` are the middle and the 90 % gap between trips; None for who
    has no gap yet. ``tier`` is the one a lapsed card fell from.
    """

    member: int
    lost_as: LostAs
    since: int
    last_trip: int | None
    usual_days: float | None
    longest_days: float | None
    tier: str | None


def lost_members(trips: Trips, falls: Mapping[int, Fall], as_of: int) -> list[Lost]:
    """Everybody who was lost in the year up to ``as_of``; nobody is in both kinds.

    A card is lost by falling. Buying is lost by someone with at least 3 trips in the 112 days that
    ended with the last one, silent for at least 28 days and twice their own 90 % gap.
    """
    found: list[Lost] = []
    known = trips.until(as_of)
    bounds = np.searchsorted(known.member, np.arange(known.members + 1))
    for member in range(known.members):
        days = known.day[bounds[member] : bounds[member + 1]]
        fall = falls.get(member)
        gaps = np.sort(np.diff(days))
        usual = float(np.median(gaps)) if len(gaps) else None
        longest = float(gaps[int(len(gaps) * 0.9)]) if len(gaps) else None
        last = int(days[-1]) if len(days) else None
        if fall is not None and as_of - fall.day < MOST_DAYS:
            found.append(Lost(member, "card", fall.day, last, usual, longest, fall.tier))
        elif last is not None and longest is not None and _stopped(days.tolist(), longest, as_of):
            since = last + int(max(_LEAST_SILENT_DAYS, _TIMES_LONGEST * longest))
            found.append(Lost(member, "buying", since, last, usual, longest, None))
    return found


def _stopped(days: list[int], longest: float, as_of: int) -> bool:
    silent = as_of - days[-1]
    rhythm = sum(day > days[-1] - _RHYTHM_DAYS for day in days)
    needed = max(_LEAST_SILENT_DAYS, _TIMES_LONGEST * longest)
    return rhythm >= _LEAST_TRIPS and needed <= silent < MOST_DAYS
