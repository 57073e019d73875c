"""Reads of orders: one with everything that belongs to it, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_all, fetch_one
from regulars.infra.http.answers import unknown_cursor
from regulars.kernel.errors import NotFound
from regulars.kernel.periods import day_start
from regulars.modules.members.lookup import carriers, circle_of, circles

from .gather import stored_order
from .types import OrderView

_FIRST_DAY: Final = date(1901, 1, 1)
_COLUMNS: Final = (
    "o.id, o.external_id, o.member_id, o.channel, o.store, o.placed_at, o.paid_at, o.status, "
    "o.lines, o.net_minor, o.refunded_minor, o.paid_minor, o.points, o.growth_value, o.units_left"
)
_HAS_REFUND: Final = (
    "EXISTS (SELECT 1 FROM orders_refund r WHERE r.merchant_id = o.merchant_id "
    "AND r.order_id = o.id)"
)
_PAID: Final = "o.status = 'paid' AND "
#: What a list may be narrowed to, in the words people use for an order's state.
_STATUS: Final = {
    "placed": "o.status = 'placed'",
    "paid": f"{_PAID}NOT {_HAS_REFUND}",
    "part_refunded": f"{_PAID}o.units_left > 0 AND {_HAS_REFUND}",
    "refunded": f"{_PAID}o.units_left = 0 AND {_HAS_REFUND}",
    "cancelled": "o.status = 'cancelled'",
}
STATUSES: Final = tuple(_STATUS)
_CONDITIONS: Final = {
    "members": any_of("o.member_id", "members"),
    "store": "o.store = :store",
    "channel": "o.channel = :channel",
    "external_id": "o.external_id = :external_id",
    "text": "(o.external_id = :text OR o.external_id LIKE :prefix ESCAPE '\\' "
    f"OR {any_of('o.member_id', 'named')})",
    "since": "o.placed_at >= :since",
    "before": "o.placed_at < :before",
}
_REFUNDS: Final = Sql(
    "SELECT id, external_id, refunded_at, cash_minor, points_taken, growth_value_taken, debt, "
    "lines FROM orders_refund WHERE merchant_id = :merchant_id AND order_id = :order_id "
    "ORDER BY refunded_at, id"
)
_RETURNED_SINCE: Final = Sql(
    "SELECT order_id, lines FROM orders_refund "
    "WHERE merchant_id = :merchant_id AND refunded_at >= :since"
)
_PAID_BACK_SINCE: Final = Sql(
    "SELECT order_id, sum(cash_minor) FROM orders_refund "
    "WHERE merchant_id = :merchant_id AND refunded_at >= :since GROUP BY order_id"
)
_BOUGHT_SINCE: Final = Sql(
    "SELECT DISTINCT coalesce(m.merged_into, m.id) FROM members_member m JOIN orders_order o "
    "ON o.merchant_id = m.merchant_id AND o.member_id = m.id "
    f"WHERE m.merchant_id = :merchant_id AND ({any_of('m.id')} OR {any_of('m.merged_into')}) "
    "AND o.paid_at >= :since AND o.status <> 'cancelled'"
)
_BUYING_SINCE: Final = Sql(
    "SELECT coalesce(m.merged_into, m.id), o.paid_at FROM members_member m JOIN orders_order o "
    "ON o.merchant_id = m.merchant_id AND o.member_id = m.id "
    f"WHERE m.merchant_id = :merchant_id AND ({any_of('m.id')} OR {any_of('m.merged_into')}) "
    "AND o.paid_at >= :since AND o.status <> 'cancelled' ORDER BY o.paid_at"
)
_PLACED_AT: Final = Sql(
    "SELECT placed_at FROM orders_order WHERE merchant_id = :merchant_id AND id = :order_id"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders of a list; None does not restrict. Days are the merchant's, both included.

    ``text`` is the beginning of an external id, or means the members ``named``.
    """

    member_id: UUID | None = None
    status: str | None = None
    store: str | None = None
    channel: str | None = None
    external_id: str | None = None
    text: str | None = None
    named: tuple[UUID, ...] = ()
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list; ``status`` is told in the words of STATUSES."""

    id: UUID
    external_id: str
    member_id: UUID | None
    channel: str | None
    store: str | None
    placed_at: datetime
    paid_at: datetime | None
    status: str
    lines: int
    net_minor: int
    refunded_minor: int
    paid_minor: int
    points: int
    growth_value: int


@dataclass(frozen=True, slots=True)
class RefundView:
    id: UUID
    external_id: str
    refunded_at: datetime
    cash_minor: int
    points_taken: int
    growth_value_taken: int
    debt: int
    lines: tuple[Mapping[str, int], ...]


def order(merchant_id: int, order_id: UUID) -> OrderView:
    """Raises NotFound, also for an order that an undone import had brought."""
    found = stored_order(merchant_id, order_id)
    if found is None or found.view.status == "undone":
        raise NotFound
    return found.view


def refunds_of(merchant_id: int, order_id: UUID) -> list[RefundView]:
    """In the order in which units went back."""
    rows = fetch_all(_REFUNDS, {"merchant_id": merchant_id, "order_id": order_id})
    return [_refund(row) for row in rows]


def returned_since(merchant_id: int, since: datetime) -> list[tuple[UUID, int, int]]:
    """What went back at ``since`` or later: order, line and units of it."""
    rows = fetch_all(_RETURNED_SINCE, {"merchant_id": merchant_id, "since": since})
    return [
        (as_uuid(order_id), line["line"], line["quantity"])
        for order_id, lines in rows
        for line in as_json(lines)
    ]


def paid_back_since(merchant_id: int, since: datetime) -> list[tuple[UUID, int]]:
    """What was paid back at ``since`` or later: order and minor units, each order once."""
    rows = fetch_all(_PAID_BACK_SINCE, {"merchant_id": merchant_id, "since": since})
    return [(as_uuid(order_id), int(minor)) for order_id, minor in rows]


def bought_since(merchant_id: int, member_ids: Sequence[UUID], since: datetime) -> set[UUID]:
    """Who of some members who carry on, by any of their records, paid at ``since`` or later."""
    params = {"merchant_id": merchant_id, "ids": list(member_ids), "since": since}
    return {as_uuid(row[0]) for row in fetch_all(_BOUGHT_SINCE, params)}


def first_bought(
    merchant_id: int, since: Mapping[UUID, datetime], at_first: datetime
) -> dict[UUID, datetime]:
    """When each of some members who carry on first paid since their own instant, where they did;
    ``at_first`` is the earliest of those."""
    params = {"merchant_id": merchant_id, "ids": list(since), "since": at_first}
    found: dict[UUID, datetime] = {}
    for carrier, paid_at in fetch_all(_BUYING_SINCE, params):
        member_id, at = as_uuid(carrier), as_instant(paid_at)
        if at is not None and at >= since[member_id]:
            found.setdefault(member_id, at)
    return found


def shown_status(view: OrderView, refunds: Sequence[RefundView]) -> str:
    """An order's state in the words of STATUSES."""
    left = sum(line.quantity - line.returned for line in view.lines)
    return _status(view.status, bool(refunds), left)


