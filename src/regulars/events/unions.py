"""What unions announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMerged(Event):
    """Two records of one person became one: ``into_member`` carries on for ``from_member``.

    ``points``, ``growth_value`` and ``points_debt`` are what moved.
    """

    topic: ClassVar[str] = "member.merged"
    version: ClassVar[int] = 1

    merge_id: UUID
    into_member: UUID
    from_member: UUID
    points: int
    growth_value: int
    points_debt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUnmerged(Event):
    """A merge was undone: ``from_member`` stands alone again, with what is still there."""

    topic: ClassVar[str] = "member.unmerged"
    version: ClassVar[int] = 1

    merge_id: UUID
    into_member: UUID
    from_member: UUID
    points: int
    growth_value: int
    points_debt: int
