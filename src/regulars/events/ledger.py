"""What ledger announces: one event for each movement of value, each promise and each hold.

``amount`` is what one movement moved, with the sign of the change to the member's balance (for
debts: to the debt account, so taking on debt is negative). A credit of 100 that first repays a
debt of 30 is told as 30 repaid and 70 earned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(Event):
    """One posting: who, how much, what the account then held, and why."""

    member_id: UUID
    amount: int
    balance_after: int
    cause_type: str
    cause_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Event):
    """A credit that is not yet part of the balance."""

    member_id: UUID
    amount: int
    available_at: datetime
    cause_type: str
    cause_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsEarned(Movement):
    """A member was credited points that can be spent at once."""

    topic: ClassVar[str] = "points.earned"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPending(Promise):
    """Points were promised; they are outside the balance until ``available_at``."""

    topic: ClassVar[str] = "points.pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPendingReversed(Promise):
    """Promised points were taken back before they became real; ``amount`` is below zero."""

    topic: ClassVar[str] = "points.pending_reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsActivated(Movement):
    """Promised points became real."""

    topic: ClassVar[str] = "points.activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRedeemed(Movement):
    """A member spent points; only a reversal brings them back."""

    topic: ClassVar[str] = "points.redeemed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRestored(Movement):
    """Spent points came back to their lots because what they paid for was returned."""

    topic: ClassVar[str] = "points.restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsReversed(Movement):
    """Points were taken back because what they were earned for was."""

    topic: ClassVar[str] = "points.reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpired(Movement):
    """Time took points that nobody had spent."""

    topic: ClassVar[str] = "points.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAdjusted(Movement):
    """Somebody changed a member's points by hand."""

    topic: ClassVar[str] = "points.adjusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsMoved(Movement):
    """Points moved between two records of one person."""

    topic: ClassVar[str] = "points.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsHeld(Event):
    """Points were set aside until they are captured, released, or ``expires_at``."""

    topic: ClassVar[str] = "points.held"

    member_id: UUID
    hold_id: UUID
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsReleased(Event):
    """A hold ended and freed ``amount``; ``reason`` is captured (the rest), released or expired."""

    topic: ClassVar[str] = "points.released"

    member_id: UUID
    hold_id: UUID
    amount: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsDebtIncurred(Movement):
    """More was taken back than the member had; ``-balance_after`` is what is owed in all."""

    topic: ClassVar[str] = "points.debt_incurred"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsDebtRepaid(Movement):
    """A credit or a freed hold repaid a debt; ``-balance_after`` is what is still owed."""

    topic: ClassVar[str] = "points.debt_repaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueEarned(Movement):
    """A member was credited growth value."""

    topic: ClassVar[str] = "growth_value.earned"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValuePending(Promise):
    """Growth value was promised; it is outside the balance until ``available_at``."""

    topic: ClassVar[str] = "growth_value.pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValuePendingReversed(Promise):
    """Promised growth value was taken back before it became real; ``amount`` is below zero."""

    topic: ClassVar[str] = "growth_value.pending_reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueActivated(Movement):
    """Promised growth value became real."""

    topic: ClassVar[str] = "growth_value.activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueRedeemed(Movement):
    """A member spent growth value; the tier's counter does not fall for it."""

    topic: ClassVar[str] = "growth_value.redeemed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueRestored(Movement):
    """Spent growth value came back to its lots because what it paid for was returned."""

    topic: ClassVar[str] = "growth_value.restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueHeld(Event):
    """Growth value was set aside until it is captured, released, or ``expires_at``."""

    topic: ClassVar[str] = "growth_value.held"

    member_id: UUID
    hold_id: UUID
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueReleased(Event):
    """A hold ended and freed ``amount``; ``reason`` is captured (the rest), released or expired."""

    topic: ClassVar[str] = "growth_value.released"

    member_id: UUID
    hold_id: UUID
    amount: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueReversed(Movement):
    """Growth value was taken back because what it was earned for was."""

    topic: ClassVar[str] = "growth_value.reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueExpired(Movement):
    """Time took growth value."""

    topic: ClassVar[str] = "growth_value.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueMoved(Movement):
    """Growth value moved between two records of one person."""

    topic: ClassVar[str] = "growth_value.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueDebtIncurred(Movement):
    """More growth value was taken back than there was; ``-balance_after`` is what is owed."""

    topic: ClassVar[str] = "growth_value.debt_incurred"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthValueDebtRepaid(Movement):
    """A credit repaid a debt of growth value; ``-balance_after`` is what is still owed."""

    topic: ClassVar[str] = "growth_value.debt_repaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSealed(Event):
    """The heads of all accounts were put under one root."""

    topic: ClassVar[str] = "ledger.sealed"

    seal: int
    accounts: int
    root: str
