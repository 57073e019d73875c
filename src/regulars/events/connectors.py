"""What connectors announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCompleted(Event):
    """A file was taken in."""

    topic: ClassVar[str] = "import.completed"
    version: ClassVar[int] = 1

    run_id: UUID
    orders: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportUndone(Event):
    """Everything that a run brought was given back."""

    topic: ClassVar[str] = "import.undone"
    version: ClassVar[int] = 1

    run_id: UUID
    orders: int
