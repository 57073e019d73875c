"""Cohorts: members by the month of their first purchase, and the months they came back in."""

from __future__ import annotations

from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months


def member_months(purchases: Table) -> Table:
    """One row per member and month with a purchase: ``cohort`` (number of the month of the first
    purchase), ``offset`` (months after it) and ``revenue_minor``."""
    monthly = purchases.group_by("member_id", month=months.number(_.day)).agg(
        revenue_minor=_.value_minor.sum()
    )
    since_first = monthly.mutate(cohort=_.month.min().over(group_by="member_id"))
    return since_first.select("member_id", "cohort", "revenue_minor", offset=_.month - _.cohort)


def cohort_cells(member_months: Table) -> Table:
    """Per ``cohort`` and ``offset``: ``members`` who bought in that month and their revenue."""
    return (
        member_months.group_by("cohort", "offset")
        .agg(members=_.count(), revenue_minor=_.revenue_minor.sum())
        .order_by("cohort", "offset")
    )


def first_returns(member_months: Table) -> Table:
    """Per ``cohort`` and ``offset``: ``members`` whose first month back was that one."""
    return (
        member_months.filter(_.offset > 0)
        .group_by("cohort", "member_id")
        .agg(offset=_.offset.min())
        .group_by("cohort", "offset")
        .agg(members=_.count())
        .order_by("cohort", "offset")
    )