def orders(
    merchant_id: int, wanted: Wanted, *, zone: ZoneInfo, limit: int, after: UUID | None = None
) -> list[OrderRow]:
    """Newest first, one more than ``limit`` where there are more.

    A member's orders come in the order they were placed, everybody's in the order they came in.
    ``after`` is the last one seen. Raises NotFound for a member that is not there, Invalid for an
    ``after`` that is no order.
    """
    params: dict[str, Any] = {"merchant_id": merchant_id, "most": limit + 1}
    names = _restrict(params, merchant_id, wanted, zone)
    by_time = "members" in names
    if after is not None:
        params |= _position(merchant_id, after)
    sql = _list(names, wanted.status, by_time, after is not None)
    return [_row(row) for row in fetch_all(sql, params)]


def carriers_of(merchant_id: int, member_ids: Sequence[UUID | None]) -> dict[UUID, UUID]:
    """Who carries on for the members of some orders."""
    known = sorted({member_id for member_id in member_ids if member_id is not None})
    return carriers(merchant_id, known) if known else {}


def _restrict(
    params: dict[str, Any], merchant_id: int, wanted: Wanted, zone: ZoneInfo
) -> tuple[str, ...]:
    given: dict[str, Any] = {}
    if wanted.member_id is not None:
        given["members"] = list(_records(merchant_id, wanted.member_id))
    for name in ("store", "channel", "external_id", "text"):
        value = getattr(wanted, name)
        if value is not None:
            given[name] = value
    if wanted.first_day is not None:
        given["since"] = day_start(max(wanted.first_day, _FIRST_DAY), zone)
    if wanted.last_day is not None:
        given["before"] = day_start(date.fromordinal(wanted.last_day.toordinal() + 1), zone)
    params |= given
    if wanted.text is not None:
        escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        people = circles(merchant_id, wanted.named) if wanted.named else {}
        params["prefix"] = escaped + "%"
        params["named"] = [own for circle in people.values() for own in circle.ids]
    return tuple(sorted(given))


