"""Trees of comparisons joined by all, any and not: the one grammar of what a merchant may ask.

A module brings its facts, the operators that fit each, what an operand may be and how a comparison
is asked; the walk, its limits, the places of faults and the joints are the same for all. A tree is
read once and compiled to closures; nothing of it is ever run as code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar

FactT = TypeVar("FactT")
KnownT = TypeVar("KnownT")

Where = tuple[str | int, ...]
"""The keys and places that lead from the root of a tree to a part of it."""
Test = Callable[[KnownT], bool]
"""Whether a rule holds for what is known."""

JOINTS: Final = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a tree that cannot be kept: its place, a stable code, and how to mend it."""

    where: Where
    code: str
    detail: str


class Misfit(ValueError):
    """An operand that does not fit; ``within`` leads on inside it."""

    def __init__(self, code: str, detail: str, *within: str | int) -> None:
        super().__init__(detail)
        self.code, self.detail, self.within = code, detail, within


@dataclass(frozen=True)
class Comparison(Generic[FactT]):
    """One leaf as it was read; ``given`` is the operand as the closures take it."""

    fact: FactT
    op: str
    given: Any


@dataclass(frozen=True, kw_only=True)
class Grammar(Generic[FactT, KnownT]):
    """What trees of one kind may say. ``operand`` raises Misfit; ``most`` bounds what ``counts``
    names; past ``most_faults`` nothing more is read. The codes are those that callers know."""

    facts: Mapping[str, FactT]
    operators: Callable[[FactT], Sequence[str]]
    operand: Callable[[FactT, str, Any], Any]
    test: Callable[[FactT, str, Any], Test[KnownT]]
    most_depth: int
    most: int
    counts: Literal["nodes", "comparisons"]
    most_faults: int
    shape_code: str
    size_code: str
    operator_code: str

    def read(self, written: Any) -> Reading[FactT, KnownT]:
        """The tree as one test, or its faults in the order of the tree."""
        reading = Reading(self)
        test = reading.node(written, (), 1)
        reading.test = None if reading.faults else test
        return reading


@dataclass
class Reading(Generic[FactT, KnownT]):
    """One walk through a tree; ``test`` is None exactly where there are ``faults``."""

    grammar: Grammar[FactT, KnownT]
    faults: list[Fault] = field(default_factory=list)
    comparisons: list[Comparison[FactT]] = field(default_factory=list)
    test: Test[KnownT] | None = None
    counted: int = 0

    def node(self, written: Any, where: Where, depth: int) -> Test[KnownT] | None:
        grammar = self.grammar
        if len(self.faults) >= grammar.most_faults:
            return None
        if grammar.counts == "nodes" and not self._fits(where):
            return None
        if depth > grammar.most_depth:
            most = grammar.most_depth
            return self._fault(where, "too_deep", f"A rule is at most {most} levels deep.")
        if not isinstance(written, dict):
            return self._fault(where, "object_required", "Write all, any, not or a comparison.")
        if "fact" in written:
            return self._comparison(written, where)
        if len(written) != 1 or not written.keys() <= set(JOINTS):
            detail = "Write one of all, any, not, or a comparison."
            return self._fault(where, grammar.shape_code, detail)
        ((joint, inner),) = written.items()
        if joint == "not":
            return _negated(self.node(inner, (*where, "not"), depth + 1))
        return self._joined(joint, inner, (*where, joint), depth)

    def _joined(self, joint: str, inner: Any, where: Where, depth: int) -> Test[KnownT] | None:
        if not isinstance(inner, list) or not inner:
            return self._fault(where, "list_required", "Write a list of at least one rule.")
        tests = []
        for place, one in enumerate(inner):
            test = self.node(one, (*where, place), depth + 1)
            if test is not None:
                tests.append(test)
            elif self._is_over:
                return None
        if len(tests) != len(inner):
            return None
        return all_of(tests) if joint == "all" else any_of(tests)

    def _comparison(self, written: dict[Any, Any], where: Where) -> Test[KnownT] | None:
        grammar = self.grammar
        if grammar.counts == "comparisons" and not self._fits(where):
            return None
        for name in written:
            if name not in ("fact", "op", "value"):
                detail = "A comparison has fact, op and value."
                self._fault((*where, name), "unknown_field", detail)
        named, op = written["fact"], written.get("op")
        fact = grammar.facts.get(named) if isinstance(named, str) else None
        if fact is None:
            detail = f"No fact has this name; known are {', '.join(grammar.facts)}."
            return self._fault((*where, "fact"), "unknown_fact", detail)
        fitting = grammar.operators(fact)
        if not isinstance(op, str) or op not in fitting:
            detail = f"{named} is compared by {', '.join(fitting)}."
            return self._fault((*where, "op"), grammar.operator_code, detail)
        try:
            given = grammar.operand(fact, op, written.get("value"))
        except Misfit as why:
            return self._fault((*where, "value", *why.within), why.code, why.detail)
        self.comparisons.append(Comparison(fact, op, given))
        return grammar.test(fact, op, given)

    def _fits(self, where: Where) -> bool:
        grammar = self.grammar
        self.counted += 1
        if self.counted == grammar.most + 1:
            detail = f"A rule has at most {grammar.most} {grammar.counts}."
            self._fault(where, grammar.size_code, detail)
        return self.counted <= grammar.most

    @property
    def _is_over(self) -> bool:
        """Nothing that follows can be read any more."""
        grammar = self.grammar
        return self.counted > grammar.most or len(self.faults) >= grammar.most_faults

    def _fault(self, where: Where, code: str, detail: str) -> Test[KnownT] | None:
        if len(self.faults) < self.grammar.most_faults:
            self.faults.append(Fault(where, code, detail))
        return None


