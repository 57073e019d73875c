"""Recruitment: how many members joined on each day."""

from __future__ import annotations

from datetime import date

from ibis import _
from ibis.expr.types import Table


def new_members(members: Table, *, since: date, as_of: date) -> Table:
    """Per ``day`` after ``since`` and up to and with ``as_of``: the ``members`` who joined."""
    return (
        members.filter(_.joined_day > since, _.joined_day <= as_of)
        .group_by(day=_.joined_day)
        .agg(members=_.count())
        .order_by("day")
    )
