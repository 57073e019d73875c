"""The expressions against the same numbers worked out by hand, on small random trades."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import by_hand
import pytest
from fact_files import order, write_facts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts

pytestmark = pytest.mark.slow

# Few members and few days, so that same-day orders and ties are the rule.
FIRST_DAY = date(2025, 12, 20)
SPAN_DAYS = 100
MEMBERS = ("mem_a", "mem_b", "mem_c", "mem_d", "mem_e", "mem_f", "mem_g")


@st.composite
def random_orders(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for _number in range(draw(st.integers(0, 40))):
        member = draw(st.sampled_from((*MEMBERS, None)))
        key = member or draw(st.sampled_from(("walk_in_1", "walk_in_2", None)))
        net = draw(st.integers(0, 300))
        kept = draw(st.sampled_from((net, net, net // 2, 0)))
        found.append(
            order(
                member,
                FIRST_DAY + timedelta(days=draw(st.integers(0, SPAN_DAYS))),
                kept,
                member_key=key,
                net_minor=net,
                channel=draw(st.sampled_from(("till", "web", None))),
                counted=draw(st.sampled_from((True, True, True, False))),
            )
        )
    return found


DAYS = st.integers(0, SPAN_DAYS + 5).map(lambda ahead: FIRST_DAY + timedelta(days=ahead))
# Shrinking is left out: with an engine behind every try it takes minutes, and trades are small.
BOUNDED = settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.data_too_large],
)


def with_facts(orders: list[dict[str, Any]], root: str) -> Facts:
    return write_facts(Path(root), orders=orders)


@BOUNDED
@given(random_orders(), DAYS)
def test_cohorts(orders: list[dict[str, Any]], as_of: date) -> None:
    with TemporaryDirectory() as root:
        report = reports.cohorts(with_facts(orders, root), as_of=as_of)
    assert report["cohorts"] == by_hand.cohorts(orders, as_of)
    assert report["members"] == len(by_hand.purchases(orders, as_of))
    assert report["bought_again_within_days"] == {
        str(days): by_hand.bought_again(orders, as_of, days) for days in (30, 60, 90, 180, 365)
    }


@BOUNDED
@given(random_orders(), DAYS)
def test_rfm(orders: list[dict[str, Any]], as_of: date) -> None:
    with TemporaryDirectory() as root:
        report = reports.rfm(with_facts(orders, root), as_of=as_of)
    scores = by_hand.rfm_scores(orders, as_of)
    cells = Counter("".join(map(str, three)) for three in scores.values())
    assert {cell: n for cell, n in report["cells"].items() if n} == cells
    for index, letter in enumerate(("r", "f", "m")):
        sizes = Counter(three[index] for three in scores.values())
        assert report["quintiles"][letter] == [sizes[score] for score in range(1, 6)]  # type: ignore[literal-required]
    bought = by_hand.purchases(orders, as_of).values()
    assert report["means"] == {
        "recency_days": by_hand.mean([(as_of - max(days)).days for days in bought]),
        "frequency": by_hand.mean([len(days) for days in bought]),
        "monetary_minor": by_hand.mean([sum(days.values()) for days in bought]),
    }


@BOUNDED
@given(random_orders(), DAYS, st.integers(1, SPAN_DAYS + 5))
def test_repurchase_and_its_trend(
    orders: list[dict[str, Any]], as_of: date, window_days: int
) -> None:
    with TemporaryDirectory() as root:
        facts = with_facts(orders, root)
        report = reports.repurchase(facts, as_of=as_of, window_days=window_days)
        trend = reports.repurchase_trend(
            facts, as_of=as_of, window_days=window_days, period="week", points=4
        )
    assert report == by_hand.repurchase(orders, as_of, window_days)
    for point in trend["points"]:
        expected = by_hand.repurchase(orders, date.fromisoformat(point["day"]), window_days)
        for key in ("members_active", "members_again", "rate_bps", "coverage_bps"):
            assert point[key] == expected[key], point["day"]


@BOUNDED
@given(random_orders(), DAYS)
def test_second_order_curve(orders: list[dict[str, Any]], as_of: date) -> None:
    with TemporaryDirectory() as root:
        curves = reports.second_order(with_facts(orders, root), as_of=as_of)["curves"]
    assert bool(curves) == bool(by_hand.purchases(orders, as_of))
    for point in (point for curve in curves for point in curve["points"]):
        share = by_hand.second_order_share(orders, as_of, point["days"])
        exact = Decimal(share.numerator * 10_000) / Decimal(share.denominator)
        assert point["again_bps"] == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    for curve in curves:
        median = curve["median_days"]
        last = curve["points"][-1]["days"] if curve["points"] else 0
        if median is None:
            assert by_hand.second_order_share(orders, as_of, last) < Fraction(1, 2)
        else:
            assert by_hand.second_order_share(orders, as_of, median) >= Fraction(1, 2)
            assert by_hand.second_order_share(orders, as_of, median - 1) < Fraction(1, 2)


@BOUNDED
@given(random_orders(), DAYS, st.integers(1, SPAN_DAYS + 5))
def test_sales_and_coverage(orders: list[dict[str, Any]], as_of: date, window_days: int) -> None:
    with TemporaryDirectory() as root:
        facts = with_facts(orders, root)
        sales = reports.sales(facts, as_of=as_of, window_days=window_days)
        coverage = reports.coverage(facts, as_of=as_of, window_days=window_days)
    first = {m: min(days) for m, days in by_hand.purchases(orders, as_of).items()}
    inside = [
        o
        for o in orders
        if o["counted"] and as_of - timedelta(days=window_days) < o["day"] <= as_of
    ]
    known = [o for o in inside if o["member_id"]]
    new = sum(o["kept_minor"] for o in known if o["day"] == first[o["member_id"]])
    worth = sum(o["kept_minor"] for o in known)
    total = sum(o["kept_minor"] for o in inside)
    assert (sales["orders"], sales["revenue_minor"]) == (len(inside), total)
    assert sales["order_value_minor"] == by_hand.mean([o["kept_minor"] for o in inside])
    assert (sales["new_minor"], sales["returning_minor"]) == (new, worth - new)
    assert sales["unknown_minor"] == total - worth
    assert sales["returning_bps"] == by_hand.bps(worth - new, worth)
    assert coverage["orders_with_member"] == len(known)
    assert coverage["coverage_bps"] == by_hand.bps(len(known), len(inside))
    assert coverage["revenue_coverage_bps"] == by_hand.bps(worth, total)
    assert {line["name"]: line["orders"] for line in coverage["channels"]} == Counter(
        o["channel"] for o in inside
    )
