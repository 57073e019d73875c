"""Pure: the next basket: what a member bought before and is likely to put into the next one.

Learnt from baskets that were already bought: the candidates of earlier days, and whether the first
basket after each day held them. A basket that was not yet bought at the end of the day asked
about teaches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.due.pairs import decayed_counts, pair_key
from regulars.modules.insight.history import Flags, Floats, History
from regulars.modules.insight.learning.learner import Learner, Settings, Watch, learn

from .companions import Companions, learn_companions, taste_of
from .repeats import HALF_LIFE, Repeats, repeats_at
from .shop import FEWEST_BUYERS, NEVER, Shop, buyers_of, next_baskets, shop_at

#: Who bought nothing for so many days after a day is no example of what comes next.
WITHIN_DAYS: Final = 56
WINDOWS: Final = 5
STEP_DAYS: Final = 14
_LEAST_KNOWN_DAYS: Final = 28
LEAST_EXAMPLES: Final = 3_000
LEAST_EVENTS: Final = 100
MOST_EXAMPLES: Final = 400_000
PENALTY: Final = 200.0

SETTINGS: Final = Settings(
    trees=200,
    leaves=31,
    rate=0.05,
    least_in_leaf=200,
    penalty=10.0,
    many=20_000,
    penalty_of_few=300.0,
    rule="decayed_112",
    penalty_beside_rule=1_000.0,
    doubt=2.0,
)


@dataclass(frozen=True, slots=True)
class NextBasket:
    """A score for each candidate of each shopper; ``learner`` is None where counting ranked."""

    shop: Shop
    repeats: Repeats
    score: Floats
    learner: Learner | None


def foretell_basket(
    history: History,
    as_of: int,
    *,
    with_trees: bool | None = None,
    watch: Watch | None = None,
) -> NextBasket:
    """Learn from what was known at the end of ``as_of``; nothing later is looked at.

    Where the baskets that are known hold too few examples, the decayed count ranks.
    """
    known = history.until(as_of)
    days = _days_before(known, as_of)
    steps = len(days) + 2
    examples = []
    for done, day in enumerate(days, start=1):
        examples.append(_examples(known, day))
        _tell(watch, done, steps)
    learner = _learnt(examples, with_trees)
    _tell(watch, steps - 1, steps)
    if learner is None:
        counted = counted_basket(known, as_of)
        _tell(watch, steps, steps)
        return counted
    shop = _shop_at(known, as_of)
    repeats = repeats_at(shop, companions_of(shop))
    _tell(watch, steps, steps)
    return NextBasket(shop, repeats, learner.probabilities(repeats.matrix), learner)


def counted_basket(history: History, as_of: int) -> NextBasket:
    """The same by counting alone: each by what they bought themselves."""
    shop = _shop_at(history.until(as_of), as_of)
    repeats = repeats_at(shop, companions_of(shop))
    return NextBasket(shop, repeats, decayed_counts(repeats.pairs, HALF_LIFE), None)


def _shop_at(known: History, day: int) -> Shop:
    """The shop with what a single member buys again: in a small one that is most of a basket."""
    return shop_at(known, day, fewest=1)


def fit_for_others(shop: Shop) -> Floats:
    """Per item 1 where enough members bought it to be shown to who never did, else 0."""
    return (buyers_of(shop.known) >= FEWEST_BUYERS).astype(np.float64)


def companions_of(shop: Shop) -> Companions:
    """What goes with what a member buys again and again."""
    return learn_companions(taste_of(shop, HALF_LIFE), PENALTY)


def _examples(known: History, day: int) -> tuple[Repeats, Flags, Floats]:
    """The candidates of a day, which of them teach, and whether the next basket held each."""
    shop = _shop_at(known, day)
    repeats = repeats_at(shop, companions_of(shop))
    baskets = next_baskets(known, day, WITHIN_DAYS)
    pairs = repeats.pairs
    teaches = baskets.day[pairs.member] != NEVER
    held = np.isin(pair_key(pairs.member, pairs.item), baskets.keys)
    return repeats, teaches, held.astype(np.float64)


def _days_before(known: History, as_of: int) -> list[int]:
    if not len(known):
        return []
    earliest = int(known.day.min()) + _LEAST_KNOWN_DAYS - 1
    days = range(as_of - STEP_DAYS, earliest - 1, -STEP_DAYS)
    return list(days[:WINDOWS])


def _learnt(
    examples: list[tuple[Repeats, Flags, Floats]], with_trees: bool | None
) -> Learner | None:
    rows = sum(int(teaches.sum()) for _, teaches, _ in examples)
    events = sum(int(held[teaches].sum()) for _, teaches, held in examples)
    if rows < LEAST_EXAMPLES or min(events, rows - events) < LEAST_EVENTS:
        return None
    every = -(-rows // MOST_EXAMPLES)
    return learn(
        np.concatenate([repeats.matrix[teaches][::every] for repeats, teaches, _ in examples]),
        np.concatenate([held[teaches][::every] for _, teaches, held in examples]),
        whose=np.concatenate([r.pairs.member[teaches][::every] for r, teaches, _ in examples]),
        names=examples[0][0].names,
        settings=SETTINGS,
        with_trees=with_trees,
    )


def _tell(watch: Watch | None, done: int, steps: int) -> None:
    if watch is not None:
        watch(done, steps)
