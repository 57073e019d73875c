"""RFM: days since the last purchase, number of purchases, money spent, each scored 1 to 5."""

from __future__ import annotations

from datetime import date

import ibis
from ibis import _
from ibis.expr.types import IntegerValue, Table


def rfm_values(purchases: Table, *, as_of: date) -> Table:
    """Per member with a purchase: ``recency_days``, ``frequency``, ``monetary_minor``."""
    last = ibis.literal(as_of)
    return purchases.group_by("member_id").agg(
        recency_days=last.delta(purchases.day.max(), unit="day"),
        frequency=_.count(),
        monetary_minor=_.value_minor.sum(),
    )


def rfm_scores(values: Table) -> Table:
    """``values`` with ``recency_score``, ``frequency_score`` and ``monetary_score``, 5 the best.

    Equal values share the score ceil(5 x average rank / n), ranks counted from the worst.
    """
    scored = values
    for column, score, worst_first in (
        ("recency_days", "recency_score", ibis.desc("recency_days")),
        ("frequency", "frequency_score", ibis.asc("frequency")),
        ("monetary_minor", "monetary_score", ibis.asc("monetary_minor")),
    ):
        scored = scored.join(_scores_of(values, column, score, worst_first), column)
    return scored.select(*values.columns, "recency_score", "frequency_score", "monetary_score")


def _scores_of(values: Table, column: str, score: str, worst_first: ibis.Value) -> Table:
    """Each distinct value of ``column`` with its ``score``."""
    counts = values.group_by(column).agg(same=_.count())
    ranked = counts.mutate(
        up_to=_.same.sum().over(ibis.cumulative_window(order_by=worst_first)),
        members=_.same.sum().over(ibis.window()),
    )
    # The average rank of a tie is (2 x up_to - same + 1) / 2. Both sides of "5 x average rank / n
    # passes a whole number" are doubled, so that ranks stay whole numbers.
    five_ranks = 5 * (2 * ranked.up_to - ranked.same + 1)
    value: IntegerValue = ibis.literal(1, "int64")
    for fifth in range(1, 5):
        value = value + (five_ranks > 2 * fifth * ranked.members).cast("int64")
    return ranked.select(column, **{score: value})


def rfm_cells(scored: Table) -> Table:
    """Per cell of three scores: how many ``members``, sums and bounds of each value."""
    bounds = {
        f"{end}_{column}": getattr(_[column], function)()
        for column in ("recency_days", "frequency", "monetary_minor")
        for end, function in (("least", "min"), ("most", "max"), ("total", "sum"))
    }
    scores = ("recency_score", "frequency_score", "monetary_score")
    return scored.group_by(*scores).agg(members=_.count(), **bounds).order_by(*scores)


def revenue_by_rank(values: Table) -> Table:
    """Per member, biggest spender first: ``rank`` from 1 and ``monetary_minor``."""
    biggest_first = ibis.window(order_by=[ibis.desc("monetary_minor"), "member_id"])
    return values.select("monetary_minor", rank=ibis.row_number().over(biggest_first) + 1)
