"""Who an offer is for, beyond lists: a typed tree of comparisons, or a CEL expression, on facts.

Both are checked when an offer is saved and compiled once per version; nothing a merchant writes is
ever run as code of this program. A buyer without facts (a stranger) meets no rule, whatever it
says. docs/reference/eligibility.md has the facts and the forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import cel

from .types import Who

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool]
FactType = Literal["number", "flag", "text", "set"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of a buyer, that rules may name."""

    name: str
    type: FactType
    title: str


FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact("orders", "number", "Orders that count, in all"),
        Fact("spend_minor", "number", "Spent in all, net of refunds, in minor units"),
        Fact("first_order", "flag", "Has no order yet"),
        Fact("days_since_joined", "number", "Days since the earliest joining; 0 on that day"),
        Fact("birthday_today", "flag", "Birthday is today; of 29 February on the 28th"),
        Fact("birthday_month", "flag", "Birthday is this month"),
        Fact("lunar_birthday_today", "flag", "Birthday of the Chinese calendar is today"),
        Fact("lunar_birthday_month", "flag", "Birthday is this month of the Chinese calendar"),
        Fact("anniversary_today", "flag", "Joined on this day in an earlier year"),
        Fact("tier", "text", "Code of the tier"),
        Fact("segments", "set", "Codes of segments"),
        Fact("channel", "text", "Channel of this purchase; empty where none is named"),
        Fact("store", "text", "Store of this purchase; empty where none is named"),
    )
}
#: Ready-made rules, by name, for the console's form.
PRESETS: Final[dict[str, dict[str, Any]]] = {
    "birthday": {"fact": "birthday_today", "op": "=", "value": True},
    "birthday_month": {"fact": "birthday_month", "op": "=", "value": True},
    "lunar_birthday": {"fact": "lunar_birthday_today", "op": "=", "value": True},
    "anniversary": {"fact": "anniversary_today", "op": "=", "value": True},
    "new_member": {"fact": "days_since_joined", "op": "<", "value": 30},
    "first_order": {"fact": "first_order", "op": "=", "value": True},
    "returning": {"fact": "orders", "op": ">=", "value": 1},
}
OPERATORS: Final[dict[FactType, tuple[str, ...]]] = {
    "number": ("=", "!=", "<", "<=", ">", ">="),
    "flag": ("=", "!="),
    "text": ("=", "!=", "in", "not_in"),
    "set": ("has", "has_any", "has_all", "has_none"),
}
_LISTED: Final = frozenset({"in", "not_in", "has_any", "has_all", "has_none"})
MOST_DEPTH: Final = 8
MOST_TERMS: Final = 64
MOST_VALUES: Final = 500
MOST_CEL: Final = 500
_MOST_LOOPS: Final = 2
_MAX_NUMBER: Final = 2**53 - 1


class RuleFault(ValueError):
    """A rule that cannot be kept: ``where`` leads to the part at fault."""

    def __init__(self, where: tuple[str | int, ...], code: str, detail: str) -> None:
        super().__init__(detail)
        self.where, self.code, self.detail = where, code, detail


def matcher(who: Who) -> Test | None:
    """What a buyer's facts must meet besides the lists of ``who``; None where nothing is asked."""
    tests: list[Test] = []
    if who.rule is not None:
        tests.append(_rule_of(who.rule))
    if who.cel is not None:
        tests.append(cel_test(who.cel))
    if not tests:
        return None
    met = _all_of(tests)
    return lambda facts: bool(facts) and met(facts)


def check_rule(rule: Any) -> None:
    """Raises RuleFault for a tree that is malformed, too large, or names what is not known."""
    compile_rule(rule)


def compile_rule(rule: Any) -> Test:
    """The tree as one test. Raises RuleFault."""
    return _Reader().read(rule, (), 1)


