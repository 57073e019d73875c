"""What a step on the ladder is called outside."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.events.base import Event
from regulars.events.tiers import TierAtRisk, TierDowngraded, TierProlonged, TierUpgraded

from .rules import Note
from .types import Ladder, Warned


def event_of(
    note: Note, *, merchant_id: int, member_id: UUID, ladder: Ladder, at: datetime
) -> Event:
    if isinstance(note, Warned):
        return TierAtRisk(
            merchant_id=merchant_id,
            happened_at=at,
            member_id=member_id,
            tier=note.tier,
            until=note.until,
            gap=note.gap,
        )
    if note.reason == "kept":
        return TierProlonged(
            merchant_id=merchant_id,
            happened_at=at,
            member_id=member_id,
            tier=note.to_tier,
            counter=note.counter,
        )
    if note.from_tier is None or ladder.rank(note.to_tier) >= ladder.rank(note.from_tier):
        return TierUpgraded(
            merchant_id=merchant_id,
            happened_at=at,
            member_id=member_id,
            from_tier=note.from_tier,
            to_tier=note.to_tier,
            counter=note.counter,
        )
    return TierDowngraded(
        merchant_id=merchant_id,
        happened_at=at,
        member_id=member_id,
        from_tier=note.from_tier,
        to_tier=note.to_tier,
        counter=note.counter,
        reason=note.reason,
    )
