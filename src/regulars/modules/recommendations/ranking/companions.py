"""Pure: what goes with what a member buys (EASE), for items they never bought.

EASE (Steck 2019) predicts each column of the table of members by items from all other columns,
with one penalty: with P = (X'X + penalty)^-1, an item j speaks for an item i with the weight
-P_ji / P_ii, and a member's score for i is the sum over what they buy. It is worked out in
whichever of its two forms is smaller; both give the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Ints

from .shop import Shop, bought

#: Up to so many members the table of members by items is kept whole, ...
FEW_MEMBERS: Final = 4_000
_MOST_COLUMNS: Final = 15_000
#: ... above it items are compared over a sample of the members.
_MANY_COLUMNS: Final = 2_000
_SAMPLE: Final = 20_000
PIECE: Final = 1_000

Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Taste:
    """What is not zero in the table of ``rows`` shoppers by ``columns`` items; rows ascend.

    ``item_of`` names each column's item.
    """

    row: Ints
    column: Ints
    weight: Table
    rows: int
    item_of: Ints

    @property
    def columns(self) -> int:
        return len(self.item_of)

    def pieces(self) -> list[tuple[int, int]]:
        """The rows a piece at a time."""
        firsts = range(0, self.rows, PIECE)
        return [(first, min(first + PIECE, self.rows)) for first in firsts]

    def table(self, first: int, stop: int) -> Table:
        """The rows from ``first`` to before ``stop``."""
        here = slice(*np.searchsorted(self.row, [first, stop]))
        table = np.zeros((stop - first, self.columns), dtype=np.float32)
        table[self.row[here] - first, self.column[here]] = self.weight[here]
        return table


@dataclass(frozen=True, slots=True)
class Companions:
    """A fitted EASE; ``own`` is the diagonal of P.

    In the form of the members ``whole`` is X and ``solved`` K^-1 X with K = XX' + ``penalty``,
    which is X P; in the form of the items ``solved`` is P.
    """

    taste: Taste
    whole: Table | None
    solved: Table
    own: Table
    penalty: float

    def scores(self, first: int, stop: int) -> Table:
        """Of the members from ``first`` to before ``stop``, for every column."""
        if self.whole is not None:
            return np.asarray(self.whole[first:stop] - self.solved[first:stop] / self.own)
        table = self.taste.table(first, stop)
        return np.asarray(table - (table @ self.solved) / self.own)

    def weights(self, speaking: Ints, spoken_for: Ints) -> Table:
        """How much each of the columns ``speaking`` speaks for each of ``spoken_for``."""
        if self.whole is not None:
            told = self.whole[:, speaking].T @ self.solved[:, spoken_for] / self.penalty
        else:
            told = -self.solved[np.ix_(speaking, spoken_for)]
        return np.asarray(told / self.own[spoken_for])


def taste_of(shop: Shop, half_life: float | None) -> Taste:
    """What shoppers bought: the logarithm of 1 + its count with ``half_life`` days, or, with
    None, 1 for all they ever bought."""
    known, member = shop.known, shop.known.member
    row_of = np.full(len(known.members), -1, dtype=np.int64)
    row_of[shop.shoppers] = np.arange(len(shop.shoppers))
    kept = row_of[member] >= 0
    members, items = bought(known.only(kept))
    new = np.ones(int(kept.sum()), dtype=bool)
    new[1:] = (np.diff(member[kept]) != 0) | (np.diff(known.item[kept]) != 0)
    weight = np.ones(len(members))
    if half_life is not None:
        decayed = 0.5 ** ((shop.anchor - known.day[kept]) / half_life)
        weight = np.log1p(np.bincount(np.cumsum(new) - 1, decayed, minlength=len(members)))
    item_of = _columns(items, shop.items, few=len(shop.shoppers) <= FEW_MEMBERS)
    column_of = np.full(shop.items, -1, dtype=np.int64)
    column_of[item_of] = np.arange(len(item_of))
    told = column_of[items] >= 0
    return Taste(
        row_of[members[told]],
        column_of[items[told]],
        weight[told].astype(np.float32),
        len(shop.shoppers),
        item_of,
    )


def learn_companions(taste: Taste, penalty: float) -> Companions:
    """In the smaller of the two forms."""
    if taste.rows <= min(FEW_MEMBERS, taste.columns):
        whole = taste.table(0, taste.rows)
        kernel = whole @ whole.T
        kernel[np.diag_indices_from(kernel)] += penalty
        solved = np.linalg.solve(kernel, whole)
        own = ((1.0 - np.einsum("ui,ui->i", whole, solved)) / penalty).astype(np.float32)
        return Companions(taste, whole, solved, own, penalty)
    stride = -(-taste.rows // _SAMPLE)
    gram = np.zeros((taste.columns, taste.columns), dtype=np.float32)
    for first, stop in taste.pieces():
        some = taste.table(first, stop)[(-first) % stride :: stride]
        gram += some.T @ some
    gram[np.diag_indices_from(gram)] += penalty / stride
    inverse = np.linalg.inv(gram)
    return Companions(taste, None, inverse, np.diag(inverse).copy(), penalty)


def _columns(items: Ints, most_items: int, *, few: bool) -> Ints:
    """The items that make up the columns: those of most members, at most so many."""
    buyers = np.bincount(items, minlength=most_items)
    most = _MOST_COLUMNS if few else _MANY_COLUMNS
    common = np.flatnonzero(buyers > 0)
    return np.sort(common[np.argsort(-buyers[common], kind="stable")[:most]])
