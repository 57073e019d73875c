"""What programmes tells those below who heard of a tier or of points: they cannot ask upwards."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from regulars.kernel.errors import NotFound
from regulars.modules.ledger.queries import available_points
from regulars.modules.segments import sources
from regulars.modules.segments.sources import Question
from regulars.modules.tiers.queries import tiers_of

from .queries import programme_at


def tier(asked: Question) -> dict[UUID, dict[str, Any]]:
    """The tier of each, as last written down; nobody has one where there is no programme."""
    try:
        ladder = programme_at(asked.merchant.id, asked.now).ladder
    except NotFound:
        return {}
    found = tiers_of(asked.merchant.id, list(asked.circles), ladder=ladder, day=asked.today)
    return {member_id: {"tier": one.code} for member_id, one in found.items()}


def points(asked: Question) -> dict[UUID, dict[str, Any]]:
    """What each can spend, as booked."""
    found = available_points(asked.merchant.id, list(asked.circles))
    return {member_id: {"points": amount} for member_id, amount in found.items()}


sources.tell("tier", tier)
sources.tell("points", points)
