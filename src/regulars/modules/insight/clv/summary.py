"""From purchases to one line per buyer, and from buyers to the cells of a likelihood."""

from __future__ import annotations

import numpy as np

from .types import Buyers, Cells, Integers


def summarise(
    member: Integers, day: Integers, amount_minor: Integers, *, members: int, as_of_day: int
) -> Buyers:
    """One line per buyer: ``member`` codes 0 to ``members`` - 1, each with a transaction; ``day``
    numbers up to ``as_of_day``. Transactions of one day are one purchase.

    Sorts one packed key instead of rows; money is added in whole minor units, exact below 2^53.
    """
    first = int(day.min())
    span = as_of_day - first + 1
    # Member and day side by side in bits, to be taken apart without a division.
    bits = span.bit_length()
    key = member << bits
    key += day
    key -= first
    key.sort()
    is_new = np.empty(len(key), dtype=bool)
    is_new[0] = True
    np.not_equal(key[1:], key[:-1], out=is_new[1:])
    key = key[is_new]
    owner = key >> bits
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    ends = np.append(starts[1:], len(owner))
    on = key & ((1 << bits) - 1)
    first_on, last_on = on[starts], on[ends - 1]
    is_repeat = day > (first_on + first)[member]
    repeat = np.bincount(member, weights=amount_minor * is_repeat, minlength=members)
    return Buyers(
        frequency=ends - starts - 1,
        recency_days=last_on - first_on,
        age_days=span - 1 - first_on,
        repeat_minor=repeat.astype(np.int64),
    )


def cells_of(buyers: Buyers) -> Cells:
    """Buyers counted by (frequency, recency, age)."""
    days = int(buyers.age_days.max(initial=0)) + 1
    key = (buyers.frequency * days + buyers.recency_days) * days + buyers.age_days
    key.sort()
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else key
    count = np.diff(np.append(starts, len(key))).astype(np.float64)
    key = key[starts]
    history, age = np.divmod(key, days)
    frequency, recency = np.divmod(history, days)
    return Cells(frequency=frequency, recency_days=recency, age_days=age, count=count)
