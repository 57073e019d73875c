"""The grammar that every rule is written in: its bounds, its places of faults, its operators."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.kernel.rule_trees import Grammar, Misfit, Reading, comparing

MOST = 6
MOST_DEPTH = 4
MOST_FAULTS = 3


def read(written: Any, counts: Any = "nodes") -> Reading[str, dict[str, int]]:
    """In a small language of two facts that are compared by = and <."""

    def operand(fact: str, op: str, value: Any) -> int:
        if not isinstance(value, int):
            raise Misfit("integer_required", "Give a whole number.", "of", fact)
        return value

    def test(fact: str, op: str, value: int) -> Any:
        meets = comparing(op, value)
        return lambda known: meets(known[fact])

    return Grammar(
        facts={"height": "height", "width": "width"},
        operators=lambda fact: ("=", "<"),
        operand=operand,
        test=test,
        most_depth=MOST_DEPTH,
        most=MOST,
        counts=counts,
        most_faults=MOST_FAULTS,
        shape_code="shape",
        size_code="size",
        operator_code="operator",
    ).read(written)


def leaf(op: Any = "=", value: Any = 1, **other: Any) -> dict[str, Any]:
    return {"fact": "height", "op": op, "value": value, **other}


def faults(written: Any, counts: str = "nodes") -> list[tuple[tuple[str | int, ...], str]]:
    return [(fault.where, fault.code) for fault in read(written, counts).faults]


def test_faults_are_told_in_the_order_of_the_tree_up_to_a_number() -> None:
    wrong = {"all": [leaf(extra=1), leaf("~"), {"not": leaf(value="x")}, {}]}
    assert faults(wrong) == [
        (("all", 0, "extra"), "unknown_field"),
        (("all", 1, "op"), "operator"),
        (("all", 2, "not", "value", "of", "height"), "integer_required"),
    ]


def test_one_comparison_has_no_more_faults_than_are_told() -> None:
    odd = {f"x{n}": n for n in range(2 * MOST_FAULTS)}
    assert faults(leaf(**odd)) == [((f"x{n}",), "unknown_field") for n in range(MOST_FAULTS)]


def test_a_tree_with_a_fault_is_no_test_and_one_without_is() -> None:
    assert read(leaf(extra=1)).test is None
    found = read({"any": [leaf("<", 5), {"not": leaf()}]})
    assert found.test is not None
    assert [(one.op, one.given) for one in found.comparisons] == [("<", 5), ("=", 1)]
    assert [found.test({"height": n}) for n in (1, 4, 5)] == [True, True, True]
    assert not read({"all": [leaf("<", 5), {"not": leaf()}]}).test({"height": 1})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("counts", "fitting", "place"),
    [("nodes", MOST - 1, MOST - 1), ("comparisons", MOST, MOST)],
)
def test_what_is_counted_is_bounded(counts: str, fitting: int, place: int) -> None:
    assert faults({"any": [leaf()] * fitting}, counts) == []
    assert faults({"any": [leaf()] * (fitting + 1)}, counts) == [(("any", place), "size")]


class Counted(list[Any]):
    """A list that tells how many of its parts were looked at."""

    seen = 0

    def __iter__(self) -> Any:
        for one in super().__iter__():
            self.seen += 1
            yield one


@pytest.mark.parametrize("counts", ["nodes", "comparisons"])
@pytest.mark.parametrize("part", [leaf(), {}, leaf(value="x")])
def test_what_is_past_a_bound_is_not_even_looked_at(part: Any, counts: str) -> None:
    parts = Counted([part] * 10_000)
    assert read({"all": [{"any": parts}, leaf()]}, counts).test is None
    assert parts.seen <= MOST + 1


def test_depth_is_bounded() -> None:
    deep: Any = leaf()
    for _ in range(MOST_DEPTH - 1):
        deep = {"not": deep}
    assert faults(deep) == []
    assert faults({"not": deep}) == [(("not",) * MOST_DEPTH, "too_deep")]


_ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.integers(-3, 3),
        st.sampled_from(["height", "="]),
        st.builds(leaf, st.sampled_from(["=", "<", ">", 1]), st.sampled_from([1, "x", None])),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["all", "any", "not", "fact", "op"]), inner, max_size=3),
    ),
    max_leaves=10,
)


@given(_ANYTHING, st.sampled_from(["nodes", "comparisons"]))
def test_whatever_is_written_is_a_test_or_has_faults_at_places_that_are_there(
    written: Any, counts: str
) -> None:
    found = read(written, counts)
    assert (found.test is None) == bool(found.faults)
    assert len(found.faults) <= MOST_FAULTS
    for fault in found.faults:
        part = written
        for key in fault.where:
            if key in ("op", "value") and isinstance(part, dict):
                break  # where it should stand
            part = part[key]


_NUMBERS = st.integers(-3, 3)
_SETS = st.lists(_NUMBERS, min_size=1, max_size=3)


@given(_NUMBERS, _NUMBERS)
def test_an_order_is_asked_of_the_value(value: int, bound: int) -> None:
    assert comparing("<", bound)(value) is (value < bound)
    assert comparing("<=", bound)(value) is (value <= bound)
    assert comparing(">", bound)(value) is (value > bound)
    assert comparing(">=", bound)(value) is (value >= bound)


@given(_SETS, _SETS, _NUMBERS)
def test_has_asks_what_the_value_holds(value: list[int], some: list[int], one: int) -> None:
    assert comparing("has", one)(value) is not comparing("has_not", one)(value)
    assert comparing("has_any", some)(value) is not comparing("has_none", some)(value)
    assert comparing("has_all", some)(value) is all(comparing("has", n)(value) for n in some)
    assert comparing("in", some)(one) is not comparing("not_in", some)(one)
    assume(comparing("has_all", some)(value))
    assert comparing("has_any", some)(value)
