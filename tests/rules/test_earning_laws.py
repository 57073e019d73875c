"""What earning promises whatever the rates: one floor, a cap, and no gain from splitting (I-10)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from earning_orders import priced_lines
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.earning.rules import cap_left, earned
from regulars.modules.earning.types import Crossing, EarningRule, Frozen

EXAMPLES = settings(max_examples=300, deadline=None, database=None)


def by_hand(frozen: Frozen, nets: Sequence[int]) -> int:
    """Every minor unit by itself: its line's rate times the tier rate of the place it stands in,
    slow lines first; one floor, then the cap."""
    line_bps = frozen.line_bps or (10_000,) * len(nets)
    units = sorted(bps for bps, net in zip(line_bps, nets, strict=True) for _ in range(net))
    exact = Fraction(0)
    for place, bps in enumerate(units):
        tier = [c.tier_bps for c in frozen.crossings if c.above_minor <= place]
        rate = Fraction(tier[-1] if tier else frozen.tier_bps, 10_000) * Fraction(bps, 10_000)
        exact += rate * frozen.amount / frozen.per_minor
    whole = exact.numerator // exact.denominator
    return whole if frozen.most is None else min(whole, frozen.most)


# ── what an order earns ───────────────────────────────────────────────────────────────────


@given(lines=priced_lines(max_lines=5, most_net=120))
@EXAMPLES
def test_an_order_earns_one_floor_of_the_exact_sum(lines: tuple[Frozen, list[int]]) -> None:
    frozen, nets = lines
    assert earned(frozen, nets) == by_hand(frozen, nets)


def test_a_crossing_changes_the_rate_at_the_exact_unit() -> None:
    at = Frozen(per_minor=1, amount=1, tier_bps=10_000, crossings=(Crossing(100, 20_000),))
    assert [earned(at, [net]) for net in (99, 100, 101)] == [99, 100, 102]


def test_one_floor_for_the_order_not_one_for_each_line() -> None:
    terms = Frozen(per_minor=100, amount=1, tier_bps=10_000)
    assert earned(terms, [50, 50]) == 1
    assert earned(terms._replace(line_bps=(10_000, 10_000)), [50, 50]) == 1


@given(lines=priced_lines(max_lines=6), which=st.integers(0, 5), more=st.integers(1, 500))
@EXAMPLES
def test_an_order_never_earns_less_for_more(
    lines: tuple[Frozen, list[int]], which: int, more: int
) -> None:
    frozen, nets = lines
    risen = list(nets)
    risen[which % len(nets)] += more
    assert earned(frozen, risen) >= earned(frozen, nets) >= 0
    assert earned(frozen, [0] * len(nets)) == 0


@given(data=st.data(), lines=priced_lines(min_lines=2, max_lines=6))
@EXAMPLES
def test_the_order_of_lines_changes_nothing(
    data: st.DataObject, lines: tuple[Frozen, list[int]]
) -> None:
    frozen, nets = lines
    places = data.draw(st.permutations(range(len(nets))))
    line_bps = tuple(frozen.line_bps[place] for place in places) if frozen.line_bps else ()
    other = frozen._replace(line_bps=line_bps)
    assert earned(other, [nets[place] for place in places]) == earned(frozen, nets)


# ── splitting never gains (I-10) ──────────────────────────────────────────────────────────


def later(frozen: Frozen, *, net_before: int, earned_before: int) -> Frozen:
    """The terms of the next order of the same day: crossings come nearer, the cap shrinks."""
    passed = [c for c in frozen.crossings if c.above_minor <= net_before]
    return frozen._replace(
        tier_bps=passed[-1].tier_bps if passed else frozen.tier_bps,
        crossings=tuple(
            Crossing(c.above_minor - net_before, c.tier_bps)
            for c in frozen.crossings
            if c.above_minor > net_before
        ),
        most=None if frozen.most is None else frozen.most - earned_before,
    )


@given(data=st.data(), lines=priced_lines(max_lines=5), parts=st.integers(2, 4))
@settings(EXAMPLES, max_examples=500)
def test_no_split_into_orders_earns_more(
    data: st.DataObject, lines: tuple[Frozen, list[int]], parts: int
) -> None:
    frozen, nets = lines
    left = list(nets)
    net_before = total = 0
    for number in range(parts):
        part = left
        if number < parts - 1:
            # Whole lines as well as parts of them.
            part = [data.draw(st.sampled_from([0, net, net // 2])) for net in left]
        left = [net - taken for net, taken in zip(left, part, strict=True)]
        terms = later(frozen, net_before=net_before, earned_before=total)
        total += earned(terms, part)
        net_before += sum(part)
    assert total <= earned(frozen, nets)


def test_a_fast_line_bought_by_itself_past_the_crossing_earns_no_more() -> None:
    together = Frozen(
        per_minor=1,
        amount=1,
        tier_bps=10_000,
        line_bps=(20_000, 10_000),
        crossings=(Crossing(100, 20_000),),
    )
    slow_first = earned(Frozen(1, 1, 10_000, (10_000,), (Crossing(100, 20_000),)), [100])
    fast_then = earned(Frozen(1, 1, 20_000, (20_000,)), [100])
    assert slow_first + fast_then == 500
    assert earned(together, [100, 100]) == 500


@given(
    orders=st.lists(st.integers(0, 600), min_size=1, max_size=8),
    per_order=st.one_of(st.none(), st.integers(0, 900)),
    per_day=st.one_of(st.none(), st.integers(0, 1_500)),
)
@EXAMPLES
def test_a_day_never_earns_past_its_cap(
    orders: list[int], per_order: int | None, per_day: int | None
) -> None:
    rule = EarningRule(per_order_max=per_order, per_day_max=per_day)
    today = asked = 0
    for net in orders:
        most = cap_left(rule, earned_today=today)
        gained = earned(Frozen(per_minor=1, amount=1, tier_bps=10_000, most=most), [net])
        assert per_order is None or gained <= per_order
        today += gained
        assert per_day is None or today <= per_day
        asked += net if per_order is None else min(net, per_order)
        assert today == (asked if per_day is None else min(asked, per_day))


@given(
    parts=st.lists(st.integers(0, 600), min_size=1, max_size=6),
    per_order=st.integers(0, 900),
    less=st.integers(0, 300),
)
@EXAMPLES
def test_under_a_cap_for_the_day_no_split_of_an_order_earns_more(
    parts: list[int], per_order: int, less: int
) -> None:
    """A cap per order alone can be got round by making more orders (docs/algorithms/earning.md)."""
    rule = EarningRule(per_order_max=per_order, per_day_max=max(0, per_order - less))
    whole = _in_one_day(rule, [sum(parts)])
    assert _in_one_day(rule, parts) <= whole


@pytest.mark.parametrize(
    ("rule", "split"),
    [
        (EarningRule(per_order_max=30), 40),
        (EarningRule(per_day_max=30), 30),
        (EarningRule(per_order_max=30, per_day_max=30), 30),
    ],
)
def test_what_a_split_earns_under_each_cap(rule: EarningRule, split: int) -> None:
    assert _in_one_day(rule, [4_000], per_minor=100) == 30
    assert _in_one_day(rule, [2_000, 2_000], per_minor=100) == split


def _in_one_day(rule: EarningRule, nets: list[int], *, per_minor: int = 1) -> int:
    today = 0
    for net in nets:
        most = cap_left(rule, earned_today=today)
        today += earned(Frozen(per_minor=per_minor, amount=1, tier_bps=10_000, most=most), [net])
    return today
