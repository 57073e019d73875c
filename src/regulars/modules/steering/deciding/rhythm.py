"""Where each member stands against their own rhythm, from the days on which they bought."""

from __future__ import annotations

from typing import Final

import numpy as np

from regulars.modules.steering.types import STATES, Floats, Integers

LEAST_DAYS: Final = 3
"""Fewer days with a purchase are no rhythm."""
_LONG: Final = 0.9
_NEVER: Final = -1
NEW, ON_RHYTHM, LATE, ASLEEP = range(len(STATES))


def rhythms(
    member: Integers, day: Integers, *, members: int, today: int
) -> tuple[Integers, Integers, Floats, Integers]:
    """State, days since the last purchase (-1: never), usual gap, and days until the next one.

    ``member`` and ``day`` are one row per day of purchase, in the order of both; the usual gap is
    the middle one. Asleep is who is silent for twice the usual gap and for longer than nine of
    ten own gaps.
    """
    count = np.bincount(member, minlength=members)
    first = np.cumsum(count) - count
    bought = count > 0
    last = np.full(members, today + 1, dtype=np.int64)
    last[bought] = day[(first + count - 1)[bought]]
    ago = np.where(bought, today - last, _NEVER)
    usual, longest = _gaps(member, day, first, count)
    state = np.full(members, NEW, dtype=np.int64)
    known = count >= LEAST_DAYS
    state[known] = ON_RHYTHM
    state[known & (ago >= usual)] = LATE
    state[known & (ago >= 2 * usual) & (ago > longest)] = ASLEEP
    ahead = np.where(known, np.floor(usual + 0.5) - ago, 0).astype(np.int64)
    return state, ago, np.where(known, usual, 0.0), np.maximum(ahead, 0)


def reaches(member: Integers, day: Integers, *, members: int) -> Floats:
    """The gap that nine of ten own gaps of each are no longer than; 0 where there is no rhythm.
    Rows as for ``rhythms``."""
    count = np.bincount(member, minlength=members)
    _, longest = _gaps(member, day, np.cumsum(count) - count, count)
    return np.where(count >= LEAST_DAYS, longest, 0.0)


def _gaps(
    member: Integers, day: Integers, first: Integers, count: Integers
) -> tuple[Floats, Floats]:
    """The middle of each member's gaps, and the one that nine of ten are no longer than."""
    size = np.maximum(count - 1, 0)
    same = member[1:] == member[:-1]
    gap = (day[1:] - day[:-1])[same]
    owner = member[1:][same]
    gap = gap[np.lexsort((gap, owner))]
    start = np.cumsum(size) - size
    usual, longest = np.zeros(len(count)), np.zeros(len(count))
    some = size > 0
    for share, into in ((0.5, usual), (_LONG, longest)):
        place = share * (size[some] - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, size[some] - 1)
        low, high = gap[start[some] + below], gap[start[some] + above]
        into[some] = low + (high - low) * (place - below)
    return usual, longest


def shrunk_worth(spent: Floats, days: Integers) -> Floats:
    """What a purchase of each is worth: their own mean, pulled towards everybody's by one."""
    everybody = float(spent.sum() / days.sum()) if days.sum() else 0.0
    worth: Floats = (spent + everybody) / (days + 1)
    return worth
