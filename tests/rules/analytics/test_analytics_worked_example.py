"""The shop of docs/algorithms/repurchase.md: the prose and the code give the same figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from fact_files import order, write_facts

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.types import PointValue

AS_OF = date(2026, 4, 29)


@pytest.fixture
def shop(tmp_path: Path) -> Facts:
    def on(month: int, day: int) -> date:
        return date(2026, month, day)

    return write_facts(
        tmp_path,
        orders=[
            order("Ann", on(1, 5), 4000),
            order("Ann", on(1, 5), 1000),
            order("Ann", on(2, 10), 3000),
            order("Ann", on(4, 20), 2000),
            order("Bo", on(1, 20), 8000),
            order("Bo", on(3, 1), 0),
            order("Chen", on(1, 31), 2500),
            order("Chen", on(2, 14), 0, net_minor=6000, counted=False),
            order("Dee", on(2, 2), 6000, net_minor=10_000),
            order("Dee", on(3, 15), 0, net_minor=5000, counted=False),
            order("Eve", on(4, 28), 1500),
            order(None, on(4, 29), 3500),
        ],
        members=[
            member("Ann", on(1, 3), "expo"),
            member("Bo", on(1, 20), "expo"),
            member("Chen", on(2, 1), "tmall"),
            member("Dee", on(2, 2), "tmall", status="shopper"),
            member("Eve", on(4, 28), None),
            member("Flo", on(1, 10), "tmall"),
            member("Gus", on(4, 20), "tmall", status="left"),
        ],
    )


def member(
    name: str, joined_day: date, channel: str | None, *, status: str = "active"
) -> dict[str, object]:
    return {
        "member_id": name,
        "joined_day": joined_day,
        "channel": channel,
        "store": None,
        "status": status,
    }


def test_recruitment(shop: Facts) -> None:
    report = reports.recruitment(shop, as_of=AS_OF)
    steps = ("joined", "first", "second", "third")
    assert [report["total"][step] for step in steps] == [6, 3, 2, 1]  # type: ignore[literal-required]
    assert (report["total"]["first_bps"], report["total"]["second_bps"]) == (5000, 6667)
    by_source = {line["name"]: line for line in report["sources"]}
    assert [by_source["expo"][step] for step in steps] == [2, 2, 2, 1]  # type: ignore[literal-required]
    assert [by_source["tmall"][step] for step in steps] == [3, 0, 0, 0]  # type: ignore[literal-required]
    assert by_source["expo"]["revenue_minor"] == 18_000
    assert by_source["expo"]["revenue_per_member_minor"] == 9_000.0
    (thirty, ninety) = by_source["expo"]["ages"]
    assert (thirty["joined"], thirty["first"], thirty["second"]) == (2, 2, 0)
    assert (ninety["joined"], ninety["first"], ninety["second"]) == (2, 2, 2)
    assert [(line["name"], line["joined"], line["first"]) for line in report["cohorts"]] == [
        ("2026-01", 3, 2),
        ("2026-02", 1, 0),
        ("2026-04", 2, 1),
    ]
    assert report["broken"] == []


def test_frequency_and_order_value(shop: Facts) -> None:
    members, shoppers, unknown = reports.frequency(shop, as_of=AS_OF, window_days=90)["groups"]
    assert (members["buyers"], members["purchases"], members["frequency"]) == (4, 5, 1.25)
    assert members["bought"] == [3, 1, 0, 0, 0]
    assert (members["orders"], members["order_value_minor"]) == (5, 1800.0)
    assert (shoppers["buyers"], shoppers["orders"], shoppers["revenue_minor"]) == (1, 1, 6000)
    assert (unknown["orders"], unknown["order_value_minor"], unknown["buyers"]) == (1, 3500.0, None)


def test_a_broken_step_is_the_first_that_half_as_many_pass(tmp_path: Path) -> None:
    joined = date(2026, 1, 1)
    names = [f"{source}{n}" for source in ("good", "bad", "once") for n in range(30)]
    buys = [(name, 2) for name in names if name.startswith("good")]
    buys += [(name, 1) for name in names if name.startswith("once")]
    facts = write_facts(
        tmp_path,
        orders=[
            order(name, date(2026, 1, 5 + time), 100)
            for name, times in buys
            for time in range(times)
        ],
        members=[member(name, joined, name.rstrip("0123456789")) for name in names],
    )
    broken = reports.recruitment(facts, as_of=AS_OF)["broken"]
    assert broken == [
        {"source": "bad", "step": "first", "bps": 0, "all_bps": 6667},
        {"source": "once", "step": "second", "bps": 0, "all_bps": 5000},
    ]


def test_repurchase_rate_and_coverage(shop: Facts) -> None:
    report = reports.repurchase(shop, as_of=AS_OF, window_days=90)
    assert (report["members_active"], report["members_again"]) == (5, 1)
    assert (report["rate_bps"], report["coverage_bps"]) == (2000, 8571)


def test_second_order_curve(shop: Facts) -> None:
    (curve,) = reports.second_order(shop, as_of=AS_OF)["curves"]
    assert curve["points"] == [
        {"days": 36, "at_risk": 4, "bought": 1, "again_bps": 2500},
        {"days": 40, "at_risk": 3, "bought": 1, "again_bps": 5000},
    ]
    assert (curve["median_days"], curve["observed_days"]) == (40, 88)


def test_cohorts(shop: Facts) -> None:
    report = reports.cohorts(shop, as_of=AS_OF)
    assert [(c["cohort"], c["size"], c["active"], c["over"]) for c in report["cohorts"]] == [
        ("2026-01", 3, [1, 1, None], True),
        ("2026-02", 1, [0, None], True),
        ("2026-04", 1, [], False),
    ]
    assert report["cohorts"][0]["returned_by"] == [1, 2, None]
    assert [month["active_bps"] for month in report["average"]] == [2500, 3333]
    assert report["bought_again_within_days"]["60"] == 2
    day_later = reports.cohorts(shop, as_of=date(2026, 4, 30))
    assert day_later["cohorts"][0]["active"] == [1, 1, 1]


def test_rfm(shop: Facts) -> None:
    report = reports.rfm(shop, as_of=AS_OF)
    assert report["means"] == {"recency_days": 48.6, "frequency": 1.6, "monetary_minor": 5600.0}
    assert {cell for cell, n in report["cells"].items() if n} == {"455", "344", "122", "223", "521"}
    assert report["quintiles"]["f"] == [0, 3, 0, 1, 1]


def test_returning_revenue(shop: Facts) -> None:
    report = reports.sales(shop, as_of=AS_OF, window_days=30)
    assert (report["returning_minor"], report["new_minor"]) == (2000, 1500)
    assert (report["unknown_minor"], report["returning_bps"]) == (3500, 5714)


def test_points_liability(tmp_path: Path) -> None:
    at = datetime.combine(AS_OF, time(9), UTC)
    posted = {"member_id": "Ann", "asset": "points", "at": at, "day": AS_OF}
    movements = {
        "earn": [1000],
        "redeem": [-300, 100],
        "expire": [-200],
        "clawback": [-80],
        "debt": [-30],
        "repay": [-10],
        "debt_repaid": [10],
    }
    facts = write_facts(
        tmp_path,
        postings=[
            {**posted, "kind": kind, "amount": amount}
            for kind, amounts in movements.items()
            for amount in amounts
        ],
    )
    value = PointValue(points=100, minor=100, breakage_bps=1000)
    report = reports.points_liability(facts, as_of=AS_OF, value=value)
    assert (report["issued"], report["spent"], report["expired"]) == (1000, 200, 200)
    assert (report["taken_back"], report["outstanding"], report["debt"]) == (90, 510, 20)
    assert report["liability_minor"] == 459
