"""Purchases out of the fact files, as plain arrays with a number for each buyer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import pyarrow as pa
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions.purchases import counted_orders
from regulars.modules.analytics.facts import Facts, FactTables

from .summary import summarise
from .types import Buyers, Floats, Integers

_EPOCH: Final = date(1970, 1, 1).toordinal()
_SALTS: Final = ("", "+", "-", "*")


def _hash(text: dt.string) -> dt.uint64:
    """DuckDB's own hash, as it comes: turning it into something signed costs more than it."""


_hashed: Final[Any] = ibis.udf.scalar.builtin(name="hash")(_hash)


@dataclass(frozen=True, slots=True)
class History:
    """Counted orders of members: whose (a place in ``name``), on what day number, worth what.

    ``name`` is the external identity, in order; a member without one goes by the member's id.
    ``member_id`` are the ids in that order, where the history was read from facts.
    """

    name: list[str]
    member: Integers
    day: Integers
    kept_minor: Integers
    member_id: pa.ChunkedArray | None = None

    def buyers(self, *, as_of: date) -> tuple[Buyers, Integers]:
        """Everybody with a purchase up to and with ``as_of``, and their places in ``name``."""
        until = self.day <= as_of.toordinal()
        bought = np.zeros(len(self.name), dtype=bool)
        bought[self.member[until]] = True
        places = np.flatnonzero(bought)
        if not len(places):
            none = np.zeros(0, dtype=np.int64)
            empty = Buyers(frequency=none, recency_days=none, age_days=none, repeat_minor=none)
            return empty, places
        code = np.cumsum(bought) - 1
        whole = bool(until.all())
        summary = summarise(
            code[self.member if whole else self.member[until]],
            self.day if whole else self.day[until],
            self.kept_minor if whole else self.kept_minor[until],
            members=len(places),
            as_of_day=as_of.toordinal(),
        )
        return summary, places

    def after(self, then: date, *, as_of: date) -> tuple[Integers, Floats]:
        """Per place in ``name``: purchases after ``then`` up to and with ``as_of``, and worth."""
        inside = (self.day > then.toordinal()) & (self.day <= as_of.toordinal())
        member, people = self.member[inside], len(self.name)
        span = int(self.day.max(initial=0)) + 1
        days = np.unique(member * span + self.day[inside]) // span
        worth = np.bincount(member, weights=self.kept_minor[inside], minlength=people)
        return np.bincount(days, minlength=people).astype(np.int64), worth.astype(np.float64)


def read_history(facts: Facts, *, as_of: date) -> History:
    """What members bought up to and with ``as_of``.

    Ids are texts; the rows travel with a number hashed from them. The names come from a grouping
    of the texts themselves, so two ids with one number are seen, and another hash is taken.
    """
    with facts.open() as tables:
        orders = counted_orders(tables.table("orders"), as_of=as_of)
        orders = orders.filter(_.member_id.notnull())
        for salt in _SALTS:
            found = _read(tables, orders, salt)
            if found is not None:
                return found
    raise RuntimeError("ids collide under every hash")


def _read(tables: FactTables, orders: Table, salt: str) -> History | None:
    import pyarrow.compute as pc

    number = _hashed(_.member_id + salt if salt else _.member_id)
    names = (
        orders.group_by("member_id")
        .agg(name=_.member_key.max())
        .select("member_id", number=number, name=_.name.fill_null(_.member_id))
        .order_by("name")
        .to_pyarrow()
    )
    numbers: Any = names.column("number").to_numpy()
    by_number = np.argsort(numbers, kind="stable")
    if (np.diff(numbers[by_number]) == 0).any():
        return None
    rows = orders.select("day", "kept_minor", number=number).to_pyarrow()
    coded = rows.column("number").combine_chunks().dictionary_encode()
    known = coded.dictionary.to_numpy()
    place_of = by_number[np.searchsorted(numbers[by_number], known)]
    return History(
        name=names.column("name").to_pylist(),
        member=place_of[coded.indices.to_numpy()],
        day=pc.cast(rows.column("day"), "int32").to_numpy().astype(np.int64) + _EPOCH,
        kept_minor=rows.column("kept_minor").to_numpy(),
        member_id=names.column("member_id"),
    )
