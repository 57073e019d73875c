"""The second-order curve: how long until the second purchase, censoring respected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.expressions.purchases import first_orders, purchases
from regulars.modules.analytics.expressions.second_purchase import (
    first_waits,
    waiting_table,
    waits,
)
from regulars.modules.analytics.facts import Facts, FactTables
from regulars.modules.analytics.report_shapes import SecondOrderCurve, SecondOrderReport
from regulars.modules.analytics.reports.cohort_table import WITHIN_DAYS
from regulars.modules.analytics.survival import Waited, kaplan_meier
from regulars.modules.analytics.types import CurveGroup


def second_order(facts: Facts, *, as_of: date, by: CurveGroup | None = None) -> SecondOrderReport:
    """One curve for everyone, or one per cohort, or per channel or store of the first order."""
    with facts.open() as tables:
        rows = tables.rows(waiting_table(_first_waits(tables, as_of=as_of, by=by), by=by))
    grouped = groupby(rows, key=lambda row: row["segment"])
    return {
        "report": "second_order",
        "as_of": as_of.isoformat(),
        "by": by,
        "curves": [
            _curve(
                months.text_of(int(segment)) if by == "cohort" else segment,
                [
                    Waited(row["waited_days"], row["at_risk"], row["bought"], row["censored"])
                    for row in group
                ],
            )
            for segment, group in grouped
        ],
    }


def _first_waits(tables: FactTables, *, as_of: date, by: CurveGroup | None) -> Table:
    orders = tables.table("orders")
    first = first_waits(waits(purchases(orders, as_of=as_of), as_of=as_of))
    if by in ("channel", "store"):
        return first.left_join(first_orders(orders, as_of=as_of), "member_id")
    return first


def _curve(group: str | None, life_table: Sequence[Waited]) -> SecondOrderCurve:
    curve = kaplan_meier(life_table)
    return {
        "group": group,
        "members": sum(day.bought + day.censored for day in life_table),
        "bought_again": sum(day.bought for day in life_table),
        "censored": sum(day.censored for day in life_table),
        "median_days": curve.median_days,
        "observed_days": curve.observed_days,
        "milestones": [
            {
                "days": days,
                "at_risk": max((day.at_risk for day in life_table if day.days >= days), default=0),
                "again_bps": curve.again_bps_by(days),
            }
            for days in WITHIN_DAYS
        ],
        "points": [
            {
                "days": point.days,
                "at_risk": point.at_risk,
                "bought": point.bought,
                "again_bps": point.again_bps,
            }
            for point in curve.points
        ],
    }
