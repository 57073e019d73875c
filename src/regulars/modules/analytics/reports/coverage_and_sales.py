"""How much of the trade is known by member, what it was worth, and who joined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ibis import _

from regulars.modules.analytics.expressions import members as recruitment
from regulars.modules.analytics.expressions import purchases as trade
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.report_shapes import (
    CoverageCounts,
    CoverageLine,
    CoverageReport,
    NewMembersReport,
    SalesReport,
)
from regulars.modules.analytics.rounding import mean_4, share_bps
from regulars.modules.analytics.windows import window_start


def coverage(facts: Facts, *, as_of: date, window_days: int | None = None) -> CoverageReport:
    """The share of counted orders, and of their worth, that has a member.

    Raises ValueError unless ``window_days`` is None (all days) or 1 to 36,525.
    """
    since = None if window_days is None else window_start(as_of, window_days)
    with facts.open() as tables:
        orders = tables.keep(
            "counted", trade.counted_orders(tables.table("orders"), as_of=as_of, since=since)
        )
        total = tables.rows(trade.coverage(orders))[0]
        channels = tables.rows(trade.coverage(orders, by="channel").order_by("channel"))
        stores = tables.rows(trade.coverage(orders, by="store").order_by("store"))
    return {
        "report": "coverage",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        **_counts(total),
        "channels": _lines(channels, "channel"),
        "stores": _lines(stores, "store"),
    }


def sales(facts: Facts, *, as_of: date, window_days: int) -> SalesReport:
    """What the window sold, how often, and how much of it to returning members.

    Raises ValueError unless ``window_days`` is 1 to 36,525.
    """
    since = window_start(as_of, window_days)
    with facts.open() as tables:
        orders = trade.counted_orders(tables.table("orders"), as_of=as_of)
        bought = tables.keep("purchases", trade.purchases(orders, as_of=as_of))
        sold = tables.rows(trade.sales(orders.filter(_.day > since), bought))[0]
        days = tables.rows(bought.filter(_.day > since).agg(purchases=_.count()))[0]
    known = sold["new_minor"] + sold["returning_minor"]
    return {
        "report": "sales",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "orders": sold["orders"],
        "revenue_minor": sold["revenue_minor"],
        "order_value_minor": mean_4(sold["revenue_minor"], sold["orders"]),
        "members_active": sold["members"],
        "purchases_per_member": mean_4(days["purchases"], sold["members"]),
        "new_minor": sold["new_minor"],
        "returning_minor": sold["returning_minor"],
        "unknown_minor": sold["revenue_minor"] - known,
        "returning_bps": share_bps(sold["returning_minor"], known),
        "revenue_coverage_bps": share_bps(known, sold["revenue_minor"]),
    }


def new_members(facts: Facts, *, as_of: date, window_days: int) -> NewMembersReport:
    """How many joined on each day of the window.

    Raises ValueError unless ``window_days`` is 1 to 36,525.
    """
    since = window_start(as_of, window_days)
    with facts.open() as tables:
        joined = recruitment.new_members(tables.table("members"), since=since, as_of=as_of)
        by_day = {row["day"]: int(row["members"]) for row in tables.rows(joined)}
    days = [since + timedelta(days=ahead) for ahead in range(1, (as_of - since).days + 1)]
    return {
        "report": "new_members",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "members": sum(by_day.values()),
        "days": [{"day": day.isoformat(), "members": by_day.get(day, 0)} for day in days],
    }


def _counts(row: Row) -> CoverageCounts:
    return {
        "orders": row["orders"],
        "orders_with_member": row["orders_with_member"],
        "coverage_bps": share_bps(row["orders_with_member"], row["orders"]),
        "revenue_minor": row["revenue_minor"],
        "revenue_with_member_minor": row["revenue_with_member_minor"],
        "revenue_coverage_bps": share_bps(row["revenue_with_member_minor"], row["revenue_minor"]),
    }


def _lines(rows: Sequence[Row], column: str) -> list[CoverageLine]:
    return [{"name": row[column], **_counts(row)} for row in rows]
