"""Everybody's standing out of the facts: rhythm, last purchase, and what a purchase is worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from ibis import _

from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.facts import Facts

from .deciding.rhythm import reaches, rhythms, shrunk_worth
from .types import Flags, Floats, Integers, Standing

BEFORE_DAYS: Final = 112


def standing(facts: Facts, members: Sequence[str], *, as_of: date) -> Standing:
    """How ``members`` (shown ids, in order) stand at the end of ``as_of``."""
    with facts.open() as tables:
        rows = (
            purchases(tables.table("orders"), as_of=as_of)
            .order_by(["member_id", "day"])
            .to_pyarrow()
        )
    place = placed(members, rows.column("member_id").to_pylist())
    known = place >= 0
    epoch = date(1970, 1, 1).toordinal()
    day = rows.column("day").cast("int32").to_numpy().astype(np.int64)[known] + epoch
    spent = rows.column("value_minor").to_numpy().astype(np.float64)[known]
    member = place[known]
    state, ago, usual, ahead = rhythms(member, day, members=len(members), today=as_of.toordinal())
    days = np.bincount(member, minlength=len(members))
    sums = np.bincount(member, weights=spent, minlength=len(members)).astype(np.float64)
    return Standing(
        as_of=as_of,
        member=list(members),
        state=state,
        days_ago=ago,
        usual=usual,
        reach=reaches(member, day, members=len(members)),
        ahead=ahead,
        worth_minor=np.maximum(shrunk_worth(sums, days), 0.0),
    )


def bought_within(
    facts: Facts, members: Sequence[str], *, since: date, until: date
) -> tuple[Flags, Floats]:
    """Whether each of ``members`` bought on the days (since, until], and on how many days in the
    sixteen weeks up to ``since``."""
    with facts.open() as tables:
        rows = (
            purchases(tables.table("orders"), as_of=until)
            .filter(_.day > since - timedelta(days=BEFORE_DAYS))
            .to_pyarrow()
        )
    place = placed(members, rows.column("member_id").to_pylist())
    epoch = date(1970, 1, 1).toordinal()
    day = rows.column("day").cast("int32").to_numpy().astype(np.int64) + epoch
    known, start = place >= 0, since.toordinal()
    after = known & (day > start)
    before = known & (day <= start)
    bought = np.bincount(place[after], minlength=len(members)) > 0
    return bought, np.bincount(place[before], minlength=len(members)).astype(np.float64)


def placed(members: Sequence[str], wanted: Sequence[str]) -> Integers:
    """Where each of ``wanted`` is in ``members``; -1 for nobody there."""
    places = {member: at for at, member in enumerate(members)}
    return np.array([places.get(one, -1) for one in wanted], dtype=np.int64)
