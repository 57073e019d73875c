"""Pure: guess you like: what a member never bought and those who buy alike do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import UNKNOWN, Floats, History, Ints
from regulars.modules.insight.learning.learner import Watch

from .companions import Companions, Table, learn_companions, taste_of
from .kinds import Kinds, learn_kinds
from .lasting import served_by_kind
from .lists import NOTHING, Lists, highest
from .shop import Shop, shop_at

#: The penalty where there are few items, and from MANY_ITEMS on.
PENALTY: Final = 2_000.0
PENALTY_OF_MANY: Final = 700.0
MANY_ITEMS: Final = 5_000
#: Over how many days a rise is looked for, and how much of it counts.
TREND_DAYS: Final = 28
TREND_POWER: Final = 0.5


@dataclass(frozen=True, slots=True)
class Explored:
    """Lists of new items, and what they were told by."""

    shop: Shop
    companions: Companions
    lists: Lists


def explore(history: History, as_of: int, *, length: int, watch: Watch | None = None) -> Explored:
    """New items for each shopper, from what was known at the end of ``as_of``."""
    shop = shop_at(history, as_of)
    if watch is not None:
        watch(1, 3)
    taste = taste_of(shop, None)
    many = taste.columns >= MANY_ITEMS
    companions = learn_companions(taste, PENALTY_OF_MANY if many else PENALTY)
    kinds = learn_kinds(shop, taste) if many else None
    if watch is not None:
        watch(2, 3)
    rise = trend(shop, recent_days=TREND_DAYS, power=TREND_POWER)
    lists = new_items(shop, companions, rise, length=length, kinds=kinds)
    if watch is not None:
        watch(3, 3)
    return Explored(shop, companions, lists)


def trend(shop: Shop, *, recent_days: int, power: float) -> Floats:
    """Recent against expected popularity of each item, to a power; 1 where nothing changed.

    Expected is what the item's share of all purchases so far lets expect of the recent ones.
    """
    age = shop.anchor - shop.known.day
    so_far = np.bincount(shop.known.item, minlength=shop.items).astype(np.float64)
    recent = np.bincount(shop.known.item[age < recent_days], minlength=shop.items)
    expected = so_far * recent.sum() / max(so_far.sum(), 1.0)
    return np.asarray(((recent + 1.0) / (expected + 1.0)) ** power)


def new_items(
    shop: Shop,
    companions: Companions,
    times: Floats,
    *,
    length: int,
    kinds: Kinds | None = None,
) -> Lists:
    """The items on sale that each shopper never bought, by what their own items, and ``kinds``, say
    ``times`` each item's number. Left out is what nothing speaks for, and kinds of which one still
    serves."""
    taste = companions.taste
    factor = np.where(shop.on_sale, times, 0.0)[taste.item_of].astype(np.float32)
    served = _Served.of(shop, taste.item_of)
    found = np.full((taste.rows, length), NOTHING, dtype=np.int64)
    scores = np.zeros((taste.rows, length))
    for first, stop in taste.pieces():
        said = companions.scores(first, stop)
        if kinds is not None:
            said += kinds.scores(first, stop)
        said *= factor
        here = slice(*np.searchsorted(taste.row, [first, stop]))
        said[taste.row[here] - first, taste.column[here]] = 0.0
        served.silence(said, shop.shoppers[first:stop])
        columns, values = highest(said, length)
        wide = columns.shape[1]
        found[first:stop, :wide] = np.where(values > 0, taste.item_of[columns], NOTHING)
        scores[first:stop, :wide] = np.where(values > 0, values, 0.0)
    return Lists(shop.shoppers, found, scores)


def reasons(companions: Companions, lists: Lists) -> Ints:
    """For each item of each list the member's own item that speaks loudest for it; NOTHING where
    none does."""
    taste = companions.taste
    column_of = np.full(int(taste.item_of.max(initial=0)) + 1, -1, dtype=np.int64)
    column_of[taste.item_of] = np.arange(taste.columns)
    starts = np.searchsorted(taste.row, np.arange(taste.rows + 1))
    found = np.full(lists.item.shape, NOTHING, dtype=np.int64)
    for row in range(taste.rows):
        shown = np.flatnonzero(lists.item[row] != NOTHING)
        own = slice(starts[row], starts[row + 1])
        if not len(shown) or own.start == own.stop:
            continue
        speaking = taste.column[own]
        told = companions.weights(speaking, column_of[lists.item[row, shown]])
        said = told * taste.weight[own][:, None]
        loudest = np.argmax(said, axis=0)
        speaks = said[loudest, np.arange(len(shown))] > 0
        found[row, shown] = np.where(speaks, taste.item_of[speaking[loudest]], NOTHING)
    return found


@dataclass(frozen=True, slots=True)
class _Served:
    """Kinds that still serve members, and the kind of each column."""

    member: Ints
    kind: Ints
    of_column: Ints

    @classmethod
    def of(cls, shop: Shop, item_of: Ints) -> _Served:
        none = np.zeros(0, dtype=np.int64)
        if not shop.known.parents:
            return cls(none, none, np.full(len(item_of), UNKNOWN))
        return cls(*served_by_kind(shop), shop.known.parents[0][item_of])

    def silence(self, said: Table, members: Ints) -> None:
        """Nothing speaks for the columns of a kind that still serves; ``members`` are the rows."""
        if not len(self.member) or not len(members):
            return
        near = (self.member >= members[0]) & (self.member <= members[-1])
        near &= np.isin(self.member, members)
        blocked = np.zeros((len(members), int(self.of_column.max(initial=0)) + 1), dtype=bool)
        inside = near & (self.kind < blocked.shape[1])
        blocked[np.searchsorted(members, self.member[inside]), self.kind[inside]] = True
        said[blocked[:, self.of_column] & (self.of_column != UNKNOWN)] = 0.0
