"""Waiting for the next purchase: who bought again, how soon, and who is still being waited for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions import months


def waits(purchases: Table, *, as_of: date) -> Table:
    """One row per purchase: ``number`` (the member's first is 1), ``waited_days``, ``bought``.

    ``waited_days`` runs to the next purchase, or to ``as_of`` where there is none yet (the wait is
    then censored: ``bought`` is false).
    """
    in_order = ibis.window(group_by="member_id", order_by="day")
    numbered = purchases.mutate(
        number=ibis.row_number().over(in_order) + 1, next_day=_.day.lead().over(in_order)
    )
    return numbered.select(
        "member_id",
        "day",
        "number",
        waited_days=_.next_day.fill_null(ibis.literal(as_of)).delta(_.day, unit="day"),
        bought=_.next_day.notnull(),
    )


def bought_again(waits: Table, *, within_days: Sequence[int], up_to_number: int) -> Table:
    """Per ``number`` up to ``up_to_number``: ``members`` who came that far, how many bought the
    next time within each number of days (``within_30`` and so on), and ``ever``.

    Members who have not been waited for so long yet count among ``members``: a plain share.
    """
    counts = {
        f"within_{days}": _.count(where=_.bought & (_.waited_days <= days)) for days in within_days
    }
    return (
        waits.filter(_.number <= up_to_number)
        .group_by("number")
        .agg(members=_.count(), ever=_.count(where=_.bought), **counts)
        .order_by("number")
    )


def first_waits(waits: Table) -> Table:
    """The waits for a second purchase, with the ``cohort`` (number of the month of the
    first, as text)."""
    return waits.filter(_.number == 1).mutate(cohort=months.number(_.day).cast("string"))


def waiting_table(waits: Table, *, by: str | None) -> Table:
    """The life table of ``waits``: per ``segment`` (a column's values) and ``waited_days``, those
    ``at_risk`` (waited so long at least), ``bought`` and ``censored`` on that day."""
    segment = ibis.null("string") if by is None else waits[by]
    per_day = (
        waits.mutate(segment=segment)
        .group_by("segment", "waited_days")
        .agg(bought=_.count(where=_.bought), censored=_.count(where=~_.bought))
    )
    longest_first = ibis.cumulative_window(group_by="segment", order_by=ibis.desc("waited_days"))
    return per_day.mutate(at_risk=(_.bought + _.censored).sum().over(longest_first)).order_by(
        "segment", "waited_days"
    )
