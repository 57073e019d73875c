"""What modules above members know of a member: they add it to the member's document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.infra.http.principal import MerchantFacts

Part = Callable[[MerchantFacts, UUID, datetime], Mapping[str, Any]]
"""Keys of a member's document, for a merchant, a member and now."""

_parts: list[Part] = []


def also_tell(part: Part) -> None:
    """Let a module above add what it knows; the surfaces call this, once for each."""
    if part not in _parts:
        _parts.append(part)


def told_above(merchant: MerchantFacts, member_id: UUID, now: datetime) -> dict[str, Any]:
    """Everything the modules above add, in plain JSON."""
    told: dict[str, Any] = {}
    for part in _parts:
        told |= part(merchant, member_id, now)
    return told
