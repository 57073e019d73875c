"""The figures of docs/algorithms/earning.md and refunds.md, worked out by the code, and the laws
of orders behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kernel.periods import Window
from regulars.modules.earning.rules import cap_left, earn_dates, earned, line_rates
from regulars.modules.earning.types import (
    Crossing,
    Earning,
    EarningRule,
    Expiry,
    Frozen,
    LineFacts,
    Rate,
)
from regulars.modules.orders.errors import OverRefund
from regulars.modules.orders.explaining import explained
from regulars.modules.orders.rules import (
    cash_back,
    kept_net,
    taken_by_return,
    wholly_returned,
    with_returns,
)
from regulars.modules.orders.types import Draft, DraftLine, LineView
from regulars.modules.programmes.rules import Circumstances, Terms, terms_of
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.types import Keep, Ladder, Tier

DOCS = Path(__file__).parents[2] / "docs" / "algorithms"
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAID = datetime(2026, 3, 10, 4, tzinfo=UTC)
TODAY = date(2026, 3, 10)
BASKET = [1_999, 500, 350]
FACTS = [
    LineFacts("tea", "food", None),
    LineFacts("fuel", "fuel", None),
    LineFacts("bread", "food", None),
]
PLAIN = Frozen(per_minor=100, amount=1, tier_bps=10_000)
SILVER = Frozen(per_minor=100, amount=1, tier_bps=12_000)
FUEL = Rate("fuel", 5_000, categories=frozenset({"fuel"}))
BREAD = Rate("bread", 20_000, skus=frozenset({"bread"}))


def lines(*net: int, quantity: int = 1) -> list[LineView]:
    return [LineView(n, f"S{n}", quantity, None, minor, 0) for n, minor in enumerate(net, 1)]


# ── earning.md ────────────────────────────────────────────────────────────────────────────


def test_one_floor_for_the_whole_order() -> None:
    assert earned(PLAIN, BASKET) == 28
    assert sum(earned(PLAIN, [net]) for net in BASKET) == 27
    assert (earned(PLAIN, [50]) + earned(PLAIN, [50]), earned(PLAIN, [100])) == (0, 1)


def test_rates_multiply_before_the_floor() -> None:
    assert earned(SILVER, BASKET) == 34
    rule = EarningRule(rates=(FUEL, BREAD, Rate("food", 10_000, categories=frozenset({"food"}))))
    rates = line_rates(rule, FACTS, day=TODAY, store=None, channel=None)
    assert rates == (10_000, 5_000, 20_000), "of several rates the highest"
    assert earned(Frozen(100, 1, 12_000, rates), BASKET) == 35


def test_caps() -> None:
    assert cap_left(EarningRule(per_order_max=30), earned_today=0) == 30
    assert earned(Frozen(100, 1, 12_000, most=30), BASKET) == 30
    assert cap_left(EarningRule(per_day_max=50), earned_today=40) == 10
    assert cap_left(EarningRule(per_day_max=50, per_order_max=30), earned_today=60) == 0
    assert cap_left(EarningRule(), earned_today=10**9) is None


@pytest.mark.parametrize(
    ("crossing", "counter", "points"),
    [
        ("before", 45_000, 200),
        ("split", 45_000, 230),
        ("split", 49_999, 239),
        ("split", 30_000, 200),
    ],
)
def test_crossing_a_threshold_inside_an_order(crossing: str, counter: int, points: int) -> None:
    found = terms_of(shop(crossing), [FACTS[0]], at(tier="basic", counter=counter))
    assert earned(found.points, [20_000]) == points


def test_exactly_at_the_threshold_the_member_is_there_already() -> None:
    found = terms_of(shop("split"), [FACTS[0]], at(tier="silver", counter=50_000))
    assert earned(found.points, [20_000]) == 240
    assert found.points.crossings == ()


def test_when_it_is_there_and_when_it_is_gone() -> None:
    rule = EarningRule(pending_days=7, expiry=Expiry("months", 12, "month"))
    dates = earn_dates(rule, earned_at=PAID, zone=SHANGHAI)
    assert dates.available_at == datetime(2026, 3, 16, 16, tzinfo=UTC)
    assert dates.expires_at == datetime(2027, 3, 31, 16, tzinfo=UTC)
    thirty = earn_dates(EarningRule(expiry=Expiry("days", 30)), earned_at=PAID, zone=SHANGHAI)
    assert thirty.expires_at == datetime(2026, 4, 9, 16, tzinfo=UTC)


def shop(crossing: str) -> Programme:
    tiers = (Tier("basic", {}, 0, 0), Tier("silver", {}, 50_000, 50_000))
    rule = EarningRule(tier_bps={"silver": 12_000})
    ladder = Ladder("spend", Window("lifetime"), Keep(), tiers, crossing)  # type: ignore[arg-type]
    return Programme(1, "shop", ladder, Earning(rule, EarningRule()))


def at(*, tier: str, counter: int) -> Circumstances:
    return Circumstances(tier, counter, TODAY, None, None, 0, 0)


# ── refunds.md ────────────────────────────────────────────────────────────────────────────


def test_money_goes_back_by_what_is_back_in_all() -> None:
    before, paid = lines(1_000, quantity=3), []
    for _ in range(3):
        after = with_returns(before, {1: 1})
        paid += [part.cash_minor for part in cash_back(before, after)]
        before = after
    assert paid == [333, 333, 334]
    assert wholly_returned(before)


@pytest.mark.parametrize("returns", [{1: 4}, {2: 1}, {1: 1, 2: 1}])
def test_more_than_is_left_is_refused(returns: dict[int, int]) -> None:
    with pytest.raises(OverRefund):
        with_returns(lines(1_000, quantity=3), returns)


def taken(frozen: Frozen, *order: int) -> list[int]:
    """What returning lines of the basket one by one takes back."""
    before, found = lines(*BASKET), []
    for number in order:
        after = with_returns(before, {number: 1})
        found.append(taken_by_return(frozen, kept_net(before), kept_net(after)))
        before = after
    return found


def test_points_go_back_by_what_is_kept() -> None:
    assert taken(SILVER, 3, 2, 1) == [5, 6, 23]
    assert taken(SILVER, 1, 2, 3) == [24, 6, 4]
    assert [earned(SILVER, [net]) for net in BASKET] == [23, 6, 4], "line by line one is lost"
    assert taken(Frozen(100, 1, 12_000, most=30), 3, 2, 1) == [1, 6, 23]
    assert all(sum(taken(SILVER, *order)) == 34 for order in permutations((1, 2, 3)))


def test_the_pages_quote_these_figures() -> None:
    earning = (DOCS / "earning.md").read_text(encoding="utf-8")
    refunds = (DOCS / "refunds.md").read_text(encoding="utf-8")
    for figure in ("28.49", "34.188", "35.388", "**230**", "2026-03-16T16", "2027-03-31T16"):
        assert figure in earning, figure
    for figure in ("3.34", "5 + 6 + 23 = 34", "24, 6 and 4", "1, 6 and 23", "**30 are owed**"):
        assert figure in refunds, figure


# ── what is frozen and told ───────────────────────────────────────────────────────────────


FROZEN = st.builds(
    Frozen,
    per_minor=st.sampled_from([1, 100]),
    amount=st.integers(0, 10),
    tier_bps=st.integers(0, 30_000),
    line_bps=st.lists(st.integers(0, 30_000), max_size=4).map(tuple),
    crossings=st.lists(st.builds(Crossing, st.integers(0, 9_999), st.integers(0, 30_000))).map(
        tuple
    ),
    most=st.none() | st.integers(0, 10**6),
)


@given(points=FROZEN, growth_value=FROZEN, number=st.integers(1, 99))
def test_terms_are_read_back_as_they_were_written(
    points: Frozen, growth_value: Frozen, number: int
) -> None:
    terms = Terms(number, "gold", points, growth_value)
    assert Terms.from_json(terms.to_json()) == terms


def test_an_order_explains_itself() -> None:
    points = Frozen(100, 1, 12_000, (10_000, 5_000, 20_000), (Crossing(50, 13_000),), 30)
    told = explained(Terms(1, "silver", points, Frozen(100, 0, 10_000)), lines(*BASKET))
    assert [(part["code"], part["asset"]) for part in told] == [
        ("base", "points"), ("line", "points"), ("line", "points"), ("tier", "points"),
        ("crossing", "points"), ("most", "points"),
    ]  # fmt: skip
    assert told[0] == {
        "code": "base", "asset": "points", "base_minor": 2_849, "per_minor": 100, "amount": 1,
    }  # fmt: skip


BASKETS = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3_000)), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(basket=BASKETS, rate=st.integers(0, 30_000), chance=st.randoms(use_true_random=False))
def test_any_way_back_ends_at_nothing(
    basket: list[tuple[int, int]], rate: int, chance: object
) -> None:
    frozen = Frozen(100, 1, rate)
    before = [LineView(n, "S", q, None, net, 0) for n, (q, net) in enumerate(basket, 1)]
    units = [line.line for line in before for _ in range(line.quantity)]
    chance.shuffle(units)  # type: ignore[attr-defined]
    whole, cash, points = before, 0, 0
    for number in units:
        after = with_returns(before, {number: 1})
        parts = cash_back(before, after)
        less = taken_by_return(frozen, kept_net(before), kept_net(after))
        assert less >= 0
        assert all(part.cash_minor >= 0 for part in parts)
        cash, points = cash + sum(part.cash_minor for part in parts), points + less
        assert earned(frozen, kept_net(after)) == earned(frozen, kept_net(whole)) - points
        before = after
    assert wholly_returned(before)
    assert (cash, points) == (sum(kept_net(whole)), earned(frozen, kept_net(whole)))


# ── what an order is ──────────────────────────────────────────────────────────────────────


def draft(**given: object) -> Draft:
    line = DraftLine("tea", 1, 500, 500)
    facts = {
        "external_id": "A-1", "lines": (line,), "placed_at": PAID, "paid_at": PAID,
        "paid_minor": 500, "identity": ("phone", "+8613800138000"), **given,
    }  # fmt: skip
    return Draft(**facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"lines": (DraftLine("tea", 2, 250, 500),)},
        {"lines": (DraftLine("tea", 1, 500, 499),)},
        {"paid_at": None},
        {"placed_at": PAID.replace(hour=5)},
        {"paid_minor": 400},
        {"identity": ("phone", "+8613800138001")},
        {"identity": ("email", "+8613800138000")},
        {"store": "s"},
        {"channel": "s"},
    ],
    ids=str,
)
def test_other_content_is_another_order(other: dict[str, object]) -> None:
    assert draft(**other).fingerprint() != draft().fingerprint()
    assert draft().fingerprint() == draft(external_id="B-2").fingerprint(), "the id is not content"
