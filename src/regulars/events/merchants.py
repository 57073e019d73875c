"""What merchants announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCreated(Event):
    """A programme operator was set up."""

    topic: ClassVar[str] = "merchant.created"
    version: ClassVar[int] = 1

    code: str
    currency: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMoved(Event):
    """The merchant's programme time was frozen at another instant (test and demo only)."""

    topic: ClassVar[str] = "merchant.clock_moved"
    version: ClassVar[int] = 1

    clock_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Event):
    """An API key was made."""

    topic: ClassVar[str] = "merchant.key_created"
    version: ClassVar[int] = 1

    key_id: int
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Event):
    """An API key was taken back; it is refused from the next request on."""

    topic: ClassVar[str] = "merchant.key_revoked"
    version: ClassVar[int] = 1

    key_id: int
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(Event):
    """A person's role at a merchant began, changed, or ended (``role`` is None)."""

    topic: ClassVar[str] = "merchant.staff_changed"
    version: ClassVar[int] = 1

    staff_id: int
    role: str | None = None
