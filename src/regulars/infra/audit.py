"""Reads of the audit trail: every write that came from outside, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from .models import WriteRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """One write: who did what to which object, when, and how it was answered."""

    id: UUID
    at: datetime
    actor: str
    operation: str
    subject: str
    status: int


def entries(merchant_id: int, *, limit: int, after: UUID | None = None) -> list[Entry]:
    """Newest first, one more than ``limit`` where there are more."""
    rows = WriteRecord.objects.of(merchant_id)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [
        Entry(*row)
        for row in rows.order_by("-id").values_list(
            "id", "at", "actor", "operation", "subject", "status"
        )[: limit + 1]
    ]
