"""Pure: the highest scores of each member as lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from regulars.modules.insight.history import Floats, Ints

NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Lists:
    """One row per member of ``member``: items in falling order of score, NOTHING where it ends."""

    member: Ints
    item: Ints
    score: Floats

    @property
    def length(self) -> int:
        return int(self.item.shape[1])


def lists_of(members: Ints, *, member: Ints, item: Ints, score: Floats, length: int) -> Lists:
    """The ``length`` highest of each of ``members`` (ascending), from pairs in any order.

    Equal scores go by the item's code, so that the same numbers give the same lists.
    """
    order = np.lexsort((item, -score, member))
    member, item, score = member[order], item[order], score[order]
    place = np.arange(len(member)) - np.searchsorted(member, member)
    row = np.searchsorted(members, member)
    kept = place < length
    items = np.full((len(members), length), NOTHING, dtype=np.int64)
    scores = np.zeros((len(members), length))
    items[row[kept], place[kept]] = item[kept]
    scores[row[kept], place[kept]] = score[kept]
    return Lists(members, items, scores)


def highest(scores: npt.NDArray[np.float32], length: int) -> tuple[Ints, Floats]:
    """Columns of the ``length`` highest of each row, in falling order, and their scores."""
    length = min(length, scores.shape[1])
    if not length:
        return np.zeros((len(scores), 0), dtype=np.int64), np.zeros((len(scores), 0))
    some = np.argpartition(-scores, length - 1, axis=1)[:, :length]
    some.sort(axis=1)
    values = np.take_along_axis(scores, some, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns = np.take_along_axis(some, order, axis=1)
    return columns, np.take_along_axis(values, order, axis=1).astype(np.float64)
