"""Pure: rules as trees of comparisons, checked once, compiled to closures, asked from memory.

docs/algorithms/segments.md tells them with worked figures.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from regulars.kernel.canonical import MAX_SAFE_INTEGER
from regulars.kernel.errors import FieldError, Invalid, pointer_of
from regulars.kernel.rule_trees import Grammar, Misfit, Test, comparing

from .facts import ALWAYS_KNOWN, CHANCE_STEP, FACTS, worth_of
from .types import Fact, FactKind, Values

MOST_NODES: Final = 60
MOST_DEPTH: Final = 6
MOST_VALUES: Final = 100
MOST_TEXT: Final = 255
_MOST_DAYS: Final = 36_525
_MOST_FAULTS: Final = 20

Holds = Callable[[Values, int], bool]
"""Whether a rule holds for stored values on a day (an ordinal)."""
_Asked = tuple[Values, int]
Turns = Callable[[Values, int], int | None]
"""The earliest day after that one on which time alone may change the answer."""

#: Where an operator goes by another name than the grammar's.
_ASKED_AS: Final = {"before": "<", "on_or_after": ">=", "includes": "has", "excludes": "has_not"}
_NUMBER_OPS: Final = ("=", "!=", ">", ">=", "<", "<=")
#: What is told in steps is asked from a step on, or under it.
_STEP_OPS: Final = (">=", "<")
OPERATORS: Final[Mapping[FactKind, tuple[str, ...]]] = {
    "number": _NUMBER_OPS,
    "money": _NUMBER_OPS,
    "day": ("more_than_days_ago", "within_days", "before", "on_or_after"),
    "text": ("=", "!=", "in", "not_in"),
    "set": ("includes", "excludes"),
    "chance": _STEP_OPS,
    "worth": _STEP_OPS,
    "coming_day": ("within_next_days", "before", "on_or_after"),
    "due": ("due",),
}


@dataclass(frozen=True, slots=True)
class DueAsked:
    """Which usual items are asked for: ``item`` (None: any), from a ``chance`` in percent on,
    expected within ``days`` (None: whenever)."""

    item: str | None
    chance: int
    days: int | None

    def holds(self, pairs: Mapping[str, Sequence[int]], today: int) -> bool:
        """Whether one of a member's pairs is such a one."""
        return any(self._fits(pair, today) for pair in self._among(pairs))

    def turns(self, pairs: Mapping[str, Sequence[int]], today: int) -> int | None:
        """The next day on which a pair comes near enough, or is over."""
        if self.days is None:
            return None
        days = [
            day
            for pair in self._among(pairs)
            if len(pair) > 1 and pair[0] >= self.chance
            for day in (pair[1] - self.days, pair[1] + 1)
            if day > today
        ]
        return min(days, default=None)

    def _among(self, pairs: Mapping[str, Sequence[int]]) -> Iterable[Sequence[int]]:
        if self.item is None:
            return pairs.values()
        pair = pairs.get(self.item)
        return () if pair is None else (pair,)

    def _fits(self, pair: Sequence[int], today: int) -> bool:
        if pair[0] < self.chance:
            return False
        return self.days is None or (len(pair) > 1 and 0 <= pair[1] - today <= self.days)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule ready to be asked; ``facts`` it names, and ``lists`` among their values."""

    holds: Holds
    turns: Turns
    facts: frozenset[str]
    lists: frozenset[str]


def operators_of(fact: Fact) -> tuple[str, ...]:
    """The operators that fit a fact."""
    known = () if fact.name in ALWAYS_KNOWN else ("known",)
    return (*OPERATORS[fact.kind], *known)


def compiled(written: Any, *, pointer: str = "/rule") -> Rule:
    """The rule of a tree as it was sent. Raises Invalid, with a pointer per fault."""
    reading = _GRAMMAR.read(written)
    if reading.test is None:
        faults = [FieldError(pointer + pointer_of(one.where), one.code, one.detail)
                  for one in reading.faults]  # fmt: skip
        raise Invalid("The rule does not hold together.", errors=faults)
    test, read = reading.test, reading.comparisons
    leaves = [turning for one in read if (turning := _turning(one.fact, one.op, one.given))]

    def holds(values: Values, today: int) -> bool:
        return test((values, today))

    def turns(values: Values, today: int) -> int | None:
        days = [day for leaf in leaves if (day := leaf(values, today)) is not None]
        return min(days, default=None)

    facts = frozenset(one.fact.name for one in read)
    return Rule(
        holds, turns, facts, frozenset(one.given for one in read if one.fact.name == "lists")
    )


def _operand(fact: Fact, op: str, value: Any) -> Any:
    given, why = _given(fact, op, value)
    if why is not None:
        raise Misfit("invalid_value", why)
    return given


def _given(fact: Fact, op: str, value: Any) -> tuple[Any, str | None]:
    """A leaf's value as the closures take it, or why it does not fit."""
    if op == "known":
        return value, None if isinstance(value, bool) else "Write true or false."
    if op in ("more_than_days_ago", "within_days"):
        least = 0 if op == "more_than_days_ago" else 1
        fits = _is_whole(value) and least <= value <= _MOST_DAYS
        return value, None if fits else f"Write whole days, {least} to {_MOST_DAYS}."
    if op == "within_next_days":
        return value, None if _is_days(value) else f"Write whole days, 0 to {_MOST_DAYS}."
    if fact.kind == "due":
        return _due(value)
    if fact.kind == "chance":
        return value, None if _is_chance(value) else _CHANCES
    if fact.kind == "worth":
        fits = _is_whole(value) and 0 <= value <= MAX_SAFE_INTEGER and worth_of(value) == value
        return value, None if fits else "Write a whole number with two digits that count."
    if fact.kind in ("number", "money"):
        fits = _is_whole(value) and abs(value) <= MAX_SAFE_INTEGER
        return value, None if fits else "Write a whole number."
    if fact.kind in ("day", "coming_day"):
        return _day(value)
    if op in ("in", "not_in"):
        fits = isinstance(value, list) and 1 <= len(value) <= MOST_VALUES
        if not fits or not all(map(_is_text, value)):
            return None, f"Write a list of 1 to {MOST_VALUES} texts."
        return frozenset(value), None
    return value, None if _is_text(value) else f"Write a text of 1 to {MOST_TEXT} characters."


