"""Pure: lists as rows that are kept, shown and exported."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa

from regulars.modules.insight.gathering import Gathered

from .ranking.listing import Recommended
from .ranking.lists import NOTHING

_PIECE: Final = 50_000


def personal_table(told: Gathered, found: Recommended) -> pa.Table:
    """One row per member and place, by member, with the numbers of its reason."""
    entries, history = found.entries, told.history
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


def popular_rows(told: Gathered, found: Recommended) -> list[dict[str, Any]]:
    """The list for everybody: most buyers first."""
    pairs = zip(found.popular, found.popular_buyers, strict=True)
    return [
        popular_row(rank, str(told.history.items[item]), int(buyers))
        for rank, (item, buyers) in enumerate(pairs, start=1)
    ]


def popular_row(rank: int, item: str, buyers: int) -> dict[str, Any]:
    """An entry of the list for everybody; its score is how many bought it."""
    return {
        "rank": rank, "item": item, "score": float(buyers), "because": None, "every_days": 0.0,
        "days_ago": 0, "times": 0, "times_lately": 0, "variation": 0.0, "buyers": buyers,
    }  # fmt: skip


def everybodys(
    told: Gathered, found: Recommended, refused: Collection[str]
) -> Iterator[dict[str, Any]]:
    """The rows of every member who bought anything, by member: their own, or the list for
    everybody where they have none or ``refused`` (ids) one."""
    popular = popular_rows(told, found)
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
            shown = None
        for row in shown or popular:
            yield {**row, "member": name, "member_id": told.member_ids[name]}


def skus(told: Gathered, found: Recommended) -> set[str]:
    """Every item that any list or reason names."""
    entries = found.entries
    named = np.unique(np.concatenate([entries.item, entries.because, found.popular]))
    return {str(told.history.items[item]) for item in named if item != NOTHING}


def about(found: Recommended) -> dict[str, Any]:
    """What the lists were made from, in plain JSON."""
    few = found.abstained
    told = few and {"reason": few.reason, "there": few.there, "needed": few.needed}
    return {"abstained": told, "using": found.using, "shoppers": len(found.shop.shoppers)}


def _texts(texts: Any) -> pa.Array:
    return pa.array(list(texts), type=pa.string())
