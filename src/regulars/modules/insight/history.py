"""Pure: what members bought and when, as sorted arrays. All insight is learnt from this alone.

A model that asks for what was known on a day takes ``history.until(day)`` first: what lies after
that day is then not there, so it cannot leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Flags = npt.NDArray[np.bool_]

UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class History:
    """Purchases, one row per member, item and day, sorted so; days are counted from any zero.

    ``members`` and ``items`` name the codes in the rows. ``parents`` are the levels above the
    item, the nearest first: for each item its code there, or UNKNOWN; ``parent_texts`` names the
    codes. ``quantity`` and ``value_minor`` are what the day brought of the item in all.
    """

    members: Texts
    items: Texts
    parents: tuple[Ints, ...]
    parent_texts: tuple[Texts, ...]
    member: Ints
    item: Ints
    day: Ints
    quantity: Floats
    value_minor: Floats

    def __len__(self) -> int:
        return len(self.day)

    def until(self, day: int) -> History:
        """What was known at the end of ``day``."""
        return self.only(self.day <= day)

    def only(self, kept: Flags) -> History:
        """The rows for which ``kept`` is true, under the same codes."""
        return History(
            self.members,
            self.items,
            self.parents,
            self.parent_texts,
            self.member[kept],
            self.item[kept],
            self.day[kept],
            self.quantity[kept],
            self.value_minor[kept],
        )


@dataclass(frozen=True, slots=True)
class Trips:
    """Days on which members bought anything, sorted by member and day.

    ``quantity`` and ``value_minor`` are those of the whole day, ``items`` how many different ones.
    """

    member: Ints
    day: Ints
    items: Floats
    quantity: Floats
    value_minor: Floats
    members: int

    @property
    def key(self) -> Ints:
        """Member and day in one number, ascending."""
        return trip_key(self.member, self.day)

    def until(self, day: int) -> Trips:
        """The trips up to and with ``day``."""
        kept = self.day <= day
        return Trips(
            self.member[kept],
            self.day[kept],
            self.items[kept],
            self.quantity[kept],
            self.value_minor[kept],
            self.members,
        )


#: More days than any history has, and the same again below zero.
_DAYS: Final = 1 << 20


def trip_key(member: Ints, day: Ints) -> Ints:
    """Ascending with member, then day; a day may be below zero or far in the future."""
    return member * _DAYS + np.clip(day, -_DAYS // 2, _DAYS // 2 - 1) + _DAYS // 2


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts: the different ones in ascending order, and each row's place among them."""

    texts: Texts
    codes: Ints


def history_of(
    *,
    member: Coded,
    item: Coded,
    parents: Sequence[Coded],
    day: Ints,
    quantity: Floats,
    value_minor: Floats,
) -> History:
    """The history that lines tell, in any order; lines of one member, item and day are one row.

    A parent of an item is the one most of its lines name; UNKNOWN is no parent.
    """
    above = tuple(_parents_of(item.codes, len(item.texts), parent.codes) for parent in parents)
    order = np.lexsort((day, item.codes, member.codes))
    members, items, day = member.codes[order], item.codes[order], day[order]
    new = np.ones(len(day), dtype=bool)
    new[1:] = (np.diff(members) != 0) | (np.diff(items) != 0) | (np.diff(day) != 0)
    starts = np.flatnonzero(new)
    return History(
        member.texts,
        item.texts,
        above,
        tuple(parent.texts for parent in parents),
        members[starts],
        items[starts],
        day[starts].astype(np.int64),
        sums(quantity[order].astype(np.float64), starts),
        sums(value_minor[order].astype(np.float64), starts),
    )


def trips_of(history: History) -> Trips:
    """The shopping days behind a history."""
    order = np.argsort(trip_key(history.member, history.day), kind="stable")
    member, day = history.member[order], history.day[order]
    new = np.ones(len(day), dtype=bool)
    new[1:] = (np.diff(member) != 0) | (np.diff(day) != 0)
    starts = np.flatnonzero(new)
    return Trips(
        member[starts],
        day[starts],
        np.diff(np.append(starts, len(day))).astype(np.float64),
        sums(history.quantity[order], starts),
        sums(history.value_minor[order], starts),
        len(history.members),
    )


def coded(written: Sequence[str | None]) -> Coded:
    """``written`` as codes; None has the code UNKNOWN and no place among the texts."""
    texts = np.asarray(written, dtype=object)
    known = np.array([text is not None for text in texts], dtype=bool)
    codes = np.full(len(texts), UNKNOWN, dtype=np.int64)
    names, codes[known] = np.unique(texts[known].astype(str), return_inverse=True)
    return Coded(names.astype(object), codes)


def sums(values: Floats, starts: Ints) -> Floats:
    """The sum of each stretch of ``values`` that begins at one of ``starts``."""
    if not len(starts):
        return np.zeros(0)
    return np.asarray(np.add.reduceat(values, starts), dtype=np.float64)


def weighed(group: Ints, values: Floats, groups: int) -> Floats:
    """The sum of ``values`` in each of the groups 0 to ``groups`` - 1."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def _parents_of(item: Ints, items: int, parent: Ints) -> Ints:
    found = np.full(items, UNKNOWN, dtype=np.int64)
    known = parent != UNKNOWN
    if not known.any():
        return found
    most = int(parent.max()) + 1
    pairs, counts = np.unique(item[known] * most + parent[known], return_counts=True)
    # The most frequent parent of an item comes last, so it is the one that stays.
    order = np.argsort(counts, kind="stable")
    found[pairs[order] // most] = pairs[order] % most
    return found
