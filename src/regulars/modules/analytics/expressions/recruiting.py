"""What joining led to, and how often and for how much whom buys: members beside shoppers."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import ibis
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months

By = Literal["source", "cohort"]
#: After how many days it is asked who has bought; only whoever joined so long ago is asked.
AGES: Final = (30, 90)
#: Frequencies told apart; the last is that many or more.
MOST_TIMES: Final = 5
_SHOPPER: Final = "shopper"


def joined(members: Table, *, as_of: date) -> Table:
    """Those who joined of their own accord by ``as_of``: ``source`` is the channel they came by."""
    known = members.mutate(shopper=(_.status == _SHOPPER).fill_null(ibis.literal(value=False)))
    return (
        known.filter(~_.shopper, _.joined_day <= as_of)
        .mutate(source=_.channel, cohort=months.number(_.joined_day))
        .select("member_id", "joined_day", "source", "cohort")
    )


def steps(joined_members: Table, purchases: Table, *, as_of: date) -> Table:
    """One row per member who joined: the days of their first three purchases since that day, what
    they were worth together, and how many days they have been a member."""
    since = purchases.join(joined_members.select("member_id", "joined_day"), "member_id")
    counted = since.filter(_.day >= _.joined_day).mutate(
        number=ibis.row_number().over(group_by="member_id", order_by="day")
    )
    bought = counted.group_by("member_id").agg(
        first_day=_.day.min(where=_.number == 0),
        second_day=_.day.min(where=_.number == 1),
        third_day=_.day.min(where=_.number == 2),
        revenue_minor=_.value_minor.sum(),
    )
    return joined_members.left_join(bought, "member_id").mutate(
        age_days=lambda one: ibis.literal(as_of).delta(one.joined_day, unit="day"),
        first_after=_.first_day.delta(_.joined_day, unit="day"),
        second_after=_.second_day.delta(_.joined_day, unit="day"),
    )


def funnel(told: Table, *, by: By | None = None) -> Table:
    """How many joined, bought once, twice and three times, and what it was worth: one row per
    ``by``. ``old_N`` joined N days before, ``first_N`` and ``second_N`` of them within N days."""
    grouped = told if by is None else told.group_by(by)
    sums = {
        "joined": _.count(),
        "first": _.first_day.count(),
        "second": _.second_day.count(),
        "third": _.third_day.count(),
        "revenue_minor": _.revenue_minor.sum().fill_null(0),
    }
    for age in AGES:
        old = _.age_days >= age
        sums[f"old_{age}"] = _.count(where=old).fill_null(0)
        sums[f"first_{age}"] = _.count(where=old & (_.first_after <= age)).fill_null(0)
        sums[f"second_{age}"] = _.count(where=old & (_.second_after <= age)).fill_null(0)
    asked = grouped.agg(**sums)
    return asked if by is None else asked.order_by(by)


def frequencies(orders: Table, purchases: Table, members: Table) -> Table:
    """One row per ``shopper`` (true, false; null for orders of nobody known) of what a window sold:
    ``buyers``, their ``purchases``, ``orders`` and worth, and ``bought_N`` of them N times."""
    known = members.mutate(
        shopper=(_.status == _SHOPPER).fill_null(ibis.literal(value=False))
    ).select("member_id", "shopper")
    per_buyer = purchases.group_by("member_id").agg(times=_.count()).join(known, "member_id")
    times = {
        f"bought_{n}": _.count(where=_.times == n if n < MOST_TIMES else _.times >= n).fill_null(0)
        for n in range(1, MOST_TIMES + 1)
    }
    buyers = per_buyer.group_by("shopper").agg(buyers=_.count(), purchases=_.times.sum(), **times)
    sold = (
        orders.left_join(known, "member_id")
        .group_by("shopper")
        .agg(orders=_.count(), revenue_minor=_.kept_minor.sum())
    )
    told = buyers.rename(of="shopper")
    return sold.left_join(told, sold.shopper == told.of).select(
        "shopper", "orders", "revenue_minor", "buyers", "purchases", *times
    )
