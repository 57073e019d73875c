"""What experiments announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentStarted(Event):
    """Members were assigned by chance; from the day after ``assigned_on`` outcomes count."""

    topic: ClassVar[str] = "experiment.started"
    version: ClassVar[int] = 1

    experiment_id: UUID
    code: str
    assigned_on: date
    treated: int
    held_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentDecided(Event):
    """An experiment ended with a verdict: works, not_proven or harms, on ``metric``."""

    topic: ClassVar[str] = "experiment.decided"
    version: ClassVar[int] = 1

    experiment_id: UUID
    code: str
    metric: str
    verdict: str
    treated: int
    held_out: int
