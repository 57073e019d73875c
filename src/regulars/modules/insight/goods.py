"""Pure: what of a history is goods that somebody may be due to buy again."""

from __future__ import annotations

from typing import Final

import numpy as np

from .history import UNKNOWN, Flags, History, Texts

#: Categories, as catalogues write them, of what goes over the counter beside the goods: fuel,
#: vouchers, gift cards, corrections.
COUNTER_SALES: Final = frozenset({"FUEL", "COUPON/MISC ITEMS"})


def goods_of(history: History, *, of_skus: bool) -> History:
    """The history without counter sales and, ``of_skus``, without those no catalogue tells of.

    Each of the two is left out only where it is the lesser part: a filling station sells fuel, and
    a shop without a catalogue sells its skus.
    """
    unheard_of = [_unheard_of(history)] if of_skus else []
    for unwanted in (_counter_sales(history), *unheard_of):
        gone = unwanted[history.item]
        if gone.any() and gone.mean() < 0.5:
            history = history.only(~gone)
    return history


def _counter_sales(history: History) -> Flags:
    """Per item: whether its category, or the item itself, is of COUNTER_SALES."""
    named = _is_counter(history.items)
    if history.parents:
        top, texts = history.parents[-1], history.parent_texts[-1]
        named |= np.where(top == UNKNOWN, False, _is_counter(texts)[top] if len(texts) else False)
    return named


def _unheard_of(history: History) -> Flags:
    """Per item: whether no level above it is known."""
    return np.asarray(np.all([above == UNKNOWN for above in history.parents], axis=0))


def _is_counter(texts: Texts) -> Flags:
    return np.array([str(text).upper() in COUNTER_SALES for text in texts], dtype=bool)
