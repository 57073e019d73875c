"""Pure: the rules of segments that gather exactly the people of a list.

A record that was merged since the forecast is on its list still, and in no segment.
"""

from __future__ import annotations

from typing import Any

from .churn.lost import LostAs
from .types import Kind, Level

Rule = dict[str, Any]


def due_people(level: Level, *, item: str | None, least_chance: int) -> Rule:
    """Who usually buys items of a level, or one of them, from a chance in percent on."""
    asked: dict[str, Any] = {}
    if item is not None:
        asked["item"] = item
    if least_chance:
        asked["chance"] = least_chance
    return _asked(f"due_{level}", "due", asked) if asked else _known(f"due_{level}")


def slipping_people(kind: Kind, *, least_chance: int) -> Rule:
    """Who is watched for slipping away, from a chance in percent on."""
    name = f"{kind}_chance"
    return _asked(name, ">=", least_chance) if least_chance else _known(name)


def lost_people(lost_as: LostAs) -> Rule:
    """Who was lost in one of the two ways."""
    return _asked("lost_as", "=", lost_as)


def valued_people(tenth: int | None) -> Rule:
    """Everybody who bought, or the one tenth of them."""
    return _known("expected_value") if tenth is None else _asked("value_tenth", "=", tenth)


def _known(fact: str) -> Rule:
    return _asked(fact, "known", True)


def _asked(fact: str, op: str, value: Any) -> Rule:
    return {"fact": fact, "op": op, "value": value}
