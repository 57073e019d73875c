"""Verification: what orders say they brought, against the ledger and against the counted activity.

Three tables tell the same story: the orders, the postings that credited them, and what each member
did on each program day. Whoever changes one of them alone is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, as_day, as_instant, as_uuid
from regulars.infra.snapshots import one_snapshot, stream
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.ledger.types import DEBT_OF, GROWTH_VALUE, POINTS

_TOLD_EVERY: Final = 20_000
#: Each row: whose, an instant or day, then orders, spend, growth value and points.
_BY_ORDERS: Final = Sql(
    "SELECT o.member_id, o.paid_at, CASE WHEN o.status <> 'paid' OR (o.units_left = 0 AND EXISTS "
    "(SELECT 1 FROM orders_orderline l WHERE l.merchant_id = o.merchant_id "
    "AND l.order_id = o.id AND l.returned > 0)) THEN 0 ELSE 1 END, "
    "o.net_minor - o.refunded_minor, o.growth_value, o.points FROM orders_order o "
    "WHERE o.merchant_id = :merchant_id AND o.member_id IS NOT NULL AND o.paid_at IS NOT NULL "
    "ORDER BY o.member_id"
)
_BY_ACTIVITY: Final = Sql(
    "SELECT member_id, day, orders, spend_minor, growth_value, points FROM earning_activity "
    "WHERE merchant_id = :merchant_id ORDER BY member_id"
)
#: Each row: an order's shown id, whether all it earned is still its own, points, growth value.
_EARNED: Final = Sql(
    "SELECT 'ord_' || replace(CAST(o.id AS TEXT), '-', '') AS name, "
    "CASE WHEN o.status = 'paid' AND o.refunded_minor = 0 THEN 1 ELSE 0 END, "
    "o.points, o.growth_value FROM orders_order o WHERE o.merchant_id = :merchant_id ORDER BY name"
)
#: The same of what was credited for an order or is promised: its id, -1, points, growth value.
_CREDITED: Final = Sql(
    f"""SELECT x.cause_id, -1,
    sum(CASE WHEN x.account IN ({POINTS}, {POINTS + DEBT_OF}) THEN x.amount ELSE 0 END),
    sum(CASE WHEN x.account IN ({GROWTH_VALUE}, {GROWTH_VALUE + DEBT_OF})
      THEN x.amount ELSE 0 END)
  FROM (SELECT cause_id, account, amount FROM ledger_posting WHERE merchant_id = :merchant_id
      AND cause_type = 'order' AND kind IN ('earn', 'debt_repaid')
    UNION ALL SELECT cause_id, asset, amount FROM ledger_pending
      WHERE merchant_id = :merchant_id AND cause_type = 'order') x
  GROUP BY x.cause_id ORDER BY x.cause_id"""
)
_NAMES: Final = ("orders", "spend", "growth value", "points")


@dataclass(frozen=True, slots=True)
class OrderFault:
    """A place where orders and what follows from them disagree."""

    code: str
    subject: str
    detail: str


def verify(
    merchant_id: int, *, zone: ZoneInfo, progress: Callable[[int], None] = lambda done: None
) -> list[OrderFault]:
    """Everything that does not agree, in one snapshot; empty where all is well."""
    with one_snapshot():
        return [*_against_ledger(merchant_id), *_against_activity(merchant_id, zone, progress)]


def _against_ledger(merchant_id: int) -> Iterator[OrderFault]:
    """Orders of which nothing came back have in the ledger what they say, and no other has any.

    Both lists come by name and are walked side by side: no plan of the database can make it slow.
    """
    params = {"merchant_id": merchant_id}
    name_of = itemgetter(0)
    rows = merge(stream(_EARNED, params), stream(_CREDITED, params), key=name_of)
    for name, of_order in groupby(rows, key=name_of):
        says: tuple[int, int] | None = None
        has, whole = (0, 0), False
        for _, flag, points, growth_value in of_order:
            if flag < 0:
                has = (int(points), int(growth_value))
            else:
                says, whole = (points, growth_value), bool(flag)
        if says is None:
            detail = f"{has[0]} points and {has[1]} growth value for an order that is not there"
            yield OrderFault("credit_without_order", name, detail)
        elif whole and says != has:
            detail = f"says (points, growth value) {says}, the ledger has {has}"
            yield OrderFault("order_unlike_ledger", name, detail)


def _against_activity(
    merchant_id: int, zone: ZoneInfo, progress: Callable[[int], None]
) -> Iterator[OrderFault]:
    params = {"merchant_id": merchant_id}
    # One signed stream: what orders say is added, what was counted is taken away.
    rows = merge(
        ((row, 1) for row in stream(_BY_ORDERS, params)),
        ((row, -1) for row in stream(_BY_ACTIVITY, params)),
        key=lambda signed: signed[0][0],
    )
    seen = told = 0
    for member_id, of_member in groupby(rows, key=lambda signed: signed[0][0]):
        days: dict[date, list[int]] = {}
        for row, sign in of_member:
            seen += 1
            sums = days.setdefault(_day(row[1], zone, sign), [0, 0, 0, 0])
            for index, amount in enumerate(row[2:]):
                sums[index] += sign * amount
        if seen - told >= _TOLD_EVERY:
            told = seen
            progress(seen)
        for day, sums in sorted(days.items(), key=itemgetter(0)):
            if any(sums):
                detail = f"{day}: counted {_apart(sums)} than the orders say"
                subject = show("mem", as_uuid(member_id))
                yield OrderFault("activity_unlike_orders", subject, detail)
    progress(seen)


def _day(value: Any, zone: ZoneInfo, sign: int) -> date:
    if sign > 0:
        paid_at = as_instant(value)
        assert paid_at is not None
        return program_day(paid_at, zone)
    day = as_day(value)
    assert day is not None
    return day


def _apart(sums: Sequence[int]) -> str:
    return ", ".join(
        f"{abs(amount)} {name} {'less' if amount > 0 else 'more'}"
        for name, amount in zip(_NAMES, sums, strict=True)
        if amount
    )
