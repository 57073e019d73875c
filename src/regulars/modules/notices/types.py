"""What crosses the border of notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

Kind = Literal["points_expiring", "tier_nearly", "tier_expiring"]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How somebody buys: what a purchase brings to the counter, how many days lie between two,
    and the day of the last."""

    per_purchase: int
    days_between: int
    last: date


@dataclass(frozen=True, slots=True)
class Likely:
    """How many more purchases it takes at somebody's own rhythm, and the day of the last."""

    orders: int
    by: date


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as it was announced."""

    kind: Kind
    member_id: UUID
    announced_at: datetime
    until: date | None
    points: int | None
    tier: str | None
    gap: int | None
    gap_money_minor: int | None
    likely_orders: int | None
