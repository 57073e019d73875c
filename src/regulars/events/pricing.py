"""What pricing announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCreated(Event):
    """A price was promised; what is scarce in it is held until ``expires_at``."""

    topic: ClassVar[str] = "quote.created"

    quote_id: UUID
    member_id: UUID | None
    due_minor: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteReleased(Event):
    """A quote was given up before its end; what it held is free again."""

    topic: ClassVar[str] = "quote.released"

    quote_id: UUID
    member_id: UUID | None
