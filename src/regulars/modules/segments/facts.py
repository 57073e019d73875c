"""Pure: the facts that a rule may ask, and how each is told from what is stored of a member.

docs/algorithms/segments.md tells them with worked figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from .types import PARTS, Fact, FactKind, ForecastPart, Part, Values

WINDOWS: Final = (30, 60, 90, 180, 365)
#: Purchases by day, rising: [ordinal, orders, worth in minor units].
DAYS: Final = "days"
#: Chances are told in steps of so many points, rounded down: no forecast is surer than that, and
#: a member is looked at again only where a step is crossed.
CHANCE_STEP: Final = 5


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


def worth_of(minor: int) -> int:
    """Money to come, rounded down to two digits that count: 12 345 is told as 12 000."""
    unit: int = 10 ** max(0, len(str(minor)) - 2)
    return minor // unit * unit


def _coming(name: str, due: ForecastPart) -> Fact:
    """The next day on which any of the items of ``due`` is expected."""

    def read(values: Values, today: int) -> int | None:
        pairs: dict[str, list[int]] = values.get(due, {})
        return min((p[1] for p in pairs.values() if len(p) > 1 and p[1] >= today), default=None)

    def turns(values: Values, today: int) -> int | None:
        day = read(values, today)
        return None if day is None else day + 1

    return Fact(name, "coming_day", due, read, turns)


def _forecasts() -> list[Fact]:
    return [
        _plain("drop_chance", "chance", "drop"),
        _plain("silent_chance", "chance", "silent"),
        _plain("lost_as", "text", "lost"),
        _plain("lost_since", "day", "lost"),
        _plain("expected_value", "worth", "value"),
        _plain("value_tenth", "number", "value"),
        _plain("due_type", "due", "due_type"),
        _coming("next_type_day", "due_type"),
        _plain("due_category", "due", "due_category"),
        _coming("next_category_day", "due_category"),
        _plain("due_sku", "due", "due_sku"),
        _coming("next_sku_day", "due_sku"),
    ]


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
        *_forecasts(),
    ]


FACTS: Final[dict[str, Fact]] = {fact.name: fact for fact in _all()}
#: Always told, so ``known`` would say nothing of them.
ALWAYS_KNOWN: Final = frozenset(
    name for name, fact in FACTS.items() if fact.read({}, 0) is not None
)


def stored_of(part: Part, told: dict[str, Any]) -> dict[str, Any]:
    """Of everything stored of a member what belongs to a part."""
    return {name: told[name] for name in NAMES[part] if name in told}


#: By part: the names under which its facts are stored.
NAMES: Final[dict[Part, frozenset[str]]] = {
    part: frozenset(
        {fact.name for fact in FACTS.values() if fact.part == part}
        | ({DAYS} if part == "purchases" else set())
    )
    for part in PARTS
}