def check_cel(text: str) -> None:
    """Raises RuleFault for an expression that is malformed, too large, or not about known facts."""
    if len(text) > MOST_CEL:
        raise RuleFault((), "too_long", f"An expression has at most {MOST_CEL} characters.")
    program = _program(text)
    bound = set(_LOOP.findall(text))
    if len(_LOOP.findall(text)) > _MOST_LOOPS:
        raise RuleFault((), "too_many", f"At most {_MOST_LOOPS} macros walk through lists.")
    named = program.references()
    for name in named["variables"]:
        if name not in FACTS and name not in bound:
            raise RuleFault((), "unknown_fact", f"There is no fact {name!r}.")
    for name in named["functions"]:
        if name.isidentifier() and name not in _CEL_FUNCTIONS and not name.startswith("_"):
            raise RuleFault((), "unknown_function", f"There is no function {name!r} here.")
    for sample in _SAMPLES:
        _try_cel(program, sample)


@lru_cache(maxsize=4_096)
def cel_test(text: str) -> Test:
    """The expression as a test; whatever goes wrong while it runs counts as no."""
    program = _program(text)

    def met(facts: Facts) -> bool:
        try:
            return program.execute(dict(facts)) is True
        except Exception:  # the library's errors have no common base; none may stop a price
            return False

    return met


def _rule_of(rule: Any) -> Test:
    try:
        return compile_rule(rule)
    except RuleFault:  # saved before a fact went away: nobody meets it
        return lambda facts: False


