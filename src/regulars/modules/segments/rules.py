"""Pure: rules as trees of comparisons, checked once, compiled to closures, asked from memory.

docs/algorithms/segments.md tells them with worked figures.
"""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from regulars.kernel.canonical import MAX_SAFE_INTEGER
from regulars.kernel.errors import FieldError, Invalid

from .facts import ALWAYS_KNOWN, FACTS
from .types import Fact, FactKind, Values

MOST_NODES: Final = 60
MOST_DEPTH: Final = 6
MOST_VALUES: Final = 100
MOST_TEXT: Final = 255
_MOST_DAYS: Final = 36_525
_MOST_FAULTS: Final = 20

Holds = Callable[[Values, int], bool]
"""Whether a rule holds for stored values on a day (an ordinal)."""
Turns = Callable[[Values, int], int | None]
"""The earliest day after that one on which time alone may change the answer."""

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "before": operator.lt,
    "on_or_after": operator.ge,
    "in": lambda value, given: value in given,
    "not_in": lambda value, given: value not in given,
    "includes": lambda value, given: given in value,
    "excludes": lambda value, given: given not in value,
}
_NUMBER_OPS: Final = ("=", "!=", ">", ">=", "<", "<=")
OPERATORS: Final[Mapping[FactKind, tuple[str, ...]]] = {
    "number": _NUMBER_OPS,
    "money": _NUMBER_OPS,
    "day": ("more_than_days_ago", "within_days", "before", "on_or_after"),
    "text": ("=", "!=", "in", "not_in"),
    "set": ("includes", "excludes"),
}


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
    reading = _Reading()
    holds = reading.node(written, pointer, 1)
    if reading.faults or holds is None:
        faults = reading.faults[:_MOST_FAULTS]
        raise Invalid("The rule does not hold together.", errors=faults)
    leaves = tuple(reading.turning)

    def turns(values: Values, today: int) -> int | None:
        days = [day for leaf in leaves if (day := leaf(values, today)) is not None]
        return min(days, default=None)

    return Rule(holds, turns, frozenset(reading.facts), frozenset(reading.lists))


@dataclass(slots=True)
class _Reading:
    """One walk through a tree."""

    faults: list[FieldError] = field(default_factory=list)
    turning: list[Turns] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    nodes: int = 0

    def node(self, written: Any, pointer: str, depth: int) -> Holds | None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            if self.nodes == MOST_NODES + 1:
                self._fault(pointer, "too_large", f"A rule holds at most {MOST_NODES} nodes.")
            return None
        if depth > MOST_DEPTH:
            return self._fault(pointer, "too_deep", f"A rule is at most {MOST_DEPTH} deep.")
        if not isinstance(written, dict):
            return self._fault(pointer, "object_required", "Write all, any, not or a comparison.")
        if "fact" in written:
            return self._leaf(written, pointer)
        if len(written) != 1 or not written.keys() <= {"all", "any", "not"}:
            return self._fault(pointer, "one_of", "Write one of all, any, not, or a comparison.")
        (word, inner), *_ = written.items()
        if word == "not":
            return self._not(inner, f"{pointer}/not", depth)
        return self._group(word, inner, f"{pointer}/{word}", depth)

    def _not(self, inner: Any, pointer: str, depth: int) -> Holds | None:
        holds = self.node(inner, pointer, depth + 1)
        if holds is None:
            return None
        return lambda values, today: not holds(values, today)

    def _group(self, word: str, inner: Any, pointer: str, depth: int) -> Holds | None:
        if not isinstance(inner, list) or not inner:
            return self._fault(pointer, "list_required", "Write a list of one node or more.")
        found = tuple(self._each(inner, pointer, depth))
        if len(found) != len(inner):
            return None
        if len(found) == 1:
            return found[0]
        if word == "all":
            return lambda values, today: all(holds(values, today) for holds in found)
        return lambda values, today: any(holds(values, today) for holds in found)

    def _each(self, inner: list[Any], pointer: str, depth: int) -> Iterator[Holds]:
        for number, one in enumerate(inner[: MOST_NODES + 1]):
            holds = self.node(one, f"{pointer}/{number}", depth + 1)
            if holds is not None:
                yield holds

    def _leaf(self, written: dict[str, Any], pointer: str) -> Holds | None:
        for name in written.keys() - {"fact", "op", "value"}:
            at = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            self._fault(at, "unknown_field", "A comparison has fact, op and value.")
        name, op = written["fact"], written.get("op")
        fact = FACTS.get(name) if isinstance(name, str) else None
        if fact is None:
            return self._fault(f"{pointer}/fact", "unknown_fact", "No fact has this name.")
        fitting = operators_of(fact)
        if not isinstance(op, str) or op not in fitting:
            return self._fault(f"{pointer}/op", "unknown_operator", f"Use {', '.join(fitting)}.")
        given, why = _given(fact, op, written.get("value"))
        if why is not None:
            return self._fault(f"{pointer}/value", "invalid_value", why)
        self.facts.add(fact.name)
        if fact.name == "lists":
            self.lists.add(given)
        turning = _turning(fact, op, given)
        if turning is not None:
            self.turning.append(turning)
        return _holds(fact, op, given)

    def _fault(self, pointer: str, code: str, detail: str) -> Holds | None:
        self.faults.append(FieldError(pointer, code, detail))
        return None


def _given(fact: Fact, op: str, value: Any) -> tuple[Any, str | None]:
    """A leaf's value as the closures take it, or why it does not fit."""
    if op == "known":
        return value, None if isinstance(value, bool) else "Write true or false."
    if op in ("more_than_days_ago", "within_days"):
        least = 0 if op == "more_than_days_ago" else 1
        fits = _is_whole(value) and least <= value <= _MOST_DAYS
        return value, None if fits else f"Write whole days, {least} to {_MOST_DAYS}."
    if fact.kind in ("number", "money"):
        fits = _is_whole(value) and abs(value) <= MAX_SAFE_INTEGER
        return value, None if fits else "Write a whole number."
    if fact.kind == "day":
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


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= MOST_TEXT
        and not any(unicodedata.category(character) in ("Cc", "Cs") for character in value)
    )


def _holds(fact: Fact, op: str, given: Any) -> Holds:
    read = fact.read
    if op == "known":
        return lambda values, today: (read(values, today) is not None) is given
    if op == "more_than_days_ago":
        return lambda values, today: (
            (day := read(values, today)) is not None and today - day > given
        )
    if op == "within_days":
        return lambda values, today: (
            (day := read(values, today)) is not None and today - day < given
        )
    compare = _COMPARE[op]
    return lambda values, today: (
        (value := read(values, today)) is not None and compare(value, given)
    )


def _turning(fact: Fact, op: str, given: Any) -> Turns | None:
    if op not in ("more_than_days_ago", "within_days"):
        return fact.turns
    read, after = fact.read, given + 1 if op == "more_than_days_ago" else given

    def turns(values: Values, today: int) -> int | None:
        day = read(values, today)
        return day + after if day is not None and day + after > today else None

    return turns
