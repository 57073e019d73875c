"""Pure: what a member's other items say about one of them (EASE, an item-to-item regression).

EASE (Steck 2019) predicts each column of the table of members by items from all other columns,
with one penalty: with P = (X'X + penalty)^-1, the score of a member for an item is
x - (x P) / P_ii, where x is the member's row. It is worked out in whichever of the two forms is
smaller; both give the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Floats, Ints

from .pairs import Pairs, decayed_counts

PENALTY: Final = 200.0
LEAST_MEMBERS: Final = 10
#: Up to so many members the table of members by items is kept whole, ...
FEW_MEMBERS: Final = 4_000
_MOST_COLUMNS: Final = 15_000
#: ... above it items are compared over a sample of the members.
_MANY_COLUMNS: Final = 2_000
_SAMPLE: Final = 20_000
_PIECE: Final = 2_000

Table = npt.NDArray[np.float32]


def similar_scores(pairs: Pairs, half_life: float = 112.0) -> Floats:
    """How strongly each pair's other items point to it; 0 for items too rare to tell.

    The table holds what members buy again and again, decayed; where there are more items than it
    has columns for, those of most members make it up.
    """
    present, row_of_pair = np.unique(pairs.member, return_inverse=True)
    column_of, columns = _columns(pairs, few=len(present) <= FEW_MEMBERS)
    scores = np.zeros(len(pairs))
    told = np.flatnonzero(column_of[pairs.item] >= 0)
    if not len(told):
        return scores
    weight = np.log1p(decayed_counts(pairs, half_life)).astype(np.float32)
    cells = _Cells(row_of_pair[told], column_of[pairs.item[told]], weight[told], columns)
    by_members = len(present) <= min(FEW_MEMBERS, columns)
    scores[told] = (_by_members if by_members else _by_items)(cells, len(present))
    return scores


@dataclass(frozen=True, slots=True)
class _Cells:
    """What is not zero in the table; rows ascend."""

    row: Ints
    column: Ints
    weight: Table
    columns: int

    def table(self, first: int, stop: int) -> Table:
        """The rows from ``first`` to before ``stop``."""
        here = slice(*np.searchsorted(self.row, [first, stop]))
        table = np.zeros((stop - first, self.columns), dtype=np.float32)
        table[self.row[here] - first, self.column[here]] = self.weight[here]
        return table


def _columns(pairs: Pairs, *, few: bool) -> tuple[Ints, int]:
    """Which column each item has in the table, -1 for none, and how many columns there are."""
    buyers = np.bincount(pairs.item, minlength=len(pairs.rows.items))
    common = np.flatnonzero(buyers >= LEAST_MEMBERS)
    most = _MOST_COLUMNS if few else _MANY_COLUMNS
    common = np.sort(common[np.argsort(-buyers[common], kind="stable")[:most]])
    column_of = np.full(len(buyers), -1, dtype=np.int64)
    column_of[common] = np.arange(len(common))
    return column_of, len(common)


def _by_members(cells: _Cells, members: int) -> Floats:
    """Through the members' inner products: x P = K^-1 x with K = X X' + penalty."""
    table = cells.table(0, members)
    kernel = table @ table.T
    kernel[np.diag_indices_from(kernel)] += PENALTY
    inverse = np.linalg.inv(kernel)
    scores = np.zeros(len(cells.row))
    for first in range(0, cells.columns, _PIECE):
        piece = table[:, first : first + _PIECE]
        solved = inverse @ piece
        # penalty x P_ii = 1 - x_i' K^-1 x_i
        own = (1.0 - np.einsum("ui,ui->i", piece, solved)) / PENALTY
        here = np.flatnonzero((cells.column >= first) & (cells.column < first + _PIECE))
        at = (cells.row[here], cells.column[here] - first)
        scores[here] = piece[at] - solved[at] / own[at[1]]
    return scores


def _by_items(cells: _Cells, members: int) -> Floats:
    """Through the items' inner products, over every so manieth member where they are many."""
    stride = -(-members // _SAMPLE)
    gram = np.zeros((cells.columns, cells.columns), dtype=np.float32)
    pieces = [(first, min(first + _PIECE, members)) for first in range(0, members, _PIECE)]
    for first, stop in pieces:
        some = cells.table(first, stop)[(-first) % stride :: stride]
        gram += some.T @ some
    gram[np.diag_indices_from(gram)] += PENALTY / stride
    inverse = np.linalg.inv(gram)
    own = np.diag(inverse)
    scores = np.zeros(len(cells.row))
    for first, stop in pieces:
        solved = cells.table(first, stop) @ inverse
        here = slice(*np.searchsorted(cells.row, [first, stop]))
        row, column = cells.row[here] - first, cells.column[here]
        scores[here] = cells.weight[here] - solved[row, column] / own[column]
    return scores
