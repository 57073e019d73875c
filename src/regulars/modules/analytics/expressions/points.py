"""Points: what was credited and debited per month and kind, and when what is left expires."""

from __future__ import annotations

from datetime import date

from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months


def movements(postings: Table, *, asset: str, as_of: date) -> Table:
    """Per ``month`` (its number) and ``kind``: the sums ``credited`` and ``debited``, both >= 0."""
    return (
        postings.filter(_.asset == asset, _.day <= as_of)
        .group_by("kind", month=months.number(_.day))
        .agg(
            credited=_.amount.sum(where=_.amount > 0).fill_null(0),
            debited=-_.amount.sum(where=_.amount < 0).fill_null(0),
        )
        .order_by("month", "kind")
    )


def cohort_moves(lot_moves: Table, *, as_of: date) -> Table:
    """Per ``cohort`` (number of the month the points were earned in), ``month`` of the movement,
    ``kind`` and ``until`` (the last month they are good in; null: for ever): the sums ``credited``
    and ``debited``, both >= 0."""
    return (
        lot_moves.filter(_.day <= as_of)
        .group_by(
            "kind",
            cohort=months.number(_.earned_day),
            month=months.number(_.day),
            until=months.number(_.expires_day),
        )
        .agg(
            credited=_.amount.sum(where=_.amount > 0).fill_null(0),
            debited=-_.amount.sum(where=_.amount < 0).fill_null(0),
        )
        .order_by("month", "cohort", "kind", "until")
    )


def expiring(lots: Table, *, asset: str, as_of: date) -> Table:
    """``points`` left in lots earned up to ``as_of``, per ``month`` (its number)
    they expire in; null: never."""
    return (
        lots.filter(_.asset == asset, _.remaining > 0, _.earned_day.fill_null(as_of) <= as_of)
        .group_by(month=months.number(_.expires_day))
        .agg(points=_.remaining.sum())
        .order_by("month")
    )
