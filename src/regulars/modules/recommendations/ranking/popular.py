"""Pure: what many bought lately, for who has no list of their own, without what they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import pair_key
from regulars.modules.insight.history import UNKNOWN, Flags, Ints

from .lasting import served, served_by_kind
from .lists import NOTHING, Lists
from .shop import RECENT_DAYS, Shop, bought, buyers_of

#: So many places the common list has at most beyond its length, for who has some of it already.
MOST_SPARE: Final = 200
_ITEMS: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Popular:
    """Items by how many members bought them lately, and what is left out of them for whom.

    ``item`` is longer than a list, so that each is full without what is left out: the pairs of
    ``member`` and ``left_out``, ascending, of members without a list of their own.
    """

    item: Ints
    buyers: Ints
    member: Ints
    left_out: Ints


def popular(shop: Shop, listed: Ints, *, length: int, only_new: bool) -> Popular:
    """The common list of ``shop`` for all but the members ``listed``.

    Left out is what still serves a member, and with ``only_new`` all that they ever bought.
    """
    buyers = recent_buyers(shop)
    first = np.argsort(-buyers, kind="stable")[: length + MOST_SPARE]
    first = first[buyers[first] > 0]
    without_own = np.ones(len(shop.known.members), dtype=bool)
    without_own[listed] = False
    keys = [_pairs(served(shop), first, without_own), _of_kinds(shop, first, without_own)]
    if only_new:
        keys.append(_pairs(bought(shop.known), first, without_own))
    left_out = np.unique(np.concatenate(keys))
    # Nobody needs more spare places than the member with most of the list.
    counts = np.bincount(left_out >> 31, minlength=1)
    kept = first[: length + int(counts.max())]
    left_out = left_out[np.isin(left_out & _ITEMS, kept)]
    return Popular(kept, buyers[kept], left_out >> 31, left_out & _ITEMS)


def recent_buyers(shop: Shop) -> Ints:
    """How many members bought each item lately; 0 of what is not on sale."""
    recent = shop.known.only(shop.known.day > shop.anchor - RECENT_DAYS)
    return np.where(shop.on_sale, buyers_of(recent), 0)


def popular_and_new(shop: Shop, buyers: Ints, length: int) -> Lists:
    """For each shopper the items of most ``buyers`` that they never bought and of whose kind none
    serves them still; for a few shoppers."""
    order = np.argsort(-buyers, kind="stable")
    order = order[buyers[order] > 0]
    items = np.full((len(shop.shoppers), length), NOTHING, dtype=np.int64)
    scores = np.zeros(items.shape)
    had = pair_key(*bought(shop.known))
    everybody = np.ones(len(shop.known.members), dtype=bool)
    kinds = _of_kinds(shop, order, everybody)
    for row, member in enumerate(shop.shoppers):
        keys = pair_key(np.full(len(order), member), order)
        shown = order[~np.isin(keys, had) & ~np.isin(keys, kinds)][:length]
        items[row, : len(shown)] = shown
        scores[row, : len(shown)] = buyers[shown]
    return Lists(shop.shoppers, items, scores)


def _pairs(pairs: tuple[Ints, Ints], items: Ints, members: Flags) -> Ints:
    """The keys of those of ``pairs`` that are of ``items`` and ``members``."""
    member, item = pairs
    kept = members[member] & np.isin(item, items)
    return pair_key(member[kept], item[kept])


def _of_kinds(shop: Shop, items: Ints, members: Flags) -> Ints:
    """The same of ``items`` of which one of the kind still serves a member."""
    if not shop.known.parents:
        return np.zeros(0, dtype=np.int64)
    kinds = shop.known.parents[0][items]
    member, kind = served_by_kind(shop)
    kept = members[member] & np.isin(kind, kinds[kinds != UNKNOWN])
    member, kind = member[kept], kind[kept]
    found = [
        pair_key(member[kind == one], np.full(np.count_nonzero(kind == one), item))
        for one, item in zip(kinds, items, strict=True)
        if one != UNKNOWN
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])
