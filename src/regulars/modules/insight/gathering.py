"""Reads the fact files into a history, as they stood at the end of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.facts import Facts, FactTables

from .goods import goods_of
from .history import UNKNOWN, Coded, Floats, History, history_of
from .types import Level

#: What stands above each level, the nearest first.
ABOVE: Final[Mapping[Level, tuple[Level, ...]]] = {
    "sku": ("type", "category"),
    "type": ("category",),
    "category": (),
}

ZERO: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Units of a line that were given back after the day that is asked about."""

    order_id: str
    line: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """A history, and who its members are.

    ``history.members`` are external identities, or ids (``mem_…``) where a member has none;
    ``member_ids`` tells the id of each. Day 0 of the history is ZERO.
    """

    history: History
    member_ids: Mapping[str, str]
    as_of: int

    def date_of(self, day: int) -> date:
        """The date of a day of the history."""
        return ZERO + timedelta(days=day)


def gather(
    facts: Facts, *, as_of: date, level: Level, given_back: Sequence[GivenBack] = ()
) -> Gathered:
    """What members had bought, and not given back, at the end of ``as_of``.

    ``given_back`` are the returns since: at the end of that day nobody knew of them. A purchase
    needs a quantity and a net above zero and an item whose ``level`` is known.
    """
    with facts.open() as tables:
        lines = _kept_lines(tables, as_of, given_back)
        rows = _days(lines, level).to_pyarrow()
    return gathered(rows, level=level, as_of=as_of)


def gathered(rows: pa.Table, *, level: Level, as_of: date) -> Gathered:
    """The history of ``rows``: member, member_id, the level and those above, day, q and v."""
    shift = (ZERO - date(1970, 1, 1)).days
    member = coded(rows["member"])
    people = rows.group_by(["member", "member_id"]).aggregate([])
    ids = dict(zip(people["member"].to_pylist(), people["member_id"].to_pylist(), strict=True))
    history = history_of(
        member=member,
        item=coded(rows[level]),
        parents=[coded(rows[name]) for name in ABOVE[level]],
        day=rows["day"].cast(pa.int32()).to_numpy().astype(np.int64) - shift,
        quantity=_floats(rows["quantity"]),
        value_minor=_floats(rows["value_minor"]),
    )
    return Gathered(goods_of(history, of_skus=level == "sku"), ids, (as_of - ZERO).days)


def coded(column: pa.ChunkedArray) -> Coded:
    """A column of texts as codes in ascending order of the texts; null is UNKNOWN."""
    told = pc.dictionary_encode(column.combine_chunks())
    told = told.combine_chunks() if isinstance(told, pa.ChunkedArray) else told
    texts = np.array([str(text) for text in told.dictionary.to_pylist()], dtype=object)
    order = np.argsort(texts, kind="stable")
    place = np.full(len(texts) + 1, UNKNOWN, dtype=np.int64)
    place[order] = np.arange(len(texts))
    # The place of UNKNOWN is the one past the last.
    return Coded(texts[order], place[pc.fill_null(told.indices, len(texts)).to_numpy()])


def _kept_lines(tables: FactTables, as_of: date, given_back: Sequence[GivenBack]) -> Table:
    """Lines with what was kept of them at the end of ``as_of``."""
    later = tables.given("given_back", _later(given_back))
    touched = later.select("order_id").distinct().mutate(was_kept=True)
    orders = (
        tables.table("orders")
        .filter(_.day <= as_of, _.member_id.notnull())
        .left_join(touched, "order_id")
        # A later return may have ended an order that then counted.
        .filter(_.counted | _.was_kept.fill_null(False))
        .select("order_id", "member_key")
    )
    return (
        tables.table("lines")
        .filter(_.day <= as_of, _.quantity > 0, _.net_minor > 0)
        .join(orders, "order_id")
        .left_join(later, ["order_id", "line"])
        .mutate(kept=_.kept_quantity + _.came_back.fill_null(0))
        .filter(_.kept > 0)
        .mutate(member=ibis.coalesce(_.member_key, _.member_id))
    )


def _days(lines: Table, level: Level) -> Table:
    names = [level, *ABOVE[level]]
    return (
        lines.filter(_[level].notnull())
        .group_by("member", "member_id", *names, "day")
        .agg(
            quantity=_.kept.sum().cast("float64"),
            value_minor=(_.net_minor.cast("float64") * _.kept / _.quantity).sum(),
        )
    )


def _later(given_back: Sequence[GivenBack]) -> pa.Table:
    found: dict[tuple[str, int], int] = {}
    for one in given_back:
        key = (one.order_id, one.line)
        found[key] = found.get(key, 0) + one.quantity
    return pa.table(
        {
            "order_id": pa.array([order_id for order_id, _line in found], type=pa.string()),
            "line": pa.array([line for _order, line in found], type=pa.int32()),
            "came_back": pa.array(list(found.values()), type=pa.int64()),
        }
    )


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Any = column.to_numpy()
    return np.asarray(values, dtype=np.float64)
