"""Pure: what kinds go with the kinds a member buys, told on to the items of each.

Where items are many, most have few buyers, and what goes with one is hardly known. What goes with
its kind (the nearest level above) is known better, by the same regression over a smaller table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import UNKNOWN, Ints

from .companions import Companions, Table, Taste, learn_companions
from .shop import Shop

PENALTY: Final = 500.0
#: How much what goes with the kind counts beside what goes with the item itself.
WEIGHT: Final = 0.15


@dataclass(frozen=True, slots=True)
class Kinds:
    """A fitted EASE over kinds; ``of_column`` is each item's column there, ``share`` which part of
    its kind's buyers bought the item (0 where it has no kind)."""

    companions: Companions
    of_column: Ints
    share: Table

    def scores(self, first: int, stop: int) -> Table:
        """Of the members from ``first`` to before ``stop``, for every item's column: WEIGHT x what
        their kinds say of the item's x its share; what speaks against a kind is left out."""
        said = np.maximum(self.companions.scores(first, stop), 0.0)
        return np.asarray(said[:, self.of_column] * (WEIGHT * self.share), dtype=np.float32)


def learn_kinds(shop: Shop, taste: Taste) -> Kinds | None:
    """From the items each member ever bought; None where no item has a kind."""
    if not shop.known.parents:
        return None
    kind = shop.known.parents[0][taste.item_of]
    told = np.unique(kind[kind != UNKNOWN])
    if not len(told):
        return None
    of_item = np.where(kind == UNKNOWN, 0, np.searchsorted(told, kind))
    known = (kind != UNKNOWN)[taste.column]
    pairs = np.unique(taste.row[known] * len(told) + of_item[taste.column[known]])
    row, column = np.divmod(pairs, len(told))
    weight = np.ones(len(pairs), dtype=np.float32)
    bought = np.bincount(taste.column, minlength=taste.columns).astype(np.float64)
    bought[kind == UNKNOWN] = 0.0
    of_kind = np.bincount(of_item, weights=bought, minlength=len(told))
    return Kinds(
        learn_companions(Taste(row, column, weight, taste.rows, told), PENALTY),
        of_item,
        (bought / np.maximum(of_kind[of_item], 1.0)).astype(np.float32),
    )
