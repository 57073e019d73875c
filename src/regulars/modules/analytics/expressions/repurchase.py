"""The repurchase rate: of the members who bought within a window, how many bought on two days."""

from __future__ import annotations

import ibis
from ibis import _
from ibis.expr.types import Table


def repurchase(purchases: Table) -> Table:
    """One row on the ``purchases`` of a window: the buyers ``active`` in it, and those of them who
    bought ``again``, that is on two days or more."""
    per_buyer = purchases.group_by("member_id").agg(days=_.count())
    # Where nobody bought, a count of some rows is no number in Spark, which sums them up.
    return per_buyer.agg(active=_.count(), again=_.count(where=_.days >= 2).fill_null(0))


def repurchase_trend(purchases: Table, points: Table, *, window_days: int) -> Table:
    """``repurchase`` as of each ``day`` of ``points``; a day without any buyer has no row.

    At any day a member stands at one latest purchase, so each meets a point at most once: bought
    again means that the purchase before the latest is inside the window too.
    """
    in_order = ibis.window(group_by="member_id", order_by="day")
    steps = purchases.mutate(
        bought_day=_.day,
        before_day=_.day.lag().over(in_order),
        next_day=_.day.lead().over(in_order),
    ).select("bought_day", "before_day", "next_day")
    # A point's window holds a purchase while fewer than ``window_days`` days have gone by.
    met = points.join(
        steps,
        [
            points.day >= steps.bought_day,
            points.day.delta(steps.bought_day, unit="day") < window_days,
        ],
    ).filter(_.next_day.isnull() | (_.next_day > _.day))
    bought_again = _.before_day.notnull() & (_.day.delta(_.before_day, unit="day") < window_days)
    return (
        met.group_by("day").agg(active=_.count(), again=_.count(where=bought_again)).order_by("day")
    )


def coverage_trend(orders: Table, points: Table, *, window_days: int) -> Table:
    """Per ``day`` of ``points``: counted ``orders`` of its window, and those with a member."""
    per_day = orders.group_by(order_day=_.day).agg(
        orders=_.count(), orders_with_member=_.count(where=_.member_id.notnull())
    )
    met = points.join(
        per_day,
        [
            points.day >= per_day.order_day,
            points.day.delta(per_day.order_day, unit="day") < window_days,
        ],
    )
    return (
        met.group_by("day")
        .agg(orders=_.orders.sum(), orders_with_member=_.orders_with_member.sum())
        .order_by("day")
    )
