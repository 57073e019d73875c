"""The repurchase rate now, and how it moved."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from ibis import _

from regulars.modules.analytics.expressions import repurchase as rates
from regulars.modules.analytics.expressions.purchases import (
    counted_orders,
    coverage,
    purchases,
)
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.report_shapes import (
    RepurchaseReport,
    RepurchaseTrendReport,
    TrendPoint,
)
from regulars.modules.analytics.rounding import share_bps
from regulars.modules.analytics.types import Period
from regulars.modules.analytics.windows import trend_days, window_start

_ONE_DAY: Final = timedelta(days=1)


def repurchase(facts: Facts, *, as_of: date, window_days: int) -> RepurchaseReport:
    """Members who bought on two days or more of the window, of those who bought on one or more.

    Raises ValueError unless ``window_days`` is 1 to 36,525.
    """
    since = window_start(as_of, window_days)
    with facts.open() as tables:
        orders = tables.keep(
            "window_orders", counted_orders(tables.table("orders"), as_of=as_of, since=since)
        )
        strangers = orders.filter(_.member_id.isnull())
        members = tables.rows(rates.repurchase(purchases(orders, as_of=as_of)))[0]
        others = tables.rows(
            rates.repurchase(purchases(strangers, as_of=as_of, buyer="member_key"))
        )[0]
        covered = tables.rows(coverage(orders))[0]
    return {
        "report": "repurchase",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "members_active": members["active"],
        "members_again": members["again"],
        "rate_bps": share_bps(members["again"], members["active"]),
        "coverage_bps": share_bps(covered["orders_with_member"], covered["orders"]),
        "others": {
            "buyers_active": others["active"],
            "buyers_again": others["again"],
            "rate_bps": share_bps(others["again"], others["active"]),
        },
    }


def repurchase_trend(
    facts: Facts, *, as_of: date, window_days: int, period: Period = "month", points: int = 13
) -> RepurchaseTrendReport:
    """The rate as of ``points`` days, the last of them ``as_of``: see ``windows.trend_days``.

    Days before the first counted order are left out. Raises ValueError on a ``window_days`` or
    ``points`` out of bounds.
    """
    window_start(as_of, window_days)
    days = trend_days(as_of, period=period, points=points)
    with facts.open() as tables:
        orders = counted_orders(tables.table("orders"), as_of=as_of)
        since = window_start(days[0], window_days)
        recent = tables.keep("recent_orders", orders.filter(_.day > since))
        first_day = tables.rows(orders.agg(first_day=_.day.min()))[0]["first_day"]
        asked = tables.days("asked_days", days)
        bought = purchases(recent, as_of=as_of)
        rows = tables.rows(rates.repurchase_trend(bought, asked, window_days=window_days))
        covered = tables.rows(rates.coverage_trend(recent, asked, window_days=window_days))
    by_day = {row["day"]: row for row in rows}
    covered_by_day = {row["day"]: row for row in covered}
    return {
        "report": "repurchase_trend",
        "as_of": as_of.isoformat(),
        "window_days": window_days,
        "period": period,
        "points": [
            _point(
                day,
                by_day.get(day, {"active": 0, "again": 0}),
                covered_by_day.get(day, {"orders": 0, "orders_with_member": 0}),
                whole_window=first_day <= window_start(day, window_days) + _ONE_DAY,
            )
            for day in days
            if first_day is not None and day >= first_day
        ],
    }


def _point(day: date, members: Row, covered: Row, *, whole_window: bool) -> TrendPoint:
    return {
        "day": day.isoformat(),
        "members_active": members["active"],
        "members_again": members["again"],
        "rate_bps": share_bps(members["again"], members["active"]),
        "coverage_bps": share_bps(covered["orders_with_member"], covered["orders"]),
        "whole_window": whole_window,
    }