def _program(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except ValueError as error:
        raise RuleFault((), "malformed", str(error)[:200]) from None


def _try_cel(program: cel.Program, sample: Facts) -> None:
    try:
        answer = program.execute(dict(sample))
    except (TypeError, RuntimeError) as error:
        raise RuleFault((), "malformed", str(error)[:200]) from None
    except Exception:  # such as a division by a fact that is 0 here
        return
    if not isinstance(answer, bool):
        raise RuleFault((), "boolean_required", "An expression says yes or no.")


_LOOP: Final = re.compile(r"\.(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_CEL_FUNCTIONS: Final = frozenset(
    {"size", "contains", "startsWith", "endsWith", "matches", "int", "double", "string", "bool"}
)
_EMPTY: Final[dict[FactType, Any]] = {"number": 0, "flag": False, "text": "", "set": ()}
_FULL: Final[dict[FactType, Any]] = {"number": 7, "flag": True, "text": "x", "set": ("x",)}
_SAMPLES: Final = (
    {fact.name: list(_EMPTY["set"]) if fact.type == "set" else _EMPTY[fact.type]
     for fact in FACTS.values()},
    {fact.name: list(_FULL["set"]) if fact.type == "set" else _FULL[fact.type]
     for fact in FACTS.values()},
)  # fmt: skip


class _Reader:
    """Reads a tree within its budgets of depth and terms."""

    def __init__(self) -> None:
        self._terms = 0

    def read(self, node: Any, where: tuple[str | int, ...], depth: int) -> Test:
        if not isinstance(node, dict):
            raise RuleFault(where, "object_required", "A rule is an object.")
        if depth > MOST_DEPTH:
            raise RuleFault(where, "too_deep", f"A rule is at most {MOST_DEPTH} levels deep.")
        if "fact" in node:
            return self._term(node, where)
        if len(node) != 1 or not (node.keys() <= {"all", "any", "not"}):
            raise RuleFault(where, "malformed", "Write one of all, any, not, or a fact.")
        ((joint, inner),) = node.items()
        if joint == "not":
            met = self.read(inner, (*where, "not"), depth + 1)
            return lambda facts: not met(facts)
        if not isinstance(inner, list) or not inner:
            raise RuleFault((*where, joint), "list_required", "Give a list of at least one rule.")
        tests = [
            self.read(part, (*where, joint, place), depth + 1) for place, part in enumerate(inner)
        ]
        return _all_of(tests) if joint == "all" else _any_of(tests)

    def _term(self, node: dict[str, Any], where: tuple[str | int, ...]) -> Test:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise RuleFault(where, "too_many", f"A rule has at most {MOST_TERMS} comparisons.")
        for name in node:
            if name not in ("fact", "op", "value"):
                raise RuleFault((*where, name), "unknown_field", "A comparison has no such field.")
        fact = FACTS.get(node["fact"]) if isinstance(node["fact"], str) else None
        if fact is None:
            raise RuleFault((*where, "fact"), "unknown_fact", f"Known are {', '.join(FACTS)}.")
        op, value = node.get("op"), node.get("value")
        if op not in OPERATORS[fact.type]:
            known = ", ".join(OPERATORS[fact.type])
            raise RuleFault((*where, "op"), "unknown_value", f"{fact.name} is compared by {known}.")
        _check_value(fact, str(op), value, (*where, "value"))
        return _comparison(fact.name, str(op), value)


def _check_value(fact: Fact, op: str, value: Any, where: tuple[str | int, ...]) -> None:
    if op in _LISTED:
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES:
            raise RuleFault(where, "list_required", f"Give a list of 1 to {MOST_VALUES} texts.")
        wrong = next((place for place, one in enumerate(value) if not isinstance(one, str)), None)
        if wrong is not None:
            raise RuleFault((*where, wrong), "text_required", "Give texts.")
    elif fact.type == "number":
        if not isinstance(value, int) or isinstance(value, bool):
            raise RuleFault(where, "integer_required", "Give a whole number.")
        if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
            raise RuleFault(where, "too_large", "A number is past 2^53 - 1.")
    elif fact.type == "flag":
        if not isinstance(value, bool):
            raise RuleFault(where, "boolean_required", "Give true or false.")
    elif not isinstance(value, str):
        raise RuleFault(where, "text_required", "Give a text.")


def _comparison(name: str, op: str, value: Any) -> Test:  # one line per operator
    some = frozenset(value) if op in _LISTED else frozenset()
    tests: dict[str, Test] = {
        "=": lambda facts: facts[name] == value,
        "!=": lambda facts: facts[name] != value,
        "<": lambda facts: facts[name] < value,
        "<=": lambda facts: facts[name] <= value,
        ">": lambda facts: facts[name] > value,
        ">=": lambda facts: facts[name] >= value,
        "in": lambda facts: facts[name] in some,
        "not_in": lambda facts: facts[name] not in some,
        "has": lambda facts: value in facts[name],
        "has_any": lambda facts: not some.isdisjoint(facts[name]),
        "has_all": lambda facts: some.issubset(facts[name]),
        "has_none": lambda facts: some.isdisjoint(facts[name]),
    }
    return tests[op]


def _all_of(tests: list[Test]) -> Test:
    """Unrolled in pairs and triples: calls cost more than the comparisons they make."""
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda facts: a(facts) and b(facts)
    if len(tests) == 3:
        a, b, c = tests
        return lambda facts: a(facts) and b(facts) and c(facts)
    if len(tests) <= 5:
        a, b, c, d, e = (*tests, tests[-1])[:5]
        return lambda facts: a(facts) and b(facts) and c(facts) and d(facts) and e(facts)
    return _all_of([*map(_all_of, _in_fives(tests))])


def _any_of(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        a, b = tests
        return lambda facts: a(facts) or b(facts)
    if len(tests) == 3:
        a, b, c = tests
        return lambda facts: a(facts) or b(facts) or c(facts)
    if len(tests) <= 5:
        a, b, c, d, e = (*tests, tests[-1])[:5]
        return lambda facts: a(facts) or b(facts) or c(facts) or d(facts) or e(facts)
    return _any_of([*map(_any_of, _in_fives(tests))])


def _in_fives(tests: list[Test]) -> list[list[Test]]:
    return [tests[start : start + 5] for start in range(0, len(tests), 5)]
