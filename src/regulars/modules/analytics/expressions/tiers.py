"""Who stood where on the tier ladder on any day, told from today's standings and the changes."""

from __future__ import annotations

from datetime import date

import ibis
from ibis import _
from ibis.expr.types import Table


def standings(tiers: Table, tier_changes: Table, members: Table, *, on: date) -> Table:
    """``member_id`` and ``tier`` at the end of the day ``on``; ``tier`` is null for who was not a
    member then.

    Told backwards from what is certain: who changed after that day stood where the first such
    change started from, everyone else stands there still. Who joined later stood nowhere.
    """
    people = tiers.select("member_id").union(tier_changes.select("member_id"), distinct=True)
    today = tiers.select(today_id="member_id", today_tier="tier")
    joined = members.select(joined_id="member_id", joined_day="joined_day")
    told = (
        people.left_join(_first_change_after(tier_changes, on), [("member_id", "changed_id")])
        .left_join(today, [("member_id", "today_id")])
        .left_join(joined, [("member_id", "joined_id")])
    )
    return told.select(
        "member_id",
        tier=ibis.cases(
            (_.joined_day > on, ibis.null("string")),
            (_.changed_id.notnull(), _.tier_before),
            else_=_.today_tier,
        ),
    )


def _first_change_after(tier_changes: Table, on: date) -> Table:
    """Per member who changed after ``on``: ``changed_id`` and ``tier_before`` that change."""
    position = ibis.row_number().over(group_by="member_id", order_by=["at", "from_tier", "to_tier"])
    return (
        tier_changes.filter(_.day > on)
        .mutate(position=position)
        .filter(_.position == 0)
        .select(changed_id="member_id", tier_before="from_tier")
    )


def tier_flow(earlier: Table, later: Table) -> Table:
    """How many ``members`` went from tier to tier between two standings; null is outside."""
    then = earlier.select("member_id", from_tier="tier")
    now = later.select("member_id", to_tier="tier")
    return (
        then.join(now, "member_id")
        .filter(_.from_tier.notnull() | _.to_tier.notnull())
        .group_by("from_tier", "to_tier")
        .agg(members=_.count())
        .order_by("from_tier", "to_tier")
    )


def moves_by(tier_changes: Table, *, reason: str, first_day: date, last_day: date) -> Table:
    """Changes of tier for a ``reason`` on the days of a stretch, by where from and to."""
    return (
        tier_changes.filter(_.reason == reason, _.day >= first_day, _.day <= last_day)
        .group_by("from_tier", "to_tier")
        .agg(members=_.member_id.nunique())
        .order_by("from_tier", "to_tier")
    )
