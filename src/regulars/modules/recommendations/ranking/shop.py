"""Pure: who can be told something personal, and of which items, at the end of a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import pair_key
from regulars.modules.insight.history import Flags, Floats, History, Ints, Trips, trips_of

#: A basket is a member's shopping day; who has fewer is shown what is popular.
LEAST_BASKETS: Final = 3
#: What nobody bought for so many days counts as no longer on sale.
ON_SALE_DAYS: Final = 56
RECENT_DAYS: Final = 28
#: An item needs one buyer for so many members, at least and at most so many.
_MEMBERS_A_BUYER: Final = 50
FEWEST_BUYERS: Final = 2
_MOST_BUYERS: Final = 10


@dataclass(frozen=True, slots=True)
class Shop:
    """What was known at the end of ``anchor``.

    ``known`` holds the purchases of items that enough members bought, ``trips`` those of all items;
    ``shoppers`` are the members with LEAST_BASKETS or more, ascending; ``on_sale`` tells of each
    item whether it may be shown at all.
    """

    anchor: int
    known: History
    trips: Trips
    shoppers: Ints
    on_sale: Flags

    @property
    def items(self) -> int:
        return len(self.known.items)


def shop_at(history: History, anchor: int, *, fewest: int = FEWEST_BUYERS) -> Shop:
    """The shop at the end of the day ``anchor``; nothing later is looked at.

    ``fewest`` is how many buyers an item needs however few members there are.
    """
    told = history.until(anchor)
    trips = trips_of(told)
    baskets = np.bincount(trips.member, minlength=len(told.members))
    shoppers = np.flatnonzero(baskets >= LEAST_BASKETS)
    buyers = buyers_of(told)
    least = np.clip(np.count_nonzero(baskets) // _MEMBERS_A_BUYER, fewest, _MOST_BUYERS)
    common = buyers >= least
    sold = np.zeros(len(told.items), dtype=bool)
    sold[told.item[told.day > anchor - ON_SALE_DAYS]] = True
    return Shop(anchor, told.only(common[told.item]), trips, shoppers, common & sold)


def buyers_of(history: History) -> Ints:
    """How many members bought each item."""
    _, item = bought(history)
    return np.bincount(item, minlength=len(history.items))


def bought(history: History) -> tuple[Ints, Ints]:
    """Each member and item once, ascending by member, then item."""
    if not len(history):
        return history.member, history.item
    new = np.ones(len(history), dtype=bool)
    new[1:] = (np.diff(history.member) != 0) | (np.diff(history.item) != 0)
    return history.member[new], history.item[new]


def popularity(shop: Shop) -> Floats:
    """On how many members' days each item was bought in the last RECENT_DAYS; 0 if not on sale."""
    recent = shop.known.item[shop.known.day > shop.anchor - RECENT_DAYS]
    return np.where(shop.on_sale, np.bincount(recent, minlength=shop.items), 0.0)


@dataclass(frozen=True, slots=True)
class Baskets:
    """The first basket of each member after a day: its day (NEVER where there is none) and items.

    ``member`` and ``item`` are its pairs, as keys that ascend.
    """

    day: Ints
    keys: Ints


NEVER: Final = np.iinfo(np.int64).max


def next_baskets(history: History, anchor: int, within: int) -> Baskets:
    """The first basket of each member in the ``within`` days after ``anchor``."""
    after = history.only((history.day > anchor) & (history.day <= anchor + within))
    first = np.full(len(history.members), NEVER)
    np.minimum.at(first, after.member, after.day)
    here = after.day == first[after.member]
    return Baskets(first, np.sort(pair_key(after.member[here], after.item[here])))
