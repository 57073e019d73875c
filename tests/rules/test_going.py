"""What orders of one day go by is what the rule says of each of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from regulars.kernel.periods import Window
from regulars.modules.earning.rules import KnownLines, RateMemo, earn_dates
from regulars.modules.earning.types import Earning, EarningRule, Expiry, LineFacts, Rate
from regulars.modules.programmes.going import GoingMemo
from regulars.modules.programmes.rules import Circumstances, terms_of
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.types import Keep, Ladder, Tier

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 3, 1)
FACTS = [LineFacts(sku, category, None) for sku, category in
         (("tea", "food"), ("fuel", "fuel"), ("bread", "food"), ("cup", None))]  # fmt: skip
TIERS = (Tier("basic", {}, 0, 0), Tier("silver", {}, 500, 500))

#: Days after the first, tier, store, channel, goods, points and growth value of that day.
Order = tuple[int, str, str | None, str | None, list[str], int, int]

names = st.sampled_from([None, "A", "B"])
some = st.frozensets(st.sampled_from(["A", "B"]), max_size=1)
rates = st.builds(
    Rate,
    st.just("r"),
    st.sampled_from([0, 5_000, 10_000, 20_000]),
    categories=st.frozensets(st.sampled_from(["food", "fuel"]), max_size=1),
    skus=st.frozensets(st.sampled_from(["tea", "cup"]), max_size=1),
    stores=some,
    channels=some,
    days_of_month=st.frozensets(st.sampled_from([1, 2]), max_size=1),
)
earning_rules = st.builds(
    EarningRule,
    tier_bps=st.sampled_from([{}, {"silver": 12_000}]),
    rates=st.lists(rates, max_size=2).map(tuple),
    per_order_max=st.sampled_from([None, 30]),
    per_day_max=st.sampled_from([None, 50]),
    expiry=st.sampled_from([Expiry(), Expiry("days", 30), Expiry("months", 2, "month")]),
)
orders = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["basic", "silver"]),
    names,
    names,
    st.lists(st.sampled_from([fact.sku for fact in FACTS]), min_size=1, max_size=3),
    st.sampled_from([0, 10, 60]),
    st.sampled_from([0, 20]),
)


def programme(
    points: EarningRule, growth_value: EarningRule, crossing: str = "before"
) -> Programme:
    ladder = Ladder("spend", Window("lifetime"), Keep(), TIERS, crossing)  # type: ignore[arg-type]
    return Programme(1, "shop", ladder, Earning(points, growth_value))


@given(earning_rules, earning_rules, st.lists(orders, min_size=1, max_size=12))
def test_the_terms_are_those_of_the_rule(
    points: EarningRule, growth_value: EarningRule, asked: list[Order]
) -> None:
    shop, known = programme(points, growth_value), RateMemo()
    known.learn(FACTS)
    memo = GoingMemo(known, ZONE)
    for after, tier, store, channel, skus, points_today, growth_value_today in asked:
        day = FIRST + timedelta(days=after)
        going = memo.of(shop, tier, day, store, channel)
        assert going is not None
        circumstances = Circumstances(
            tier, 0, day, store, channel, points_today, growth_value_today
        )
        by_rule = terms_of(shop, KnownLines(skus, known), circumstances)
        assert going.terms(skus, points_today, growth_value_today) == by_rule
        for rule, by_memo in ((points, going.points), (growth_value, going.growth_value)):
            noon = datetime.combine(day, time(12), ZONE)
            assert earn_dates(rule, earned_at=noon, zone=ZONE) == (noon, by_memo.expires_at)


def test_goods_that_are_learnt_later_have_their_rates() -> None:
    fuel = Rate("fuel", 5_000, categories=frozenset({"fuel"}))
    shop, known = programme(EarningRule(rates=(fuel,)), EarningRule()), RateMemo()
    memo = GoingMemo(known, ZONE)
    going = memo.of(shop, "basic", FIRST, None, None)
    assert going is not None
    assert going.terms(["fuel"], 0, 0).points.line_bps == ()
    known.learn(FACTS)
    assert going.terms(["tea", "fuel"], 0, 0).points.line_bps == (10_000, 5_000)


def test_what_is_promised_first_or_split_at_a_threshold_is_left_to_the_rule() -> None:
    later = programme(EarningRule(), EarningRule(pending_days=7))
    split = programme(EarningRule(), EarningRule(), "split")
    for shop in (later, split):
        assert GoingMemo(RateMemo(), ZONE).of(shop, "basic", FIRST, None, None) is None
    ordinary = programme(EarningRule(), EarningRule())
    assert GoingMemo(RateMemo(), ZONE).of(ordinary, "basic", FIRST, None, None) is not None
