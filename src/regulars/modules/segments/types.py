"""What is known of a member, and what a segment is: frozen facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

#: What insight works out about members; each part comes from one kept forecast.
ForecastPart = Literal["drop", "silent", "lost", "value", "due_type", "due_category", "due_sku"]
FORECAST_PARTS: Final[tuple[ForecastPart, ...]] = get_args(ForecastPart)
#: What is read and kept together.
Part = Literal["person", "purchases", "tier", "points", "tags", "lists", "scores"] | ForecastPart
PARTS: Final[tuple[Part, ...]] = (
    "person", "purchases", "tier", "points", "tags", "lists", "scores", *FORECAST_PARTS,
)  # fmt: skip
#: Read for the asking; scores compare members with each other and are handed over alone.
READ_PARTS: Final[tuple[Part, ...]] = tuple(part for part in PARTS if part != "scores")

FactKind = Literal["number", "money", "day", "text", "set", "chance", "worth", "coming_day", "due"]
Values = Mapping[str, Any]
"""A member's facts by name as they are stored: whole numbers, texts, lists of texts, days as
their ordinal, and what is due by item: its chance and, where there is one, the day."""

SegmentKind = Literal["rule", "list"]
Status = Literal["live", "frozen"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that may be known: ``read`` tells it from stored values on a day (an ordinal),
    ``turns`` the next day on which time alone changes it, if any."""

    name: str
    kind: FactKind
    part: Part
    read: Callable[[Values, int], Any]
    turns: Callable[[Values, int], int | None] | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What changed a part of a member's facts: a topic, the id it is about, and when."""

    topic: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DueItem:
    """An item that a member usually buys: at least ``chance`` percent likely within the horizon of
    the forecast, and the day it is expected on, where the rhythm is steady."""

    item: str
    chance: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Handover:
    """A part of everybody's facts that was handed over: worked out at ``at`` from facts as of the
    end of ``about`` (a day)."""

    part: Part
    about: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fact of one member with where it comes from; ``value`` None where it is not known."""

    name: str
    kind: FactKind
    value: int | str | date | tuple[str, ...] | tuple[DueItem, ...] | None
    part: Part
    cause: str
    about: str
    happened_at: datetime | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """A segment as it stands; ``as_of`` is the instant that its members are right as of."""

    id: UUID
    code: str
    name: str
    kind: SegmentKind
    exclusion: bool
    rule: Mapping[str, Any] | None
    status: Status
    members: int
    as_of: datetime
    building: bool
    built: int
    to_build: int
    created_at: datetime
    created_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A member of a segment, and since when."""

    member_id: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class TagView:
    """A word that staff put on a member, with who did and why."""

    tag: str
    why: str
    by: str
    at: datetime
