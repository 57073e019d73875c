"""Pure: whether somebody is likely to get there in time, by nobody's rhythm but their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from .types import Likely, Rhythm

#: Two intervals are the least that tells a rhythm from a chance.
LEAST_PURCHASES = 3
#: What somebody did before is no rhythm of today's.
RHYTHM_DAYS = 365
#: From how many purchases on nobody calls it nearly.
MOST_ORDERS = 2


def rhythm_of(purchases: Sequence[tuple[date, int]], today: date) -> Rhythm | None:
    """The rhythm of the purchases (day, counted; days rise) of the last year; None where there are
    too few. The middle interval, the lower one of two, and the mean of what one brings, rounded
    down: who has an exception is not promised another."""
    known = [one for one in purchases if 0 <= (today - one[0]).days < RHYTHM_DAYS]
    if len(known) < LEAST_PURCHASES:
        return None
    between = sorted((b[0] - a[0]).days for a, b in pairwise(known))
    return Rhythm(
        per_purchase=sum(counted for _, counted in known) // len(known),
        days_between=max(1, between[(len(between) - 1) // 2]),
        last=known[-1][0],
    )


def likely(
    rhythm: Rhythm,
    lacking: Callable[[date], int],
    *,
    today: date,
    until: date | None,
    most: int = MOST_ORDERS,
) -> Likely | None:
    """With how many purchases what is ``lacking`` (on a day, without them) is likely to be there by
    ``until``; None where it takes more than ``most``, or more days than are left.

    The next one is due an interval after the last, or today where that has passed.
    """
    due = max(today, rhythm.last + timedelta(days=rhythm.days_between))
    for orders in range(1, most + 1):
        if until is not None and due > until:
            return None
        if orders * rhythm.per_purchase >= lacking(due):
            return Likely(orders, due)
        due += timedelta(days=rhythm.days_between)
    return None
