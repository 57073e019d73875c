"""What modules above analytics know and reports tell: they hand it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from regulars.infra.http.principal import MerchantFacts

from .change_shapes import MeasuredBy

Count = Callable[[int, datetime], int]
"""How many there are of a merchant since an instant."""

_counts: dict[str, Count] = {}


def also_count(name: str, count: Count) -> None:
    """Let a module above add what it counts; the surfaces call this, once for each name."""
    _counts[name] = count


def counted_above(merchant_id: int, since: datetime) -> dict[str, int]:
    """Everything the modules above count, by name."""
    return {name: count(merchant_id, since) for name, count in _counts.items()}


Measure = Callable[[MerchantFacts, date, date, datetime], list[MeasuredBy]]
"""What was measured on the days of a stretch, as far as it may be read by an instant."""

_measures: list[Measure] = []


def also_measure(measure: Measure) -> None:
    """Let a module above add what it measured; the surfaces call this."""
    if measure not in _measures:
        _measures.append(measure)


def measured_above(
    merchant: MerchantFacts, first: date, last: date, now: datetime
) -> list[MeasuredBy]:
    """What was measured on the days from ``first`` to ``last``."""
    return [one for measure in _measures for one in measure(merchant, first, last, now)]
