"""Pure: the pairs of member and item that are asked about, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from regulars.modules.insight.history import Flags, Floats, History, Ints, weighed

LEAST_PURCHASES: Final = 3
#: More items than any catalogue has.
_ITEMS: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Pairs:
    """Members and items bought often enough up to and with ``anchor``.

    ``rows`` are the purchases of those pairs alone; each pair's begin at one of ``starts`` and are
    ``counts`` many, ``of_row`` names the pair of each row. Sorted by member, then item.
    """

    anchor: int
    rows: History
    starts: Ints
    counts: Ints
    of_row: Ints
    member: Ints
    item: Ints

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def last(self) -> Ints:
        """The day of each pair's latest purchase."""
        return np.asarray(self.rows.day[self.starts + self.counts - 1])

    @property
    def first(self) -> Ints:
        """The day of each pair's first purchase."""
        return self.rows.day[self.starts]


def pairs_at(history: History, anchor: int, least: int = LEAST_PURCHASES) -> Pairs:
    """The pairs bought on at least ``least`` days up to and with ``anchor``."""
    known = history.until(anchor)
    counts = np.diff(np.append(pair_starts(known), len(known)))
    return _pairs(known, counts, counts >= least, anchor)


def thinned(pairs: Pairs, kept: Flags) -> Pairs:
    """The pairs for which ``kept`` is true."""
    return _pairs(pairs.rows, pairs.counts, kept, pairs.anchor)


def _pairs(known: History, counts: Ints, kept: Flags, anchor: int) -> Pairs:
    rows = known.only(np.repeat(kept, counts))
    counts = counts[kept].astype(np.int64)
    starts = (np.cumsum(counts) - counts).astype(np.int64)
    return Pairs(
        anchor,
        rows,
        starts,
        counts,
        np.repeat(np.arange(len(starts)), counts),
        rows.member[starts],
        rows.item[starts],
    )


def pair_starts(history: History) -> Ints:
    """Where the rows of each member and item begin."""
    new = np.ones(len(history), dtype=bool)
    new[1:] = (np.diff(history.member) != 0) | (np.diff(history.item) != 0)
    return np.flatnonzero(new)


def pair_key(member: Ints, item: Ints) -> Ints:
    """Member and item in one number, ascending with member, then item."""
    return member * _ITEMS + item


def bought_within(history: History, pairs: Pairs, days: int) -> Flags:
    """Whether each pair was bought in the ``days`` days after the anchor: the label."""
    return first_bought(history, pairs, days) > 0


def first_bought(history: History, pairs: Pairs, days: int) -> Ints:
    """How many days after the anchor each pair was next bought; 0 where not within ``days``."""
    after = history.only((history.day > pairs.anchor) & (history.day <= pairs.anchor + days))
    starts = pair_starts(after)
    bought = pair_key(after.member[starts], after.item[starts])
    wanted = pair_key(pairs.member, pairs.item)
    if not len(bought):
        return np.zeros(len(wanted), dtype=np.int64)
    place = np.minimum(np.searchsorted(bought, wanted), len(bought) - 1)
    waits = after.day[starts][place] - pairs.anchor
    return np.where(bought[place] == wanted, waits, 0)


def decayed_counts(pairs: Pairs, half_life: float) -> Floats:
    """Purchases of each pair, one of ``half_life`` days ago counting half."""
    weights = 0.5 ** ((pairs.anchor - pairs.rows.day) / half_life)
    return per_pair(pairs, weights)


def per_pair(pairs: Pairs, values: Floats) -> Floats:
    """The sum over each pair's rows."""
    return weighed(pairs.of_row, values, len(pairs))
