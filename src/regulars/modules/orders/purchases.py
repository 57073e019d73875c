"""What each of some members bought, all told: for whoever asks about people instead of orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all
from regulars.kernel.periods import DayClock
from regulars.modules.segments.facts import DAYS, WINDOWS
from regulars.modules.segments.sources import Question

#: CROSS: SQLite then goes from these few members to their orders and lines.
_ORDERS: Final = Sql(
    "SELECT o.member_id, o.paid_at, o.net_minor, o.refunded_minor, o.store, o.channel, "
    "CASE WHEN o.units_left = 0 AND EXISTS (SELECT 1 FROM orders_orderline x "
    "WHERE x.merchant_id = o.merchant_id AND x.order_id = o.id AND x.quantity > 0) "
    "THEN 1 ELSE 0 END "
    f"FROM orders_order o WHERE o.merchant_id = :merchant_id AND {any_of('o.member_id')} "
    "AND o.status = 'paid' AND o.paid_at IS NOT NULL ORDER BY o.paid_at, o.id"
)
_CATEGORIES: Final = Sql(
    "SELECT DISTINCT o.member_id, p.category FROM orders_order o "
    "CROSS JOIN orders_orderline l CROSS JOIN catalog_product p "
    f"WHERE o.merchant_id = :merchant_id AND {any_of('o.member_id')} "
    "AND o.status = 'paid' AND o.paid_at IS NOT NULL "
    "AND l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.returned < l.quantity "
    "AND p.merchant_id = l.merchant_id AND p.sku = l.sku AND p.category IS NOT NULL"
)
_OF_RUNS: Final = Sql(
    "SELECT DISTINCT member_id FROM orders_order WHERE merchant_id = :merchant_id "
    "AND id >= :first AND id <= :last AND run_id = :run_id AND member_id IS NOT NULL"
)
_OF_SKUS: Final = Sql(
    "SELECT DISTINCT o.member_id FROM orders_orderline l JOIN orders_order o "
    "ON o.merchant_id = l.merchant_id AND o.id = l.order_id "
    f"WHERE l.merchant_id = :merchant_id AND {any_of('l.sku', 'skus')} "
    "AND o.member_id IS NOT NULL"
)
_LEAST: Final = UUID(int=0)
_MOST: Final = UUID(int=2**128 - 1)


@dataclass(slots=True)
class _Bought:
    """One person's orders, added up as they come, oldest first."""

    orders: int = 0
    spend: int = 0
    refunded: int = 0
    refunded_orders: int = 0
    days: dict[int, list[int]] = field(default_factory=dict)
    stores: dict[str, tuple[int, int]] = field(default_factory=dict)
    channels: dict[str, tuple[int, int]] = field(default_factory=dict)
    categories: set[str] = field(default_factory=set)

    def facts(self, today: int) -> dict[str, Any]:
        window = today - max(WINDOWS)
        return {
            "orders": self.orders,
            "spend": self.spend,
            "average_order": self.spend // self.orders if self.orders else None,
            "purchase_days": len(self.days),
            "first_purchase_day": min(self.days, default=None),
            "last_purchase_day": max(self.days, default=None),
            "favourite_store": _favourite(self.stores),
            "favourite_channel": _favourite(self.channels),
            "categories": sorted(self.categories),
            "refunded": self.refunded,
            "refunded_orders": self.refunded_orders,
            # Rising. What left every window comes back into none.
            DAYS: [[day, *sums] for day, sums in sorted(self.days.items()) if day > window],
        }


def purchases(asked: Question) -> dict[UUID, dict[str, Any]]:
    """The facts of part ``purchases``, over all records of each person, in two statements."""
    owners, clock = asked.carrier_of(), DayClock(asked.zone)
    params = {"merchant_id": asked.merchant.id, "ids": list(owners)}
    found: dict[UUID, _Bought] = defaultdict(_Bought)
    for member_id, paid_at, net, refunded, store, channel, gone in fetch_all(_ORDERS, params):
        bought = found[owners[as_uuid(member_id)]]
        bought.refunded += refunded
        bought.refunded_orders += 1 if refunded else 0
        if gone:
            continue
        at = as_instant(paid_at)
        assert at is not None
        bought.orders += 1
        bought.spend += net - refunded
        sums = bought.days.setdefault(clock.day(at).toordinal(), [0, 0])
        sums[0] += 1
        sums[1] += net - refunded
        _count(bought.stores, store, bought.orders)
        _count(bought.channels, channel, bought.orders)
    for member_id, category in fetch_all(_CATEGORIES, params):
        found[owners[as_uuid(member_id)]].categories.add(category)
    today = asked.today.toordinal()
    return {carrier: bought.facts(today) for carrier, bought in found.items()}


def buyers_in(merchant_id: int, ranges: Iterable[str]) -> set[UUID]:
    """Whose orders lie in ranges of imports, written ``run:first-last`` in digits of ids."""
    found: set[UUID] = set()
    for written in ranges:
        run_id, _, ends = written.partition(":")
        first, _, last = ends.partition("-")
        params = {
            "merchant_id": merchant_id,
            "run_id": UUID(hex=run_id),
            "first": UUID(hex=first) if first else _LEAST,
            "last": UUID(hex=last) if last else _MOST,
        }
        found |= {as_uuid(row[0]) for row in fetch_all(_OF_RUNS, params)}
    return found


def buyers_of(merchant_id: int, skus: Iterable[str]) -> set[UUID]:
    """Whoever bought one of some skus, in one pass over the lines."""
    rows = fetch_all(_OF_SKUS, {"merchant_id": merchant_id, "skus": sorted(set(skus))})
    return {as_uuid(row[0]) for row in rows}


def _count(places: dict[str, tuple[int, int]], place: str | None, number: int) -> None:
    """Count one more order there, the person's ``number``-th."""
    if place is not None:
        times, _ = places.get(place, (0, 0))
        places[place] = (times + 1, number)


def _favourite(places: dict[str, tuple[int, int]]) -> str | None:
    """Where most was ordered; the latest order decides a tie."""
    return max(places, key=lambda place: places[place], default=None)
