"""Pure: what a member just bought and needs no more of yet: by their rhythm, or as it lasts."""

from __future__ import annotations

from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import Pairs, pair_key
from regulars.modules.insight.history import UNKNOWN, Flags, History, Ints

from .shop import Shop

#: A thing lasts when nine in ten of those who bought it again waited longer than this.
LEAST_LASTING_DAYS: Final = 28
_SOON: Final = 0.1
#: What fewer than this share of its buyers ever bought again is bought once.
_AGAIN: Final = 0.05
#: ... and is not shown for so long to who has it.
ONCE_DAYS: Final = 365
#: Under so many buyers nothing is said of how long a thing lasts.
_LEAST_BUYERS: Final = 20
#: A rhythm of one's own needs so many purchases, and gaps of at least so many days.
_LEAST_PURCHASES: Final = 4
_LEAST_GAP: Final = LEAST_LASTING_DAYS


def not_due(pairs: Pairs) -> Flags:
    """Whether so little time passed that not even half of the pair's shortest gap is over."""
    inner = np.ones(len(pairs.rows), dtype=bool)
    inner[pairs.starts] = False
    gaps = np.diff(pairs.rows.day, prepend=0)[inner]
    shortest = np.full(len(pairs), np.iinfo(np.int64).max)
    np.minimum.at(shortest, pairs.of_row[inner], gaps)
    steady = (pairs.counts >= _LEAST_PURCHASES) & (shortest >= _LEAST_GAP)
    return np.asarray(steady & (2 * (pairs.anchor - pairs.last) < shortest))


def lasting_days(member: Ints, thing: Ints, day: Ints, things: int) -> Ints:
    """For how many days each thing serves who bought it; 0 where it is used up or nobody knows.

    Rows are sorted by member, thing and day.
    """
    lasts = np.zeros(things, dtype=np.int64)
    if not len(day):
        return lasts
    same = (np.diff(member) == 0) & (np.diff(thing) == 0)
    first = np.append(True, ~same)
    buyers = np.bincount(thing[first], minlength=things)
    of_gap, gaps = thing[1:][same], np.diff(day)[same]
    order = np.lexsort((gaps, of_gap))
    of_gap, gaps = of_gap[order], gaps[order]
    counts = np.bincount(of_gap, minlength=things)
    starts = np.cumsum(counts) - counts
    again = np.bincount(thing[1:][same & first[:-1]], minlength=things)
    known = buyers >= _LEAST_BUYERS
    lasts[known & (again < _AGAIN * buyers)] = ONCE_DAYS
    told = known & (again >= _AGAIN * buyers)
    soon = gaps[(starts + np.floor(_SOON * counts).astype(np.int64))[told]]
    lasts[told] = np.where(soon > LEAST_LASTING_DAYS, soon, 0)
    return lasts


def served(shop: Shop) -> tuple[Ints, Ints]:
    """Members and the items that still serve them, as pairs that ascend."""
    return _still(shop.known, shop.known.item, shop.items, shop.anchor)


def served_by_kind(shop: Shop) -> tuple[Ints, Ints]:
    """Members and the nearest level above an item that still serves them: a refrigerator was
    bought, so no other one is shown."""
    parent = shop.known.parents[0][shop.known.item]
    return _still(shop.known, parent, len(shop.known.parent_texts[0]), shop.anchor)


def is_served(shop: Shop, member: Ints, item: Ints) -> Flags:
    """Of pairs, whether the item, or its kind, still serves the member."""
    found = np.isin(pair_key(member, item), pair_key(*served(shop)))
    if shop.known.parents:
        kind = shop.known.parents[0][item]
        found |= (kind != UNKNOWN) & np.isin(
            pair_key(member, kind), pair_key(*served_by_kind(shop))
        )
    return found


def _still(known: History, thing: Ints, things: int, anchor: int) -> tuple[Ints, Ints]:
    told = thing != UNKNOWN
    member, thing, day = known.member[told], thing[told], known.day[told]
    order = np.lexsort((day, thing, member))
    member, thing, day = member[order], thing[order], day[order]
    # A day with two items of a kind is one purchase of the kind.
    new = np.append(True, (np.diff(member) != 0) | (np.diff(thing) != 0) | (np.diff(day) != 0))
    new = new[: len(day)]
    member, thing, day = member[new], thing[new], day[new]
    lasts = lasting_days(member, thing, day, things)
    last = np.append((np.diff(member) != 0) | (np.diff(thing) != 0), True)[: len(day)]
    serving = last & (anchor - day < lasts[thing])
    return member[serving], thing[serving]
