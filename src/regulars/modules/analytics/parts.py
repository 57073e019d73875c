"""What modules above analytics count for the first screen: they hand the count in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Count = Callable[[int, datetime], int]
"""How many there are of a merchant since an instant."""

_counts: dict[str, Count] = {}


def also_count(name: str, count: Count) -> None:
    """Let a module above add what it counts; the surfaces call this, once for each name."""
    _counts[name] = count


def counted_above(merchant_id: int, since: datetime) -> dict[str, int]:
    """Everything the modules above count, by name."""
    return {name: count(merchant_id, since) for name, count in _counts.items()}