def _day(value: Any) -> tuple[int | None, str | None]:
    try:
        if not isinstance(value, str) or len(value) != len("2026-01-31"):
            raise ValueError
        return date.fromisoformat(value).toordinal(), None
    except ValueError:
        return None, "Write a day as 2026-01-31."


_CHANCES: Final = f"Write whole percent, 0 to 100 in steps of {CHANCE_STEP}."


def _due(value: Any) -> tuple[DueAsked | None, str | None]:
    if not isinstance(value, dict) or not value.keys() <= {"item", "chance", "days"}:
        return None, "Write item, chance and days, or some of them."
    item, chance, days = value.get("item"), value.get("chance", 0), value.get("days")
    if item is not None and not _is_text(item):
        return None, f"Write an item of 1 to {MOST_TEXT} characters."
    if not _is_chance(chance):
        return None, _CHANCES
    if days is not None and not _is_days(days):
        return None, f"Write whole days, 0 to {_MOST_DAYS}."
    return DueAsked(item, chance, days), None


def _is_chance(value: Any) -> bool:
    return _is_whole(value) and 0 <= value <= 100 and value % CHANCE_STEP == 0


def _is_days(value: Any) -> bool:
    return _is_whole(value) and 0 <= value <= _MOST_DAYS


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= MOST_TEXT
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
    )


def _test(fact: Fact, op: str, given: Any) -> Test[_Asked]:
    read = fact.read
    if op == "known":
        return lambda asked: (read(*asked) is not None) is given
    if op == "more_than_days_ago":
        return lambda asked: (day := read(*asked)) is not None and asked[1] - day > given
    if op == "within_days":
        return lambda asked: (day := read(*asked)) is not None and asked[1] - day < given
    if op == "within_next_days":
        return lambda asked: (day := read(*asked)) is not None and day - asked[1] <= given
    if op == "due":
        holds = given.holds
        return lambda asked: (pairs := read(*asked)) is not None and holds(pairs, asked[1])
    meets = comparing(_ASKED_AS.get(op, op), given)
    return lambda asked: (value := read(*asked)) is not None and meets(value)


def _turning(fact: Fact, op: str, given: Any) -> Turns | None:
    read = fact.read
    if op == "due":
        return lambda values, today: given.turns(read(values, today) or {}, today)
    if op == "within_next_days":
        return lambda values, today: _comes(read(values, today), today, given)
    if op not in ("more_than_days_ago", "within_days"):
        return fact.turns
    after = given + 1 if op == "more_than_days_ago" else given

    def turns(values: Values, today: int) -> int | None:
        day = read(values, today)
        return day + after if day is not None and day + after > today else None

    return turns


def _comes(day: int | None, today: int, given: int) -> int | None:
    """When a day still ahead comes within ``given`` days, or else when it is over."""
    if day is None:
        return None
    return day - given if day - given > today else day + 1


_GRAMMAR: Final = Grammar[Fact, _Asked](
    facts=FACTS,
    operators=operators_of,
    operand=_operand,
    test=_test,
    most_depth=MOST_DEPTH,
    most=MOST_NODES,
    counts="nodes",
    most_faults=_MOST_FAULTS,
    shape_code="one_of",
    size_code="too_large",
    operator_code="unknown_operator",
)
