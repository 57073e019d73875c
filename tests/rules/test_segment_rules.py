"""Segment rules: the worked figures of docs/algorithms/segments.md, what is refused, and the law
that the answer changes by time alone only on the day that was told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.modules.segments.facts import ALWAYS_KNOWN, DAYS, FACTS, WINDOWS
from regulars.modules.segments.rules import MOST_DEPTH, MOST_NODES, compiled, operators_of

TODAY = date(2026, 3, 10)


def day(month: int, number: int) -> int:
    return date(2026, month, number).toordinal()


ANN = {
    "orders": 3, "spend": 8000, "average_order": 2666, "purchase_days": 2,
    "first_purchase_day": day(1, 24), "last_purchase_day": day(3, 1), "refunded": 0,
    DAYS: [[day(1, 24), 2, 5000], [day(3, 1), 1, 3000]],
}  # fmt: skip
BO = {
    "orders": 1, "spend": 6000, "average_order": 6000, "purchase_days": 1,
    "first_purchase_day": day(1, 20), "last_purchase_day": day(1, 20), "refunded": 2000,
    DAYS: [[day(1, 20), 1, 6000]],
}  # fmt: skip
CHEN = {
    "orders": 1, "spend": 2500, "average_order": 2500, "purchase_days": 1,
    "first_purchase_day": day(3, 10), "last_purchase_day": day(3, 10), "refunded": 0,
    DAYS: [[day(3, 10), 1, 2500]], "consents": ["sms"],
}  # fmt: skip
DEE: dict[str, Any] = {"tags": ["staff"]}
#: What insight said of two of them at the end of 9 March.
ANN |= {
    "drop_chance": 55, "expected_value": 12_000, "value_tenth": 2,
    "due_type": {"TEA": [60, day(3, 14)], "JAM": [20]}, "due_sku": {"tea-1": [35, day(3, 12)]},
}  # fmt: skip
BO |= {"drop_chance": 0, "lost_as": "buying", "lost_since": day(2, 20), "due_type": {"JAM": [80]}}
SHOP = {"Ann": ANN, "Bo": BO, "Chen": CHEN, "Dee": DEE}

LAPSED = {
    "all": [
        {"fact": "orders", "op": ">=", "value": 1},
        {"fact": "last_purchase_day", "op": "more_than_days_ago", "value": 45},
    ]
}
TWICE = {"fact": "purchase_days_60", "op": ">=", "value": 2}


def who(rule: Any, on: date = TODAY) -> list[str]:
    found = compiled(rule)
    return [name for name, values in SHOP.items() if found.holds(values, on.toordinal())]


def turns(rule: Any, values: Any, on: date = TODAY) -> date | None:
    found = compiled(rule).turns(values, on.toordinal())
    return None if found is None else date.fromordinal(found)


def fact(name: str, values: Any, on: date = TODAY) -> Any:
    return FACTS[name].read(values, on.toordinal())


# ── the worked figures ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("orders", (3, 1, 1, 0)),
        ("spend", (8000, 6000, 2500, 0)),
        ("average_order", (2666, 6000, 2500, None)),
        ("purchase_days_30", (1, 0, 1, 0)),
        ("purchase_days_60", (2, 1, 1, 0)),
        ("spend_30", (3000, 0, 2500, 0)),
        ("spend_60", (8000, 6000, 2500, 0)),
    ],
)
def test_the_facts_of_the_small_shop(name: str, told: tuple[Any, ...]) -> None:
    assert tuple(fact(name, values) for values in SHOP.values()) == told


def test_bo_alone_has_lapsed_and_the_others_do_on_their_days() -> None:
    assert who(LAPSED) == ["Bo"]
    assert turns(LAPSED, ANN) == date(2026, 4, 16)
    assert turns(LAPSED, CHEN) == date(2026, 4, 25)
    assert turns(LAPSED, BO) is None
    assert turns(LAPSED, DEE) is None
    assert who(LAPSED, date(2026, 4, 15)) == ["Bo"]
    assert who(LAPSED, date(2026, 4, 16)) == ["Ann", "Bo"]
    assert who(LAPSED, date(2026, 4, 25)) == ["Ann", "Bo", "Chen"]


def test_ann_leaves_a_window_when_her_first_purchase_falls_out() -> None:
    assert who(TWICE) == ["Ann"]
    assert turns(TWICE, ANN) == date(2026, 3, 25)
    assert who(TWICE, date(2026, 3, 24)) == ["Ann"]
    assert who(TWICE, date(2026, 3, 25)) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"fact": "tags", "op": "excludes", "value": "staff"}, ["Ann", "Bo", "Chen"]),
        ({"fact": "consents", "op": "includes", "value": "sms"}, ["Chen"]),
        ({"fact": "average_order", "op": "!=", "value": 6000}, ["Ann", "Chen"]),
        ({"not": {"fact": "average_order", "op": "=", "value": 6000}}, ["Ann", "Chen", "Dee"]),
        ({"fact": "last_purchase_day", "op": "known", "value": False}, ["Dee"]),
        ({"fact": "last_purchase_day", "op": "within_days", "value": 1}, ["Chen"]),
        ({"fact": "last_purchase_day", "op": "within_days", "value": 10}, ["Ann", "Chen"]),
        ({"fact": "last_purchase_day", "op": "within_days", "value": 9}, ["Chen"]),
        ({"fact": "first_purchase_day", "op": "before", "value": "2026-01-24"}, ["Bo"]),
        ({"fact": "first_purchase_day", "op": "on_or_after", "value": "2026-01-24"},
         ["Ann", "Chen"]),
        ({"any": [TWICE, {"fact": "refunded", "op": ">", "value": 0}]}, ["Ann", "Bo"]),
        ({"fact": "drop_chance", "op": ">=", "value": 55}, ["Ann"]),
        ({"fact": "drop_chance", "op": "<", "value": 55}, ["Bo"]),
        ({"fact": "drop_chance", "op": "known", "value": False}, ["Chen", "Dee"]),
        ({"fact": "expected_value", "op": ">=", "value": 12_000}, ["Ann"]),
        ({"fact": "value_tenth", "op": "<=", "value": 2}, ["Ann"]),
        ({"fact": "lost_since", "op": "within_days", "value": 30}, ["Bo"]),
        ({"fact": "due_type", "op": "known", "value": True}, ["Ann", "Bo"]),
        ({"fact": "due_type", "op": "due", "value": {}}, ["Ann", "Bo"]),
        ({"fact": "due_type", "op": "due", "value": {"item": "JAM"}}, ["Ann", "Bo"]),
        ({"fact": "due_type", "op": "due", "value": {"item": "JAM", "chance": 50}}, ["Bo"]),
        ({"fact": "due_type", "op": "due", "value": {"item": "TEA", "days": 4}}, ["Ann"]),
        ({"fact": "due_type", "op": "due", "value": {"days": 3}}, []),
        ({"fact": "due_category", "op": "due", "value": {}}, []),
        ({"not": {"fact": "due_type", "op": "due", "value": {"chance": 50}}}, ["Chen", "Dee"]),
        ({"fact": "next_type_day", "op": "within_next_days", "value": 4}, ["Ann"]),
        ({"fact": "next_type_day", "op": "within_next_days", "value": 3}, []),
        ({"fact": "next_sku_day", "op": "before", "value": "2026-03-13"}, ["Ann"]),
    ],
)  # fmt: skip
def test_each_operator_asks_what_it_says(rule: Any, told: list[str]) -> None:
    assert who(rule) == told


def test_an_expected_day_comes_near_and_is_over() -> None:
    soon = {"fact": "due_type", "op": "due", "value": {"item": "TEA", "days": 2}}
    assert turns(soon, ANN) == date(2026, 3, 12)
    assert [who(soon, date(2026, 3, day)) for day in (11, 12, 14, 15)] == [[], ["Ann"], ["Ann"], []]
    assert turns(soon, ANN, date(2026, 3, 12)) == date(2026, 3, 15)
    assert turns(soon, ANN, date(2026, 3, 15)) is None
    near = {"fact": "next_type_day", "op": "within_next_days", "value": 2}
    assert turns(near, ANN) == date(2026, 3, 12)
    assert turns(near, ANN, date(2026, 3, 12)) == date(2026, 3, 15)
    assert fact("next_type_day", ANN, date(2026, 3, 15)) is None
    assert fact("next_type_day", ANN) == day(3, 14)


# ── what is refused ───────────────────────────────────────────────────────────────────────


LEAF = {"fact": "orders", "op": ">", "value": 1}


def _deep(levels: int) -> Any:
    rule: Any = LEAF
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule


@pytest.mark.parametrize(
    ("rule", "pointer", "code"),
    [
        ([], "/rule", "object_required"),
        ({}, "/rule", "one_of"),
        ({"all": [LEAF], "any": [LEAF]}, "/rule", "one_of"),
        ({"all": []}, "/rule/all", "list_required"),
        ({"any": {"0": LEAF}}, "/rule/any", "list_required"),
        ({"all": [LEAF, {"fact": "shoe_size", "op": "=", "value": 1}]},
         "/rule/all/1/fact", "unknown_fact"),
        ({"not": {"fact": "orders", "op": "includes", "value": 1}},
         "/rule/not/op", "unknown_operator"),
        ({"fact": "orders", "op": "known", "value": True}, "/rule/op", "unknown_operator"),
        ({"fact": "orders", "op": ">", "value": "1"}, "/rule/value", "invalid_value"),
        ({"fact": "orders", "op": ">", "value": True}, "/rule/value", "invalid_value"),
        ({"fact": "orders", "op": ">", "value": 2**53}, "/rule/value", "invalid_value"),
        ({"fact": "orders", "op": ">"}, "/rule/value", "invalid_value"),
        ({"fact": "last_purchase_day", "op": "within_days", "value": 0},
         "/rule/value", "invalid_value"),
        ({"fact": "last_purchase_day", "op": "before", "value": "2026-02-30"},
         "/rule/value", "invalid_value"),
        ({"fact": "tier", "op": "in", "value": []}, "/rule/value", "invalid_value"),
        ({"fact": "tier", "op": "in", "value": ["gold", 1]}, "/rule/value", "invalid_value"),
        ({"fact": "tags", "op": "includes", "value": ""}, "/rule/value", "invalid_value"),
        ({"fact": "drop_chance", "op": "=", "value": 50}, "/rule/op", "unknown_operator"),
        ({"fact": "drop_chance", "op": ">=", "value": 52}, "/rule/value", "invalid_value"),
        ({"fact": "drop_chance", "op": ">=", "value": 105}, "/rule/value", "invalid_value"),
        ({"fact": "expected_value", "op": ">=", "value": 12_300}, "/rule/value", "invalid_value"),
        ({"fact": "expected_value", "op": "<", "value": -10}, "/rule/value", "invalid_value"),
        ({"fact": "due_type", "op": "due", "value": "TEA"}, "/rule/value", "invalid_value"),
        ({"fact": "due_sku", "op": "due", "value": {"sku": "T"}}, "/rule/value", "invalid_value"),
        ({"fact": "due_type", "op": "due", "value": {"item": ""}}, "/rule/value", "invalid_value"),
        ({"fact": "due_type", "op": "due", "value": {"chance": 7}}, "/rule/value", "invalid_value"),
        ({"fact": "due_type", "op": "due", "value": {"days": -1}}, "/rule/value", "invalid_value"),
        ({"fact": "due_type", "op": "includes", "value": "TEA"}, "/rule/op", "unknown_operator"),
        ({"fact": "next_sku_day", "op": "within_days", "value": 3}, "/rule/op", "unknown_operator"),
        ({**LEAF, "a/b": 1}, "/rule/a~1b", "unknown_field"),
        ({"fact": ["orders"], "op": ">", "value": 1}, "/rule/fact", "unknown_fact"),
        (_deep(MOST_DEPTH + 1), "/rule" + "/not" * MOST_DEPTH, "too_deep"),
        ({"any": [LEAF] * MOST_NODES}, f"/rule/any/{MOST_NODES - 1}", "too_large"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_where_it_stands(rule: Any, pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        compiled(rule)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [(pointer, code)]


def test_a_rule_may_be_as_deep_and_as_large_as_it_may_be() -> None:
    assert compiled(_deep(MOST_DEPTH)).facts == {"orders"}
    assert compiled({"any": [LEAF] * (MOST_NODES - 1)}).facts == {"orders"}


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        compiled({"all": [{"fact": "a"}, {"any": [{"fact": "b"}, LEAF]}]})
    assert [fault.pointer for fault in refused.value.errors] == [
        "/rule/all/0/fact",
        "/rule/all/1/any/0/fact",
    ]


def test_who_always_has_a_value_is_not_asked_whether_it_is_known() -> None:
    assert "orders" in ALWAYS_KNOWN
    assert "spend_90" in ALWAYS_KNOWN
    assert "known" in operators_of(FACTS["tier"])
    assert "known" not in operators_of(FACTS["tags"])
    assert "known" in operators_of(FACTS["next_type_day"])


# ── laws ──────────────────────────────────────────────────────────────────────────────────


_DUE = st.dictionaries(
    st.sampled_from(["TEA", "JAM", "SALT"]),
    st.one_of(
        st.integers(0, 20).map(lambda step: [5 * step]),
        st.tuples(st.integers(0, 20), st.integers(-3, 30)).map(
            lambda pair: [5 * pair[0], TODAY.toordinal() + pair[1]]
        ),
    ),
)


@st.composite
def someone(draw: st.DrawFn) -> dict[str, Any]:
    """Purchases of up to 500 days before the day asked."""
    days = sorted(draw(st.sets(st.integers(0, 500), max_size=6)), reverse=True)
    if not days:
        return {}
    ordinals = [TODAY.toordinal() - back for back in days]
    worth = [draw(st.integers(0, 50)) for _ in days]
    return {
        "orders": len(days),
        "first_purchase_day": ordinals[0],
        "last_purchase_day": ordinals[-1],
        DAYS: [[one, 1, minor] for one, minor in zip(ordinals, worth, strict=True)],
        "due_type": draw(_DUE),
    }


_LEAVES = st.one_of(
    st.builds(
        lambda name, op, value: {"fact": name, "op": op, "value": value},
        st.sampled_from(["first_purchase_day", "last_purchase_day"]),
        st.sampled_from(["more_than_days_ago", "within_days"]),
        st.integers(1, 400),
    ),
    st.builds(
        lambda name, window, op, value: {"fact": f"{name}_{window}", "op": op, "value": value},
        st.sampled_from(["purchase_days", "spend"]),
        st.sampled_from(WINDOWS),
        st.sampled_from(["=", "!=", ">", "<="]),
        st.integers(0, 40),
    ),
    st.builds(
        lambda value: {"fact": "due_type", "op": "due", "value": value},
        st.fixed_dictionaries(
            {"chance": st.integers(0, 20).map(lambda step: 5 * step)},
            optional={"item": st.sampled_from(["TEA", "JAM"]), "days": st.integers(0, 14)},
        ),
    ),
    st.sampled_from(
        [
            {"fact": "next_type_day", "op": "within_next_days", "value": 5},
            {"fact": "next_type_day", "op": "on_or_after", "value": "2026-03-20"},
            {"fact": "next_type_day", "op": "known", "value": True},
        ]
    ),
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda nodes: {"all": nodes}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda nodes: {"any": nodes}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda node: {"not": node}, inner),
    ),
    max_leaves=5,
)


@given(tree=_TREES, values=someone())
def test_time_alone_changes_no_answer_before_the_day_that_was_told(
    tree: Any, values: dict[str, Any]
) -> None:
    try:
        rule = compiled(tree)
    except Invalid:
        return  # deeper than a rule may be
    today = TODAY.toordinal()
    first = rule.holds(values, today)
    turn = rule.turns(values, today)
    assert turn is None or turn > today
    until = turn if turn is not None else today + 1_000
    assert all(rule.holds(values, on) == first for on in range(today, until))


def test_the_day_that_is_told_is_the_very_day() -> None:
    rule = compiled(LAPSED)
    told = turns(LAPSED, ANN)
    assert told is not None
    before = told - timedelta(days=1)
    assert not rule.holds(ANN, before.toordinal())
    assert rule.holds(ANN, told.toordinal())
