"""The next basket, and guess you like: ours beside the simple rules, by the functions of
`insight recommend`, the rules of the house included.

Targets are items of at least LEAST_BUYERS buyers, as known at the end of the day asked about.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from regulars.modules.insight.due.pairs import Pairs, decayed_counts, pair_key, pairs_at
from regulars.modules.insight.history import History
from regulars.modules.insight.types import Level
from regulars.modules.recommendations.ranking.exploring import explore, new_items
from regulars.modules.recommendations.ranking.listing import next_lists
from regulars.modules.recommendations.ranking.lists import NOTHING, Lists, lists_of
from regulars.modules.recommendations.ranking.next_basket import WITHIN_DAYS, foretell_basket
from regulars.modules.recommendations.ranking.shop import (
    Shop,
    bought,
    buyers_of,
    next_baskets,
    popularity,
)
from regulars.modules.recommendations.types import Mode

from .journey import COLUMN, day_of_week_end, is_over, journey
from .metrics import Floats, Interval, Ints

TEST_WEEKS: Final[dict[Level, tuple[int, ...]]] = {"type": (40, 44, 48), "sku": (40,)}
LEAST_BUYERS: Final = 10
_EXPLORE_DAYS: Final = 28
_SHOWN: Final = 10
_LENGTH: Final = 20
TARGETS: Final[Mapping[tuple[Mode, Level], str]] = {
    ("next_basket", "type"): "R@10 >= .2454, N@10 >= .326",
    ("next_basket", "sku"): "R@10 >= .160, N@10 >= .215",
    ("explore", "type"): "N@10 >= .101",
    ("explore", "sku"): "N@10 >= .052",
}
#: The best simple rule, which ours is held against member by member.
_BEST_RULE: Final[Mapping[Mode, str]] = {
    "next_basket": "decayed frequency, 112 d",
    "explore": "EASE without trend",
}


@dataclass(frozen=True, slots=True)
class Measures:
    """Of each member that has a target: recall at 10 and 20, NDCG at 10, whether any was hit."""

    recall: Floats
    recall_20: Floats
    ndcg: Floats
    hit: Floats

    @property
    def means(self) -> list[float]:
        return [float(one.mean()) for one in (self.recall, self.ndcg, self.recall_20, self.hit)]


def evaluate(mode: Mode, level: Level, weeks: Sequence[int], *, with_trees: bool | None) -> None:
    """Print the table of one model and level: the mean over ``weeks``, the bootstrap of each."""
    history, found = journey(level).history, defaultdict(list)
    print(f"\n{mode.upper()}, {COLUMN[level]}, weeks {', '.join(map(str, weeks))}")
    for week in weeks:
        began = time.perf_counter()
        as_of = day_of_week_end(week)
        # A first basket comes within days; of what is new, all four weeks count.
        if mode == "explore" and not is_over(history, as_of, _EXPLORE_DAYS):
            continue
        answer = _next if mode == "next_basket" else _explore
        target, lists = answer(history, as_of, with_trees)
        measured = {name: measure(one, target, history) for name, one in lists.items()}
        for name, one in measured.items():
            found[name].append(one.means)
        ours, best = measured["ours"], measured[_BEST_RULE[mode]]
        recall, ndcg = (bootstrap(ours, best, name) for name in ("recall", "ndcg"))
        print(
            f"  week {week}: {len(ours.recall):,} members, less {_BEST_RULE[mode]}: "
            f"R@10 {recall.value:+.4f} [{recall.low:+.4f}, {recall.high:+.4f}], "
            f"N@10 {ndcg.value:+.4f} [{ndcg.low:+.4f}, {ndcg.high:+.4f}], "
            f"{time.perf_counter() - began:.0f} s",
            flush=True,
        )
    print(f"{'':34}{'R@10':>8}{'N@10':>8}{'R@20':>8}{'HR@10':>8}")
    for name, rows in found.items():
        print(f"{name:34}" + "".join(f"{value:8.4f}" for value in np.mean(rows, axis=0)))
    print(f"{'target':34}{TARGETS[mode, level]}", flush=True)


def _next(
    history: History, as_of: int, with_trees: bool | None
) -> tuple[Ints, Mapping[str, Lists]]:
    """The first basket in the 56 days after ``as_of``."""
    basket = foretell_basket(history, as_of, with_trees=with_trees)
    shop = basket.shop
    common = buyers_of(history.until(as_of)) >= LEAST_BUYERS
    baskets = next_baskets(history.only(common[history.item]), as_of, WITHIN_DAYS)
    target = _of_shoppers(baskets.keys, history, shop)
    # The simple rules rank the same items, so that no place of theirs goes to what cannot count.
    pairs = pairs_at(history.only(common[history.item]), as_of, least=1)
    counts = pairs.counts.astype(np.float64)
    return target, {
        "popularity 28 d": _same_for_all(shop),
        "P-TopFreq": _by_pairs(shop, pairs, counts, fill=False),
        "GP-TopFreq": _by_pairs(shop, pairs, counts, fill=True),
        "decayed frequency, 112 d": _by_pairs(shop, pairs, decayed_counts(pairs, 112.0), fill=True),
        "ours": next_lists(basket, length=_LENGTH)[0],
    }


def _explore(
    history: History, as_of: int, _with_trees: bool | None
) -> tuple[Ints, Mapping[str, Lists]]:
    """Items new to the member in the 28 days after ``as_of``."""
    found = explore(history, as_of, length=_LENGTH)
    shop = found.shop
    known = history.until(as_of)
    after = history.only((history.day > as_of) & (history.day <= as_of + _EXPLORE_DAYS))
    keys, had = pair_key(*bought(after)), pair_key(*bought(known))
    target = _of_shoppers(keys[~np.isin(keys, had)], history, shop)
    return target, {
        "popularity 28 d": _popular_and_new(shop, bought(known)),
        "EASE without trend": new_items(
            shop, found.companions, np.ones(shop.items), length=_LENGTH
        ),
        "ours": found.lists,
    }


def measure(lists: Lists, target: Ints, history: History) -> Measures:
    """``target`` are the keys of the pairs that came true; members without any are left out."""
    keys = pair_key(lists.member[:, None], np.maximum(lists.item, 0))
    hits = (np.isin(keys, target) & (lists.item != NOTHING)).astype(np.float64)
    member = target >> 31
    size = np.bincount(member, minlength=len(history.members))[lists.member]
    hits, size = hits[size > 0], size[size > 0]
    gains = 1.0 / np.log2(np.arange(2, _SHOWN + 2))
    ideal = np.cumsum(gains)[np.minimum(size, _SHOWN) - 1]
    top = hits[:, :_SHOWN]
    return Measures(
        top.sum(axis=1) / size,
        hits[:, :_LENGTH].sum(axis=1) / size,
        (top * gains[: top.shape[1]]).sum(axis=1) / ideal,
        top.any(axis=1).astype(np.float64),
    )


def bootstrap(
    ours: Measures, theirs: Measures, name: Literal["recall", "ndcg"], *, draws: int = 1_000
) -> Interval:
    """The mean difference over members; whole members are drawn again and again."""
    gain = getattr(ours, name) - getattr(theirs, name)
    random = np.random.default_rng(1)
    found = [gain[random.integers(0, len(gain), len(gain))].mean() for _ in range(draws)]
    low, high = np.quantile(found, [0.025, 0.975])
    return Interval(float(gain.mean()), float(low), float(high))


def _of_shoppers(keys: Ints, history: History, shop: Shop) -> Ints:
    """Those of ``keys`` that are of a shopper and an item with enough buyers by the anchor."""
    common = buyers_of(history.until(shop.anchor)) >= LEAST_BUYERS
    item, member = keys & ((1 << 31) - 1), keys >> 31
    return keys[common[item] & np.isin(member, shop.shoppers)]


def _same_for_all(shop: Shop) -> Lists:
    counts = popularity(shop)
    top = np.argsort(-counts, kind="stable")[:_LENGTH]
    shape = (len(shop.shoppers), _LENGTH)
    return Lists(shop.shoppers, np.broadcast_to(top, shape), np.broadcast_to(counts[top], shape))


def _by_pairs(shop: Shop, pairs: Pairs, score: Floats, *, fill: bool) -> Lists:
    kept = np.isin(pairs.member, shop.shoppers)
    score = score[kept]
    member, item = pairs.member[kept], pairs.item[kept]
    if fill:
        # Ties go to what everybody buys more of; what a member never bought comes last.
        counts = popularity(shop) / max(popularity(shop).max(), 1.0) * 1e-6
        top = np.argsort(-counts, kind="stable")[: 2 * _LENGTH]
        rest = np.setdiff1d(
            pair_key(np.repeat(shop.shoppers, len(top)), np.tile(top, len(shop.shoppers))),
            pair_key(member, item),
        )
        score = np.append(score + counts[item], counts[rest & ((1 << 31) - 1)])
        member, item = np.append(member, rest >> 31), np.append(item, rest & ((1 << 31) - 1))
    return lists_of(shop.shoppers, member=member, item=item, score=score, length=_LENGTH)


def _popular_and_new(shop: Shop, had: tuple[Ints, Ints]) -> Lists:
    """What is popular, without what the member bought before."""
    counts, length = popularity(shop), _LENGTH
    order = np.argsort(-counts, kind="stable")[:2_000]
    item = np.full((len(shop.shoppers), length), NOTHING, dtype=np.int64)
    ends = np.searchsorted(had[0], np.arange(len(shop.known.members) + 1))
    for row, member in enumerate(shop.shoppers):
        new = order[~np.isin(order, had[1][ends[member] : ends[member + 1]])]
        item[row, : len(new[:length])] = new[:length]
    return Lists(shop.shoppers, item, np.zeros(item.shape))
