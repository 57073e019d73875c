"""Pure: the lists that members are shown, after the rules of the house, and each entry's why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.due.pairs import LEAST_PURCHASES, pair_key, pairs_at, thinned
from regulars.modules.insight.due.rhythm import rhythm
from regulars.modules.insight.due.why import OFTEN_DAYS
from regulars.modules.insight.history import Floats, History, Ints
from regulars.modules.insight.learning.learner import Watch
from regulars.modules.insight.types import Abstained

from .exploring import explore, new_items, reasons
from .lasting import is_served, not_due
from .lists import NOTHING, Lists, lists_of
from .next_basket import (
    NextBasket,
    companions_of,
    counted_basket,
    fit_for_others,
    foretell_basket,
)
from .popular import Popular, popular, popular_and_new, recent_buyers
from .shop import Shop, shop_at

#: Fewer members with a few baskets teach nothing about each other.
LEAST_SHOPPERS: Final = 20
Using = Literal["trees_and_logistic", "logistic", "counting", "companions", "nothing"]
#: Any horizon: no number that a reason tells depends on it.
_HORIZON: Final = 14


@dataclass(frozen=True, slots=True)
class Entries:
    """One row per member and place: the item, and the numbers of its reason.

    ``because`` is the member's own item that speaks for it, NOTHING where its own rhythm does;
    then ``every_days`` (0 where it was bought too seldom to tell), ``days_ago``, ``times`` (days
    it was bought on), ``times_lately`` (those of the last 56 days) and ``variation`` hold.
    ``buyers`` counts those who bought the item in the last 28 days.
    """

    member: Ints
    rank: Ints
    item: Ints
    score: Floats
    because: Ints
    every_days: Floats
    days_ago: Ints
    times: Ints
    times_lately: Ints
    variation: Floats
    buyers: Ints


@dataclass(frozen=True, slots=True)
class Recommended:
    """Personal entries of lists of ``length``, and the common list for who has none.

    ``using`` names what ranked; ``abstained`` tells why nothing was learnt of others: then what
    members buy themselves is counted, and nobody is told what else they may like.
    """

    shop: Shop
    length: int
    entries: Entries
    popular: Popular
    using: Using
    abstained: Abstained | None


def recommend_next(
    history: History,
    as_of: int,
    *,
    length: int,
    with_trees: bool | None = None,
    watch: Watch | None = None,
) -> Recommended:
    """What each member is likely to put into their next basket: usual items, then new ones."""
    common = shop_at(history, as_of)
    few = too_few(common)
    if few is not None:
        return _counted(common, counted_basket(history, as_of), length, few)
    found = foretell_basket(history, as_of, with_trees=with_trees, watch=watch)
    lists, because = next_lists(found, length=length)
    using = found.learner.using if found.learner else "counting"
    entries = _entries(found.shop, lists, because, recent_buyers(found.shop))
    return _recommended(common, length, entries, using, only_new=False)


def recommend_new(
    history: History, as_of: int, *, length: int, watch: Watch | None = None
) -> Recommended:
    """What each member may like and never bought."""
    common = shop_at(history, as_of)
    few = too_few(common)
    if few is not None:
        return _popular_only(common, length, few, only_new=True)
    found = explore(history, as_of, length=length, watch=watch)
    because = reasons(found.companions, found.lists)
    entries = _entries(found.shop, found.lists, because, recent_buyers(found.shop))
    return _recommended(found.shop, length, entries, "companions", only_new=True)


def too_few(shop: Shop) -> Abstained | None:
    """Why members are told nothing that others teach, where the data do not carry it."""
    if len(shop.shoppers) < LEAST_SHOPPERS:
        return Abstained("too_few_shoppers", len(shop.shoppers), LEAST_SHOPPERS)
    return None


def next_lists(found: NextBasket, *, length: int) -> tuple[Lists, Ints]:
    """Usual items that are due, and below them new ones where the list is not full.

    Left out is what still serves the member. The second is what speaks for each new item.
    """
    shop, own = found.shop, _usual(found, length)
    because = np.full(own.item.shape, NOTHING, dtype=np.int64)
    if (own.item != NOTHING).all():
        return own, because
    companions = companions_of(shop)
    new = new_items(shop, companions, fit_for_others(shop), length=length)
    return own, _filled(own, new, reasons(companions, new))


def _usual(found: NextBasket, length: int) -> Lists:
    """What members buy again, by score, without what still serves them."""
    shop, pairs = found.shop, found.repeats.pairs
    shown = ~not_due(pairs) & ~is_served(shop, pairs.member, pairs.item)
    return lists_of(
        shop.shoppers,
        member=pairs.member[shown],
        item=pairs.item[shown],
        score=found.score[shown],
        length=length,
    )


def _filled(own: Lists, new: Lists, speaking: Ints) -> Ints:
    """Put ``new`` items into the free places of ``own``; what speaks for each of them."""
    length = own.length
    because = np.full(own.item.shape, NOTHING, dtype=np.int64)
    room = (own.item == NOTHING).argmax(axis=1)
    room[(own.item != NOTHING).all(axis=1)] = length
    floor = np.where(room > 0, own.score[np.arange(len(room)), np.maximum(room - 1, 0)], 1.0)
    best = np.maximum(new.score[:, :1], 1e-9)
    for place in range(length):
        rows = np.flatnonzero((room <= place) & (new.item[np.arange(len(room)), place - room] >= 0))
        taken = place - room[rows]
        own.item[rows, place] = new.item[rows, taken]
        # Under the member's own items, in the order of their scores.
        own.score[rows, place] = floor[rows] * 0.999 * (new.score[rows, taken] / best[rows, 0])
        because[rows, place] = speaking[rows, taken]
    return because


def _counted(common: Shop, found: NextBasket, length: int, few: Abstained) -> Recommended:
    """What members buy themselves, and what is popular below it: nothing that others teach."""
    own = _usual(found, length)
    new = popular_and_new(found.shop, recent_buyers(common), length)
    because = _filled(own, new, np.full(own.item.shape, NOTHING, dtype=np.int64))
    entries = _entries(found.shop, own, because, recent_buyers(found.shop))
    if not len(entries.rank):
        return _popular_only(common, length, few, only_new=False)
    told = _recommended(common, length, entries, "counting", only_new=False)
    return replace(told, abstained=few)


def _recommended(
    shop: Shop, length: int, entries: Entries, using: Using, *, only_new: bool
) -> Recommended:
    common = popular(shop, np.unique(entries.member), length=length, only_new=only_new)
    return Recommended(shop, length, entries, common, using, None)


def _popular_only(shop: Shop, length: int, few: Abstained, *, only_new: bool) -> Recommended:
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    entries = Entries(none, none, none, nothing, none, nothing, none, none, none, nothing, none)
    common = popular(shop, none, length=length, only_new=only_new)
    return Recommended(shop, length, entries, common, "nothing", few)


def _entries(shop: Shop, lists: Lists, because: Ints, buyers: Ints) -> Entries:
    row, place = np.nonzero(lists.item != NOTHING)
    member, item = lists.member[row], lists.item[row, place]
    wanted = pair_key(member, item)
    pairs = pairs_at(shop.known, shop.anchor, least=1)
    pairs = thinned(pairs, np.isin(pair_key(pairs.member, pairs.item), wanted))
    # Where each pair stands among the entries; an entry without one was never bought.
    order = np.argsort(wanted)
    at = order[np.searchsorted(wanted, pair_key(pairs.member, pairs.item), sorter=order)]
    often = pairs.counts >= LEAST_PURCHASES
    lately = pairs.of_row[pairs.anchor - pairs.rows.day < OFTEN_DAYS]
    counts = np.zeros((3, len(wanted)), dtype=np.int64)
    days = np.zeros((2, len(wanted)))
    entries = Entries(
        member, place + 1, item, lists.score[row, place], because[row, place],
        days[0], counts[0], counts[1], counts[2], days[1], buyers[item],
    )  # fmt: skip
    entries.days_ago[at] = pairs.anchor - pairs.last
    entries.times[at] = pairs.counts
    entries.times_lately[at] = np.bincount(lately, minlength=len(pairs))
    if often.any():
        told = rhythm(thinned(pairs, often), _HORIZON)
        entries.every_days[at[often]] = told["gap_median"]
        entries.variation[at[often]] = told["gap_variation"]
    return entries
