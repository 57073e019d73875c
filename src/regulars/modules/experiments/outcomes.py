"""What members did in a stretch of days, out of the facts, in the order of a list of members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from ibis import _
from ibis.expr.types import Table

from regulars.modules.analytics.expressions.purchases import counted_orders
from regulars.modules.analytics.facts import Facts

from .types import Floats, Metric


@dataclass(frozen=True, slots=True)
class Doings:
    """Per member: orders, what refunds left of their worth, days with one, bought soon (0, 1)."""

    orders: Floats
    minor: Floats
    days: Floats
    soon: Floats

    def of(self, metric: Metric) -> Floats:
        """The outcome that ``metric`` counts."""
        return {"orders": self.orders, "money": self.minor, "rebought": self.soon}[metric]

    def before(self, metric: Metric) -> Floats:
        """The same of the weeks before: how often somebody bought tells best who buys soon."""
        return {"orders": self.orders, "money": self.minor, "rebought": self.days}[metric]


def doings(
    facts: Facts, members: Sequence[str], *, since: date, until: date, soon_days: int
) -> Doings:
    """What each of ``members`` (shown ids) did on the days (since, until]; nothing is zero.

    ``soon`` are the first ``soon_days`` of them.
    """
    with facts.open() as tables:
        return doings_in(
            tables.table("orders"), members, since=since, until=until, soon_days=soon_days
        )


def doings_in(
    orders: Table, members: Sequence[str], *, since: date, until: date, soon_days: int
) -> Doings:
    """The same out of orders that are open: for whoever asks of several stretches of days."""
    found = (
        counted_orders(orders, as_of=until, since=since)
        .filter(_.member_id.notnull())
        .group_by("member_id")
        .agg(
            orders=_.count(),
            minor=_.kept_minor.sum(),
            days=_.day.nunique(),
            soon=_.count(where=_.day <= since + timedelta(days=soon_days)),
        )
        .order_by("member_id")
        .to_pyarrow()
    )
    columns = [np.zeros(len(members)) for _name in range(4)]
    known = np.array(found.column("member_id").to_pylist(), dtype=np.str_)
    if len(known) and len(members):
        wanted = np.array(members, dtype=np.str_)
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        there = known[place] == wanted
        for column, name in zip(columns, ("orders", "minor", "days", "soon"), strict=True):
            values = found.column(name).to_numpy().astype(np.float64)
            column[there] = values[place[there]]
    orders_, minor, days, soon = columns
    return Doings(orders_, minor, days, np.minimum(soon, 1.0))
