"""Pure: the facts that a rule may ask, and how each is told from what is stored of a member.

docs/algorithms/segments.md tells them with worked figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from .types import Fact, FactKind, Part, Values

WINDOWS: Final = (30, 60, 90, 180, 365)
#: Purchases by day, rising: [ordinal, orders, worth in minor units].
DAYS: Final = "days"


def _plain(name: str, kind: FactKind, part: Part) -> Fact:
    return Fact(name, kind, part, lambda values, today: values.get(name))


def _count(name: str, kind: FactKind, part: Part) -> Fact:
    return Fact(name, kind, part, lambda values, today: values.get(name, 0))


def _set(name: str, part: Part) -> Fact:
    return Fact(name, "set", part, lambda values, today: values.get(name, ()))


def _within(values: Values, today: int, window: int) -> Iterable[Sequence[int]]:
    first = today - window
    return (day for day in values.get(DAYS, ()) if day[0] > first)


def _window(name: str, kind: FactKind, place: int | None, window: int) -> Fact:
    def read(values: Values, today: int) -> int:
        within = _within(values, today, window)
        return sum(1 if place is None else day[place] for day in within)

    def turns(values: Values, today: int) -> int | None:
        earliest = next(iter(_within(values, today, window)), None)
        return None if earliest is None else earliest[0] + window

    return Fact(f"{name}_{window}", kind, "purchases", read, turns)


def _all() -> list[Fact]:
    purchases: list[Fact] = [
        _count("orders", "number", "purchases"),
        _count("spend", "money", "purchases"),
        _plain("average_order", "money", "purchases"),
        _count("purchase_days", "number", "purchases"),
        _plain("first_purchase_day", "day", "purchases"),
        _plain("last_purchase_day", "day", "purchases"),
        *(_window("purchase_days", "number", None, window) for window in WINDOWS),
        *(_window("spend", "money", 2, window) for window in WINDOWS),
        _plain("favourite_store", "text", "purchases"),
        _plain("favourite_channel", "text", "purchases"),
        _set("categories", "purchases"),
        _count("refunded", "money", "purchases"),
        _count("refunded_orders", "number", "purchases"),
    ]
    return [
        *purchases,
        _plain("tier", "text", "tier"),
        _count("points", "number", "points"),
        _plain("status", "text", "person"),
        _plain("joined_day", "day", "person"),
        _plain("channel", "text", "person"),
        _plain("store", "text", "person"),
        _set("consents", "person"),
        _set("refused", "person"),
        _set("tags", "tags"),
        _set("lists", "lists"),
        _plain("recency_score", "number", "scores"),
        _plain("frequency_score", "number", "scores"),
        _plain("monetary_score", "number", "scores"),
    ]


FACTS: Final[dict[str, Fact]] = {fact.name: fact for fact in _all()}
#: Always told, so ``known`` would say nothing of them.
ALWAYS_KNOWN: Final = frozenset(
    name for name, fact in FACTS.items() if fact.turns is not None or fact.read({}, 0) is not None
)
