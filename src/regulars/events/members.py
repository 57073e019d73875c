"""What members announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEnrolled(Event):
    """A person became a member."""

    topic: ClassVar[str] = "member.enrolled"
    version: ClassVar[int] = 1

    member_id: UUID
    channel: str | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberIdentified(Event):
    """A member can be recognised by one more identity; the value is not told."""

    topic: ClassVar[str] = "member.identified"
    version: ClassVar[int] = 1

    member_id: UUID
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUpdated(Event):
    """What is known of a member was changed; ``fields`` names it, the values are not told."""

    topic: ClassVar[str] = "member.updated"
    version: ClassVar[int] = 1

    member_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """A person ended their membership; what they had is kept, out of reach until they come back.
    ``points`` is frozen or lapsed, ``lapsed_points`` how many of them went."""

    topic: ClassVar[str] = "member.left"
    version: ClassVar[int] = 1

    member_id: UUID
    channel: str
    points: str
    lapsed_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRejoined(Event):
    """A person who had left is a member again, the same one: no first time is a second time."""

    topic: ClassVar[str] = "member.rejoined"
    version: ClassVar[int] = 1

    member_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    """A record that had nothing of its own was taken back with the import that had brought it."""

    topic: ClassVar[str] = "member.removed"
    version: ClassVar[int] = 1

    member_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGranted(Event):
    """A member said yes to a purpose."""

    topic: ClassVar[str] = "consent.granted"
    version: ClassVar[int] = 1

    member_id: UUID
    purpose: str
    text_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A member said no to a purpose, or took a yes back."""

    topic: ClassVar[str] = "consent.withdrawn"
    version: ClassVar[int] = 1

    member_id: UUID
    purpose: str
    text_version: str
