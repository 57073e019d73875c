"""What segments announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEntered(Event):
    """A member is in a segment from now on; ``because`` is the topic of what changed, or time."""

    topic: ClassVar[str] = "segment.entered"
    version: ClassVar[int] = 1

    member_id: UUID
    segment: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLeft(Event):
    """A member is no longer in a segment; ``because`` is the topic of what changed, or time."""

    topic: ClassVar[str] = "segment.left"
    version: ClassVar[int] = 1

    member_id: UUID
    segment: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChanged(Event):
    """A segment itself was created, changed, frozen, let go or deleted (``change``)."""

    topic: ClassVar[str] = "segment.changed"
    version: ClassVar[int] = 1

    segment: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTagged(Event):
    """Staff put a word on a member."""

    topic: ClassVar[str] = "member.tagged"
    version: ClassVar[int] = 1

    member_id: UUID
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUntagged(Event):
    """A word was taken off a member."""

    topic: ClassVar[str] = "member.untagged"
    version: ClassVar[int] = 1

    member_id: UUID
    tag: str