def _records(merchant_id: int, member_id: UUID) -> tuple[UUID, ...]:
    """All ids of the person: orders stay under the record they were made with."""
    return circle_of(merchant_id, member_id).ids


def _position(merchant_id: int, after: UUID) -> dict[str, Any]:
    row = fetch_one(_PLACED_AT, {"merchant_id": merchant_id, "order_id": after})
    if row is None:
        raise unknown_cursor()
    return {"after": after, "after_placed_at": as_instant(row[0])}


@cache
def _list(names: tuple[str, ...], status: str | None, by_time: bool, further: bool) -> Sql:
    where = ["o.merchant_id = :merchant_id", "o.status <> 'undone'"]
    where += [_CONDITIONS[name] for name in names]
    if status is not None:
        where.append(_STATUS[status])
    if further:
        where.append(
            "(o.placed_at, o.id) < (:after_placed_at, :after)" if by_time else "o.id < :after"
        )
    newest = "o.placed_at DESC, o.id DESC" if by_time else "o.id DESC"
    return Sql(
        f"SELECT {_COLUMNS}, {_HAS_REFUND} FROM orders_order o "
        f"WHERE {' AND '.join(where)} ORDER BY {newest} LIMIT :most"
    )


def _row(row: Sequence[Any]) -> OrderRow:
    (id_, external_id, member_id, channel, store, placed_at, paid_at, status, lines, net, refunded,
     paid, points, growth_value, units_left, has_refund) = row  # fmt: skip
    placed = as_instant(placed_at)
    assert placed is not None
    return OrderRow(
        id=as_uuid(id_),
        external_id=external_id,
        member_id=as_uuid(member_id) if member_id else None,
        channel=channel,
        store=store,
        placed_at=placed,
        paid_at=as_instant(paid_at),
        status=_status(status, bool(has_refund), units_left),
        lines=lines,
        net_minor=net,
        refunded_minor=refunded,
        paid_minor=paid,
        points=points,
        growth_value=growth_value,
    )


def _status(stored: str, has_refund: bool, units_left: int) -> str:
    if stored != "paid" or not has_refund:
        return stored
    return "part_refunded" if units_left else "refunded"


def _refund(row: Sequence[Any]) -> RefundView:
    id_, external_id, refunded_at, cash, points, growth_value, debt, lines = row
    at = as_instant(refunded_at)
    assert at is not None
    returned = tuple(
        {"line": line["line"], "quantity": line["quantity"]} for line in as_json(lines)
    )
    return RefundView(as_uuid(id_), external_id, at, cash, points, growth_value, debt, returned)
