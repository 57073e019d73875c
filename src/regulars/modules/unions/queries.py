"""Reads of merges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .models import Merge


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge that holds: who came, and when."""

    merge_id: UUID
    member_id: UUID
    at: datetime


def merged_into(merchant_id: int, member_id: UUID) -> list[MergeView]:
    """The merges into a member that were not undone, the latest first: the order to undo them."""
    held = Merge.objects.of(merchant_id).filter(into_member=member_id, undone_at=None)
    rows = held.order_by("-at", "-id").values_list("id", "from_member", "at")
    return [MergeView(*row) for row in rows]
