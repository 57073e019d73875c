"""Purchases, and what a stretch of days sold: the ground of every other number."""

from __future__ import annotations

from datetime import date
from typing import Literal

import ibis
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months

Buyer = Literal["member_id", "member_key"]


def counted_orders(orders: Table, *, as_of: date, since: date | None = None) -> Table:
    """Orders that count, paid after the day ``since`` and up to and with ``as_of``."""
    counted = orders.filter(_.counted, _.day <= as_of)
    return counted if since is None else counted.filter(_.day > since)


def purchases(orders: Table, *, as_of: date, buyer: Buyer = "member_id") -> Table:
    """One row per buyer and day with at least one order that counts: ``day``, ``value_minor``.

    Orders of one day are one purchase, worth what refunds left of them together; a worth of zero
    is a purchase all the same. Orders without that ``buyer`` are left out. The buyer's column is
    named ``member_id`` whichever it is.
    """
    return (
        counted_orders(orders, as_of=as_of)
        .filter(_[buyer].notnull())
        .group_by(member_id=_[buyer], day=_.day)
        .agg(value_minor=_.kept_minor.sum())
    )


def first_orders(orders: Table, *, as_of: date) -> Table:
    """Each member's first order that counts: ``member_id``, ``channel``, ``store``."""
    return (
        counted_orders(orders, as_of=as_of)
        .filter(_.member_id.notnull())
        .mutate(
            position=ibis.row_number().over(
                group_by="member_id", order_by=["day", "paid_at", "order_id"]
            )
        )
        .filter(_.position == 0)
        .select("member_id", "channel", "store")
    )


def coverage(orders: Table, *, by: Literal["channel", "store"] | None = None) -> Table:
    """How many of ``orders`` have a member, and how much of their worth: one row per ``by``."""
    has_member = _.member_id.notnull()
    grouped = orders if by is None else orders.group_by(by)
    return grouped.agg(
        orders=_.count(),
        # Of no orders at all a count of some is no number in Spark, which sums them up.
        orders_with_member=_.count(where=has_member).fill_null(0),
        revenue_minor=_.kept_minor.sum().fill_null(0),
        revenue_with_member_minor=_.kept_minor.sum(where=has_member).fill_null(0),
    )


def member_sales(orders: Table, *, as_of: date) -> Table:
    """Per ``month`` (its number): what refunds left of what members paid, ``kept_minor``."""
    return (
        counted_orders(orders, as_of=as_of)
        .filter(_.member_id.notnull())
        .group_by(month=months.number(_.day))
        .agg(kept_minor=_.kept_minor.sum())
        .order_by("month")
    )


def sales(orders: Table, purchases: Table) -> Table:
    """One row on ``orders``, the counted orders of a stretch: their worth, new and returning.

    ``purchases`` reach back to each member's very first, so that new and returning can be told
    apart: returning is what a member spends after the day of the first purchase.
    """
    first = purchases.group_by("member_id").agg(first_day=_.day.min())
    told = orders.left_join(first, "member_id")
    returning = _.day > _.first_day
    return told.agg(
        orders=_.count(),
        members=_.member_id.nunique(),
        revenue_minor=_.kept_minor.sum().fill_null(0),
        new_minor=_.kept_minor.sum(where=_.day == _.first_day).fill_null(0),
        returning_minor=_.kept_minor.sum(where=returning).fill_null(0),
    )
