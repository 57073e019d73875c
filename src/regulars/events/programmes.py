"""What programmes announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammePublished(Event):
    """A version of the programme was published; it holds from ``effective_at`` on."""

    topic: ClassVar[str] = "programme.published"
    version: ClassVar[int] = 1

    number: int
    effective_at: datetime
