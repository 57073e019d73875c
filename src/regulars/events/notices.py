"""What notices announces: news of what is about to happen, each told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpiring(Event):
    """Points of a member are gone from ``at`` on unless they are used; ``day`` is the last on
    which they can be. Told once for each member and day."""

    topic: ClassVar[str] = "points.expiring"
    version: ClassVar[int] = 1

    member_id: UUID
    points: int
    at: datetime
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TierNearly(Event):
    """A member is as few of their own orders as ``likely_orders`` from a higher tier, and likely to
    make them by ``until``. Told once for each tier and period."""

    topic: ClassVar[str] = "tier.nearly"
    version: ClassVar[int] = 1

    member_id: UUID
    tier: str
    gap: int
    gap_money_minor: int | None
    likely_orders: int
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierExpiring(Event):
    """A tier ends with ``until`` unless the counter grows by ``gap``, which a member's own rhythm
    can still reach. Told once for each tier and end."""

    topic: ClassVar[str] = "tier.expiring"
    version: ClassVar[int] = 1

    member_id: UUID
    tier: str
    gap: int
    gap_money_minor: int | None
    likely_orders: int
    until: date
