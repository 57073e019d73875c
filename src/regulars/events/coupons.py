"""What coupons announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponsCreated(Event):
    """A merchant made coupons of an offer, or set up their issue after orders (``count`` 0)."""

    topic: ClassVar[str] = "coupons.created"
    version: ClassVar[int] = 1

    batch_id: UUID
    offer: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponsWithdrawn(Event):
    """The coupons of a batch can no longer be used; quotes given before keep their price."""

    topic: ClassVar[str] = "coupons.withdrawn"
    version: ClassVar[int] = 1

    batch_id: UUID
    offer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponIssued(Event):
    """A member was given coupons of their own; the codes are not told."""

    topic: ClassVar[str] = "coupon.issued"
    version: ClassVar[int] = 1

    member_id: UUID
    batch_id: UUID
    offer: str
    count: int
    ends_at: datetime | None = None
