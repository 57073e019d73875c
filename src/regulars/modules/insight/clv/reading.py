"""Purchases out of the fact files, as plain arrays with a number for each buyer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.datatypes as dt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from ibis import _

from regulars.modules.analytics.expressions.purchases import counted_orders
from regulars.modules.analytics.facts import Facts

from .summary import summarise
from .types import Buyers, Floats, Integers

_EPOCH: Final = date(1970, 1, 1).toordinal()
_SALTS: Final = ("", "+", "-", "*")
_STEP: Final = 32_768

_Letters = npt.NDArray[np.void]


def _hash(text: dt.string) -> dt.uint64:
    """DuckDB's own hash, as it comes: turning it into something signed costs more than it."""


_hashed: Final[Any] = ibis.udf.scalar.builtin(name="hash")(_hash)


@dataclass(frozen=True, slots=True)
class History:
    """Counted orders of members: whose (0 to ``people`` - 1), on what day number, worth what.

    Each of the ``people`` has an order.
    """

    people: int
    member: Integers
    day: Integers
    kept_minor: Integers

    def buyers(self, *, as_of: date) -> tuple[Buyers, Integers]:
        """Everybody with a purchase up to and with ``as_of``, and their places among all."""
        until = self.day <= as_of.toordinal()
        if not until.any():
            none = np.zeros(0, dtype=np.int64)
            return Buyers(frequency=none, recency_days=none, age_days=none, repeat_minor=none), none
        if until.all():
            places = np.arange(self.people)
            code, day, kept_minor = self.member, self.day, self.kept_minor
        else:
            member, day, kept_minor = self.member[until], self.day[until], self.kept_minor[until]
            bought = np.zeros(self.people, dtype=bool)
            bought[member] = True
            places = np.flatnonzero(bought)
            code = (np.cumsum(bought) - 1)[member]
        summary = summarise(code, day, kept_minor, members=len(places), as_of_day=as_of.toordinal())
        return summary, places

    def after(self, then: date, *, as_of: date) -> tuple[Integers, Floats]:
        """Of each of all: purchases after ``then`` up to and with ``as_of``, and worth."""
        inside = (self.day > then.toordinal()) & (self.day <= as_of.toordinal())
        member, people = self.member[inside], self.people
        span = int(self.day.max(initial=0)) + 1
        days = np.unique(member * span + self.day[inside]) // span
        worth = np.bincount(member, weights=self.kept_minor[inside], minlength=people)
        return np.bincount(days, minlength=people).astype(np.int64), worth.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Names:
    """The people of a history, in its order: external identity, or id where there is none."""

    name: pa.Array
    member_id: pa.Array


def read_history(
    facts: Facts, *, as_of: date, paid_back: Mapping[str, int] | None = None
) -> History:
    """What members bought up to and with ``as_of``, worth what was left of it then.

    ``paid_back`` is what orders, by id, gave back since, in minor units: at the end of that day
    nobody knew of it. Ids are texts; the rows travel with a number of 64 bits hashed from them.
    """
    return _history(_rows(facts, as_of, "", paid_back or {}))


def read_named(
    facts: Facts, *, as_of: date, paid_back: Mapping[str, int] | None = None
) -> tuple[History, Names]:
    """The same with its people in the order of their names, and who they are.

    In one reading: names are taken from the first row of each number. Where one number stands for
    two ids, which the rows show, another salt is taken.
    """
    for salt in _SALTS:
        rows = _rows(facts, as_of, salt, paid_back or {}, "member_id", "member_key")
        found = _history(rows)
        first = first_rows(found.member)
        ids = _column(rows, "member_id", first)
        if not all_the_same(rows.column("member_id"), ids, found.member):
            continue
        # An export writes one identity into all orders of a member.
        name = pc.coalesce(_column(rows, "member_key", first), ids)
        order = pc.sort_indices(name)
        place = np.empty(found.people, dtype=np.int64)
        place[order.to_numpy()] = np.arange(found.people)
        named = History(found.people, place[found.member], found.day, found.kept_minor)
        return named, Names(name.take(order), ids.take(order))
    raise RuntimeError("ids collide under every hash")


def first_rows(member: Integers) -> Integers:
    """The first row of each member; members are numbered as they appear."""
    return np.flatnonzero(np.diff(np.maximum.accumulate(member), prepend=-1))


def all_the_same(ids: pa.ChunkedArray, own: pa.Array, member: Integers) -> bool:
    """Whether each of ``ids`` is that of its member, ``own[member]``."""
    of_members, at = _letters(own), 0
    for piece in ids.chunks:
        mine = member[at : at + len(piece)]
        at += len(piece)
        of_rows = _letters(piece)
        if of_members is None or of_rows is None or of_members.dtype != of_rows.dtype:
            equal = pc.equal(own.take(pa.array(mine)), piece)
            same = pc.all(equal, min_count=0).as_py()
        else:
            same = _equal(of_members, of_rows, mine)
        if not same:
            return False
    return True


def _equal(of_members: _Letters, of_rows: _Letters, member: Integers) -> bool:
    """In steps that stay in the processor's cache."""
    for first in range(0, len(of_rows), _STEP):
        step = slice(first, first + _STEP)
        expected = of_members.take(member[step])
        if not np.array_equal(expected.view(np.uint8), of_rows[step].view(np.uint8)):
            return False
    return True


def _letters(texts: pa.Array) -> _Letters | None:
    """Texts of one length, as ids are, without a copy; None of others."""
    if not len(texts) or texts.type != pa.string():
        return None
    _valid, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    wide = int(ends[1] - ends[0])
    if not wide or (np.diff(ends) != wide).any():
        return None
    return np.frombuffer(data, dtype=f"V{wide}", count=len(texts), offset=int(ends[0]))


def _rows(
    facts: Facts, as_of: date, salt: str, paid_back: Mapping[str, int], *more: str
) -> pa.Table:
    with facts.open() as tables:
        orders = tables.table("orders")
        if paid_back:
            later = tables.given("paid_back", _later(paid_back))
            # A later return may have ended an order that then counted.
            orders = orders.left_join(later, "order_id").mutate(
                counted=_.counted | _.came_back.notnull(),
                kept_minor=_.kept_minor + _.came_back.fill_null(0),
            )
        orders = counted_orders(orders, as_of=as_of)
        orders = orders.filter(_.member_id.notnull())
        number = _hashed(_.member_id + salt if salt else _.member_id)
        return orders.select("day", "kept_minor", *more, number=number).to_pyarrow()


def _later(paid_back: Mapping[str, int]) -> pa.Table:
    return pa.table(
        {
            "order_id": pa.array(list(paid_back), type=pa.string()),
            "came_back": pa.array(list(paid_back.values()), type=pa.int64()),
        }
    )


def _history(rows: pa.Table) -> History:
    coded = rows.column("number").combine_chunks().dictionary_encode()
    return History(
        people=len(coded.dictionary),
        member=coded.indices.to_numpy().astype(np.int64),
        day=rows.column("day").cast("int32").to_numpy().astype(np.int64) + _EPOCH,
        kept_minor=rows.column("kept_minor").to_numpy(),
    )


def _column(rows: pa.Table, name: str, which: Integers) -> pa.Array:
    return rows.column(name).take(pa.array(which)).combine_chunks()
