"""Pure: lists as rows that are kept, shown and exported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa

from regulars.modules.insight.gathering import Gathered

from .ranking.listing import Entries, Recommended
from .ranking.lists import NOTHING

_PIECE: Final = 50_000
#: The rank of a row that tells what the common list leaves out for a member.
LEFT_OUT: Final = 0


def personal_table(told: Gathered, found: Recommended) -> pa.Table:
    """One row per member and place, by member, with the numbers of its reason."""
    return _table(told, found.entries)


def left_out_table(told: Gathered, found: Recommended) -> pa.Table:
    """What is left out of the common list for whom, in the same form; the rank is LEFT_OUT."""
    common = found.popular
    rows = len(common.member)
    zero, nothing = np.zeros(rows, dtype=np.int64), np.zeros(rows)
    because = np.full(rows, NOTHING, dtype=np.int64)
    entries = Entries(
        common.member, np.full(rows, LEFT_OUT), common.left_out, nothing, because,
        nothing, zero, zero, zero, nothing, zero,
    )  # fmt: skip
    return _table(told, entries)


def popular_rows(told: Gathered, found: Recommended) -> list[dict[str, Any]]:
    """The common list: most buyers first, with places to spare for who has some of it."""
    pairs = zip(found.popular.item, found.popular.buyers, strict=True)
    return [
        popular_row(rank, str(told.history.items[item]), int(buyers))
        for rank, (item, buyers) in enumerate(pairs, start=1)
    ]


def without(
    rows: Iterable[dict[str, Any]], left_out: Collection[str], length: int
) -> list[dict[str, Any]]:
    """The first ``length`` of the common list's ``rows`` that are not ``left_out``, ranked anew."""
    shown = islice((row for row in rows if row["item"] not in left_out), length)
    return [{**row, "rank": rank} for rank, row in enumerate(shown, start=1)]


def popular_row(rank: int, item: str, buyers: int) -> dict[str, Any]:
    """An entry of the list for everybody; its score is how many bought it."""
    return {
        "rank": rank, "item": item, "score": float(buyers), "because": None, "every_days": 0.0,
        "days_ago": 0, "times": 0, "times_lately": 0, "variation": 0.0, "buyers": buyers,
    }  # fmt: skip


def everybodys(
    told: Gathered, found: Recommended, refused: Collection[str]
) -> Iterator[dict[str, Any]]:
    """The rows of every member who bought anything, by member: their own, or the common list
    without what they have where there is none, or as it is where they ``refused`` (ids) one."""
    popular = popular_rows(told, found)
    common = without(popular, (), found.length)
    items = told.history.items
    has: dict[int, set[str]] = {}
    for code, item in zip(found.popular.member, found.popular.left_out, strict=True):
        has.setdefault(int(code), set()).add(str(items[item]))
    table = personal_table(told, found)
    own = (row for piece in table.to_batches(max_chunksize=_PIECE) for row in piece.to_pylist())
    lists = groupby(own, key=itemgetter("member"))
    member, rows = next(lists, (None, None))
    for code in np.unique(told.history.member):
        name = str(told.history.members[code])
        shown = list(rows) if rows is not None and member == name else None
        if shown is not None:
            member, rows = next(lists, (None, None))
        if told.member_ids[name] in refused:
            shown = common
        elif shown is None:
            left_out = has.get(int(code))
            shown = without(popular, left_out, found.length) if left_out else common
        for row in shown:
            yield {**row, "member": name, "member_id": told.member_ids[name]}


def skus(told: Gathered, found: Recommended) -> set[str]:
    """Every item that any list or reason names."""
    entries = found.entries
    named = np.unique(np.concatenate([entries.item, entries.because, found.popular.item]))
    return {str(told.history.items[item]) for item in named if item != NOTHING}


def about(found: Recommended) -> dict[str, Any]:
    """What the lists were made from, in plain JSON."""
    few = found.abstained
    told = few and {"reason": few.reason, "there": few.there, "needed": few.needed}
    return {"abstained": told, "using": found.using, "shoppers": len(found.shop.shoppers)}


def _table(told: Gathered, entries: Entries) -> pa.Table:
    history = told.history
    members = history.members[entries.member]
    items = np.array([*history.items, None], dtype=object)
    return pa.table(
        {
            "member_id": _texts([told.member_ids[member] for member in members]),
            "member": _texts(members),
            "rank": entries.rank.astype(np.int32),
            "item": _texts(items[entries.item]),
            "score": entries.score,
            # NOTHING is -1: the last of the texts, which is none.
            "because": _texts(items[entries.because]),
            "every_days": entries.every_days,
            "days_ago": entries.days_ago.astype(np.int32),
            "times": entries.times.astype(np.int32),
            "times_lately": entries.times_lately.astype(np.int32),
            "variation": entries.variation,
            "buyers": entries.buyers.astype(np.int32),
        }
    )


def _texts(texts: Any) -> pa.Array:
    return pa.array(list(texts), type=pa.string())
