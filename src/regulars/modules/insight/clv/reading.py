"""Purchases out of the fact files, as plain arrays with a number for each buyer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions.purchases import counted_orders
from regulars.modules.analytics.facts import Facts, FactTables

from .summary import summarise
from .types import Buyers, Floats, Integers

_EPOCH: Final = date(1970, 1, 1).toordinal()
_SALTS: Final = ("", "+", "-", "*")
_ATTEMPTS: Final = 3

Numbers = npt.NDArray[np.uint64]


def _hash(text: dt.string) -> dt.uint64:
    """DuckDB's own hash, as it comes: turning it into something signed costs more than it."""


_hashed: Final[Any] = ibis.udf.scalar.builtin(name="hash")(_hash)


@dataclass(frozen=True, slots=True)
class History:
    """Counted orders of members: whose (a place in ``number``), on what day number, worth what.

    ``number`` is hashed from the member's id; every place in it has an order.
    """

    number: Numbers
    member: Integers
    day: Integers
    kept_minor: Integers

    def buyers(self, *, as_of: date) -> tuple[Buyers, Integers]:
        """Everybody with a purchase up to and with ``as_of``, and their places in ``number``."""
        until = self.day <= as_of.toordinal()
        if not until.any():
            none = np.zeros(0, dtype=np.int64)
            return Buyers(frequency=none, recency_days=none, age_days=none, repeat_minor=none), none
        if until.all():
            places = np.arange(len(self.number))
            code, day, kept_minor = self.member, self.day, self.kept_minor
        else:
            member, day, kept_minor = self.member[until], self.day[until], self.kept_minor[until]
            bought = np.zeros(len(self.number), dtype=bool)
            bought[member] = True
            places = np.flatnonzero(bought)
            code = (np.cumsum(bought) - 1)[member]
        summary = summarise(code, day, kept_minor, members=len(places), as_of_day=as_of.toordinal())
        return summary, places

    def after(self, then: date, *, as_of: date) -> tuple[Integers, Floats]:
        """Per place in ``number``: purchases after ``then`` up to and with ``as_of``, and worth."""
        inside = (self.day > then.toordinal()) & (self.day <= as_of.toordinal())
        member, people = self.member[inside], len(self.number)
        span = int(self.day.max(initial=0)) + 1
        days = np.unique(member * span + self.day[inside]) // span
        worth = np.bincount(member, weights=self.kept_minor[inside], minlength=people)
        return np.bincount(days, minlength=people).astype(np.int64), worth.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Names:
    """Members by external identity, in order; one without goes by the member's id.

    ``number`` is each one's number under ``salt``, no two the same; ``member_id`` in that order.
    """

    name: list[str]
    member_id: pa.ChunkedArray
    number: Numbers
    salt: str

    def places(self, number: Numbers) -> Integers | None:
        """Where in ``name`` each of ``number`` is; None where one is unknown."""
        if not len(self.number):
            return None if len(number) else np.zeros(0, dtype=np.int64)
        by_number = np.argsort(self.number, kind="stable")
        at = np.searchsorted(self.number[by_number], number)
        found: Integers = by_number[np.minimum(at, len(by_number) - 1)]
        return found if (self.number[found] == number).all() else None


def read_history(facts: Facts, *, as_of: date, salt: str = "") -> History:
    """What members bought up to and with ``as_of``.

    Ids are texts; the rows travel with a number of 64 bits hashed from them and ``salt``.
    """
    with facts.open() as tables:
        orders = _members_orders(tables, as_of)
        rows = orders.select("day", "kept_minor", number=_numbered(salt)).to_pyarrow()
    coded = rows.column("number").combine_chunks().dictionary_encode()
    return History(
        number=coded.dictionary.to_numpy(),
        member=coded.indices.to_numpy().astype(np.int64),
        day=rows.column("day").cast("int32").to_numpy().astype(np.int64) + _EPOCH,
        kept_minor=rows.column("kept_minor").to_numpy(),
    )


def read_names(facts: Facts, *, as_of: date) -> Names:
    """Who they are. Grouped by the ids themselves, so two with one number are seen, and another
    salt is taken."""
    with facts.open() as tables:
        orders = _members_orders(tables, as_of)
        for salt in _SALTS:
            names = (
                orders.group_by("member_id")
                .agg(name=_.member_key.max())
                .select("member_id", number=_numbered(salt), name=_.name.fill_null(_.member_id))
                .order_by("name")
                .to_pyarrow()
            )
            number = names.column("number").to_numpy()
            if len(np.unique(number)) == len(number):
                return Names(
                    names.column("name").to_pylist(), names.column("member_id"), number, salt
                )
    raise RuntimeError("ids collide under every hash")


def read_named(facts: Facts, *, as_of: date) -> tuple[History, Names, Integers]:
    """Both, and the place in ``Names.name`` of each of the history's members.

    Read again where an export came in between.
    """
    for _attempt in range(_ATTEMPTS):
        names = read_names(facts, as_of=as_of)
        history = read_history(facts, as_of=as_of, salt=names.salt)
        places = names.places(history.number)
        if places is not None:
            return history, names, places
    raise RuntimeError("the facts changed at every reading")


def _members_orders(tables: FactTables, as_of: date) -> Table:
    orders = counted_orders(tables.table("orders"), as_of=as_of)
    return orders.filter(_.member_id.notnull())


def _numbered(salt: str) -> Any:
    return _hashed(_.member_id + salt if salt else _.member_id)
