"""What crosses the border of connectors."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class BroughtCounts:
    """What the rows of a member file came to, and by which identities known people were found."""

    outcomes: Mapping[str, int]
    recognised_by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BroughtView:
    """One row of a member file: whom it meant. For a conflict ``into`` and ``merge`` propose who
    should carry on for whom; nothing is merged without somebody's decision."""

    row: int
    outcome: str
    member_id: UUID | None
    recognised_by: tuple[str, ...]
    into: UUID | None
    merge: tuple[UUID, ...]
