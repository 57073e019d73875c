"""What crosses the border of connectors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RunView:
    """An import run as people watch it."""

    id: UUID
    kind: str
    file_name: str
    profile: str
    status: str
    pieces_done: int
    pieces: int | None
    orders: int
    lines: int
    repeated: int
    rejected: int
    report: dict[str, Any]
    error: str
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: pieces, and what they brought."""

    pieces_done: int
    pieces: int
    orders: int
    lines: int
