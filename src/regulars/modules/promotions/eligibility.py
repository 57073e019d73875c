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
from typing import TYPE_CHECKING, Any, Final, Literal

from regulars.kernel.canonical import MAX_SAFE_INTEGER
from regulars.kernel.rule_trees import LISTED, Grammar, Misfit, Where, all_of, comparing

from .types import Who

if TYPE_CHECKING:
    import cel

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
MOST_DEPTH: Final = 8
MOST_TERMS: Final = 64
MOST_VALUES: Final = 500
MOST_CEL: Final = 500
_MOST_LOOPS: Final = 2


class RuleFault(ValueError):
    """A rule that cannot be kept: ``where`` leads to the part at fault."""

    def __init__(self, where: Where, code: str, detail: str) -> None:
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
    met = all_of(tests)
    return lambda facts: bool(facts) and met(facts)


def check_rule(rule: Any) -> None:
    """Raises RuleFault for a tree that is malformed, too large, or names what is not known."""
    compile_rule(rule)


def compile_rule(rule: Any) -> Test:
    """The tree as one test. Raises RuleFault."""
    reading = _GRAMMAR.read(rule)
    if reading.test is None:
        fault = reading.faults[0]
        raise RuleFault(fault.where, fault.code, fault.detail)
    return reading.test


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
    import cel  # it brings a console of its own along, which is long to load

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


def _operand(fact: Fact, op: str, value: Any) -> Any:
    if op in LISTED:
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES:
            raise Misfit("list_required", f"Give a list of 1 to {MOST_VALUES} texts.")
        wrong = next((place for place, one in enumerate(value) if not isinstance(one, str)), None)
        if wrong is not None:
            raise Misfit("text_required", "Give texts.", wrong)
    elif fact.type == "number":
        if not isinstance(value, int) or isinstance(value, bool):
            raise Misfit("integer_required", "Give a whole number.")
        if abs(value) > MAX_SAFE_INTEGER:
            raise Misfit("too_large", "A number is past 2^53 - 1.")
    elif fact.type == "flag":
        if not isinstance(value, bool):
            raise Misfit("boolean_required", "Give true or false.")
    elif not isinstance(value, str):
        raise Misfit("text_required", "Give a text.")
    return value


def _test(fact: Fact, op: str, given: Any) -> Test:
    name, meets = fact.name, comparing(op, given)
    return lambda facts: meets(facts[name])


_GRAMMAR: Final = Grammar[Fact, Facts](
    facts=FACTS,
    operators=lambda fact: OPERATORS[fact.type],
    operand=_operand,
    test=_test,
    most_depth=MOST_DEPTH,
    most=MOST_TERMS,
    counts="comparisons",
    most_faults=1,
    shape_code="malformed",
    size_code="too_many",
    operator_code="unknown_value",
)