# ── operators ──

#: Those whose operand is a list.
LISTED: Final = frozenset({"in", "not_in", "has_any", "has_all", "has_none"})
_MAKERS: Final[Mapping[str, Callable[[Any], Test[Any]]]] = {
    # The operand comes first in a partial, so that an order is asked the other way round.
    "=": lambda given: partial(operator.eq, given),
    "!=": lambda given: partial(operator.ne, given),
    "<": lambda given: partial(operator.gt, given),
    "<=": lambda given: partial(operator.ge, given),
    ">": lambda given: partial(operator.lt, given),
    ">=": lambda given: partial(operator.le, given),
    "in": lambda given: partial(operator.contains, given),
    "not_in": lambda given: lambda value: value not in given,
    "has": lambda given: lambda value: given in value,
    "has_not": lambda given: lambda value: given not in value,
    "has_any": lambda given: lambda value: not given.isdisjoint(value),
    "has_all": lambda given: given.issubset,
    "has_none": lambda given: given.isdisjoint,
}


def comparing(op: str, given: Any) -> Test[Any]:
    """The question that an operator puts to a fact's value, with its operand bound.

    ``<`` and its like ask values of one type, ``in`` whether the value is among ``given``, ``has``
    and its like whether the value, a collection, holds ``given`` or some, all or none of them.
    """
    return _MAKERS[op](frozenset(given) if op in LISTED else given)


# ── joints ──


def _negated(test: Test[KnownT] | None) -> Test[KnownT] | None:
    return None if test is None else lambda known: not test(known)


def all_of(tests: Sequence[Test[KnownT]]) -> Test[KnownT]:
    """Unrolled in pairs and triples: calls cost more than the comparisons they make."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda known: a(known) and b(known)
    if len(tests) == 3:
        a, b, c = tests
        return lambda known: a(known) and b(known) and c(known)
    if len(tests) <= 5:
        a, b, c, d, e = (*tests, tests[-1])[:5]
        return lambda known: a(known) and b(known) and c(known) and d(known) and e(known)
    return all_of([all_of(five) for five in _in_fives(tests)])


def any_of(tests: Sequence[Test[KnownT]]) -> Test[KnownT]:
    """As ``all_of``, where one is enough."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda known: a(known) or b(known)
    if len(tests) == 3:
        a, b, c = tests
        return lambda known: a(known) or b(known) or c(known)
    if len(tests) <= 5:
        a, b, c, d, e = (*tests, tests[-1])[:5]
        return lambda known: a(known) or b(known) or c(known) or d(known) or e(known)
    return any_of([any_of(five) for five in _in_fives(tests)])


def _in_fives(tests: Sequence[Test[KnownT]]) -> list[Sequence[Test[KnownT]]]:
    return [tests[start : start + 5] for start in range(0, len(tests), 5)]
