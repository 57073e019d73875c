"""What tiers announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TierUpgraded(Event):
    """A member reached a higher rung."""

    topic: ClassVar[str] = "tier.upgraded"
    version: ClassVar[int] = 1

    member_id: UUID
    from_tier: str | None
    to_tier: str
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierDowngraded(Event):
    """A member stands on a lower rung; ``reason`` says why."""

    topic: ClassVar[str] = "tier.downgraded"
    version: ClassVar[int] = 1

    member_id: UUID
    from_tier: str | None
    to_tier: str
    counter: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierProlonged(Event):
    """A member kept a rung at its review."""

    topic: ClassVar[str] = "tier.prolonged"
    version: ClassVar[int] = 1

    member_id: UUID
    tier: str
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierAtRisk(Event):
    """A rung will not be kept unless the counter grows by ``gap`` before ``until``."""

    topic: ClassVar[str] = "tier.at_risk"
    version: ClassVar[int] = 1

    member_id: UUID
    tier: str
    until: date
    gap: int
