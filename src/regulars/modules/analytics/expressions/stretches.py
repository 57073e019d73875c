"""Several stretches of days at once: what was sold, who bought, what happened to points.

``stretches`` is a table of ``stretch`` (its name), ``first_day`` and ``last_day``, both included;
stretches may overlap. One without any row of facts has no row.
"""

from __future__ import annotations

from ibis import _
from ibis.expr.types import Table


def trade(orders: Table, stretches: Table) -> Table:
    """Per ``stretch``: counted ``orders`` and their worth, and both of those with a member."""
    has_member = _.member_id.notnull()
    return (
        _within(orders, stretches)
        .group_by("stretch")
        .agg(
            orders=_.count(),
            # Of no orders at all a count of some is no number in Spark, which sums them up.
            orders_with_member=_.count(where=has_member).fill_null(0),
            revenue_minor=_.kept_minor.sum().fill_null(0),
            member_minor=_.kept_minor.sum(where=has_member).fill_null(0),
        )
    )


def buyers(purchases: Table, stretches: Table) -> Table:
    """Per ``stretch``: buyers ``active``, and of them those who bought on two days or more."""
    per_buyer = _within(purchases, stretches).group_by("stretch", "member_id").agg(days=_.count())
    return per_buyer.group_by("stretch").agg(
        active=_.count(), again=_.count(where=_.days >= 2).fill_null(0)
    )


def points(postings: Table, stretches: Table, *, asset: str) -> Table:
    """Per ``stretch`` and ``kind`` of posting: the sums ``credited`` and ``debited``."""
    return _by_kind(_within(postings.filter(_.asset == asset), stretches))


def points_until(postings: Table, stretches: Table, *, asset: str) -> Table:
    """The same of everything up to the last day of each stretch."""
    own = postings.filter(_.asset == asset)
    return _by_kind(own.join(stretches, [own.day <= stretches.last_day]))


def _within(facts: Table, stretches: Table) -> Table:
    return facts.join(
        stretches, [facts.day >= stretches.first_day, facts.day <= stretches.last_day]
    )


def _by_kind(postings: Table) -> Table:
    return postings.group_by("stretch", "kind").agg(
        credited=_.amount.sum(where=_.amount > 0).fill_null(0),
        debited=-_.amount.sum(where=_.amount < 0).fill_null(0),
    )
