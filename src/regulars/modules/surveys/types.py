"""What a survey is, what a member answered, and what the answers come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["choice", "reason"]
Status = Literal["draft", "scheduled", "open", "closed"]
Reason = Literal["price", "service", "stock", "benefits", "messages", "needs_changed", "other"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
UseKind = Literal["points", "offer"]
Dimension = Literal["tier", "channel", "segment"]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
#: Of a member's answer: given, put away without one, or given and taken back.
State = Literal["answered", "put_away", "taken_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What a question may show. ``cost_minor`` is what it costs the merchant per member and month,
    as the merchant says; ``use`` is where the books know whether members use it."""

    code: str
    name: Mapping[str, str]
    cost_minor: int | None = None
    use: UseKind | None = None
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A survey as it is written down. Each of ``questions`` shows ``shown`` of the benefits; with
    ``worst`` the least liked of them is asked for too. ``segment`` None: all members."""

    name: str
    kind: Kind
    segment: str | None = None
    benefits: tuple[Benefit, ...] = ()
    shown: int = 0
    questions: int = 0
    worst: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A survey as it stands, with how many answered and how many put it away."""

    id: UUID
    draft: Draft
    opens_at: datetime | None
    closes_at: datetime | None
    created_at: datetime
    created_by: str
    answered: int = 0
    put_away: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One question answered: the places of the benefits that were shown, the most and, where it
    was asked for, the least liked of them."""

    shown: tuple[int, ...]
    best: int
    worst: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one person answered, and what was known of them then."""

    member_id: UUID
    at: datetime
    tier: str | None = None
    channel: str | None = None
    segments: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """What a benefit is to the members of a group: the share who would choose it, and whether that
    is more or less than among all others, by more than chance."""

    share: Range
    differs: Literal["more", "less"] | None


@dataclass(frozen=True, slots=True)
class Group:
    """Members of one kind who answered, and how each benefit (by place) does with them."""

    dimension: Dimension
    group: str
    members: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the answers say of one benefit. ``value`` is the share per 100 minor units of its cost a
    month; ``dominated_by`` the place of one that is surely liked more and costs no more."""

    place: int
    utility: Range
    share: Range
    value: Range | None
    dominated_by: int | None
    shown: int
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Use:
    """Of the members who could use a benefit in the days looked at, those who did."""

    could: int
    did: int
    share: Range


@dataclass(frozen=True, slots=True)
class Said:
    """How many named a reason, of those who named one."""

    reason: Reason
    count: int
    of: int
    share: Range


@dataclass(frozen=True, slots=True)
class Spread:
    """Utilities with both estimates of how they vary: by the model, and by what members really
    answered; see docs/algorithms/surveys.md."""

    utilities: Floats
    by_model: Floats
    by_members: Floats
    members: int = field(default=0)
