"""What each report says about a trade small enough to count on the fingers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fact_files import order, write_facts

from regulars.modules.analytics import reports

JANUARY, MARCH = date(2026, 1, 10), date(2026, 3, 31)


def test_orders_of_one_day_are_one_purchase(tmp_path: Path) -> None:
    orders = [order("mem_a", MARCH), order("mem_a", MARCH), order("mem_b", JANUARY)]
    report = reports.repurchase(write_facts(tmp_path, orders=orders), as_of=MARCH, window_days=90)
    assert (report["members_active"], report["members_again"]) == (2, 0)


def test_an_order_of_zero_counts_and_a_cancelled_one_does_not(tmp_path: Path) -> None:
    orders = [
        order("mem_a", JANUARY),
        order("mem_a", MARCH, 0),
        order("mem_b", JANUARY),
        order("mem_b", MARCH, counted=False),
    ]
    report = reports.repurchase(write_facts(tmp_path, orders=orders), as_of=MARCH, window_days=90)
    assert (report["members_again"], report["rate_bps"]) == (1, 5000)


def test_the_window_leaves_out_its_start_and_takes_in_its_end(tmp_path: Path) -> None:
    orders = [order("mem_a", MARCH - timedelta(days=30)), order("mem_a", MARCH)]
    facts = write_facts(tmp_path, orders=orders)
    assert reports.repurchase(facts, as_of=MARCH, window_days=30)["members_again"] == 0
    assert reports.repurchase(facts, as_of=MARCH, window_days=31)["members_again"] == 1


def test_strangers_with_a_key_stand_beside_the_members(tmp_path: Path) -> None:
    orders = [
        order("mem_a", JANUARY),
        order(None, JANUARY, member_key="wechat-1"),
        order(None, MARCH, member_key="wechat-1"),
        order(None, MARCH),
    ]
    report = reports.repurchase(write_facts(tmp_path, orders=orders), as_of=MARCH, window_days=90)
    assert report["coverage_bps"] == 2500
    assert report["others"] == {"buyers_active": 1, "buyers_again": 1, "rate_bps": 10_000}


@pytest.mark.parametrize(
    ("as_of", "active", "over"),
    [
        (date(2026, 1, 30), [], False),
        (date(2026, 1, 31), [], True),
        (date(2026, 2, 27), [None], True),
        (date(2026, 2, 28), [1], True),
        (date(2026, 3, 1), [1, None], True),
        (date(2026, 4, 30), [1, 0, 0], True),
    ],
)
def test_a_month_not_over_is_unknown_not_zero(
    tmp_path: Path, as_of: date, active: list[int | None], over: bool
) -> None:
    orders = [order("mem_a", JANUARY), order("mem_b", JANUARY), order("mem_a", date(2026, 2, 3))]
    report = reports.cohorts(write_facts(tmp_path, orders=orders), as_of=as_of)
    (cohort,) = report["cohorts"]
    assert (cohort["active"], cohort["over"], cohort["size"]) == (active, over, 2)


def test_the_average_leaves_out_cohorts_that_have_not_seen_the_month(tmp_path: Path) -> None:
    orders = [
        *(order(f"mem_{number}", JANUARY) for number in range(3)),
        order("mem_0", date(2026, 2, 1)),
        order("mem_9", date(2026, 2, 2)),
        order("mem_0", date(2026, 3, 1)),
    ]
    report = reports.cohorts(write_facts(tmp_path, orders=orders), as_of=MARCH)
    assert [cohort["cohort"] for cohort in report["cohorts"]] == ["2026-01", "2026-02"]
    assert report["average"] == [
        {"month": 1, "members": 4, "active_bps": 2500, "returned_by_bps": 2500},
        {"month": 2, "members": 3, "active_bps": 3333, "returned_by_bps": 3333},
    ]


def test_the_members_behind_a_cohort_cell(tmp_path: Path) -> None:
    orders = [order("mem_a", JANUARY), order("mem_b", JANUARY), order("mem_b", MARCH)]
    facts = write_facts(tmp_path, orders=orders)
    behind = [
        reports.cohort_members(facts, as_of=MARCH, cohort="2026-01", month=month)
        for month in range(3)
    ]
    assert behind == [["mem_a", "mem_b"], [], ["mem_b"]]
    with pytest.raises(ValueError, match="month"):
        reports.cohort_members(facts, as_of=MARCH, cohort="2026-13", month=0)


def test_equal_values_share_a_score(tmp_path: Path) -> None:
    orders = [order(f"mem_{number}", JANUARY) for number in range(4)]
    orders += [order("mem_9", JANUARY), order("mem_9", MARCH)]
    facts = write_facts(tmp_path, orders=orders)
    report = reports.rfm(facts, as_of=MARCH)
    # Ranks 1 to 4 average 2.5: ceil(5 x 2.5 / 5) = 3 for all four of them.
    assert report["quintiles"] == {"r": [0, 0, 4, 0, 1], "f": [0, 0, 4, 0, 1], "m": [0, 0, 4, 0, 1]}
    assert report["cells"]["333"] == 4
    assert report["cuts"]["r"][2] == {"score": 3, "members": 4, "least": 80, "most": 80}
    assert report["cuts"]["r"][0] == {"score": 1, "members": 0, "least": None, "most": None}
    assert reports.rfm_members(facts, as_of=MARCH, recency=[4, 5], frequency=[5]) == ["mem_9"]


def test_segments_take_in_every_member_once(tmp_path: Path) -> None:
    orders = [order(f"mem_{number}", JANUARY + timedelta(days=number)) for number in range(10)]
    orders += [order(f"mem_{number}", MARCH) for number in range(3)]
    report = reports.rfm(write_facts(tmp_path, orders=orders), as_of=MARCH)
    assert sum(segment["members"] for segment in report["segments"]) == report["members"] == 10
    assert sum(segment["revenue_minor"] for segment in report["segments"]) == 1300
    champions = report["segments"][[s["segment"] for s in report["segments"]].index("champions")]
    assert (champions["members"], champions["members_bps"]) == (3, 3000)
    assert report["revenue_of_top_percent_bps"] == {"1": 1538, "5": 1538, "10": 1538, "20": 3077}


def test_the_second_order_curve_respects_who_is_still_waited_for(tmp_path: Path) -> None:
    day = date(2026, 1, 1)
    orders = [
        order("mem_a", day),
        order("mem_a", day + timedelta(days=10)),
        order("mem_b", day),
        order("mem_b", day + timedelta(days=30)),
        order("mem_c", day + timedelta(days=20)),  # watched for 20 days only
        order("mem_d", day),
    ]
    facts = write_facts(tmp_path, orders=orders)
    (curve,) = reports.second_order(facts, as_of=day + timedelta(days=40))["curves"]
    # Day 10: 1 of 4. Day 30: 1 of the 2 still watched, so 1 - 3/4 x 1/2.
    assert curve["points"] == [
        {"days": 10, "at_risk": 4, "bought": 1, "again_bps": 2500},
        {"days": 30, "at_risk": 2, "bought": 1, "again_bps": 6250},
    ]
    assert (curve["median_days"], curve["censored"], curve["observed_days"]) == (30, 2, 40)
    assert curve["milestones"][0] == {"days": 30, "at_risk": 2, "again_bps": 6250}
    assert curve["milestones"][1] == {"days": 60, "at_risk": 0, "again_bps": None}


def test_second_order_curves_go_by_the_first_order(tmp_path: Path) -> None:
    first = datetime(2026, 1, 10, 9, tzinfo=UTC)
    orders = [
        order("mem_a", JANUARY, channel="till", store="s1", paid_at=first + timedelta(hours=1)),
        order("mem_a", JANUARY, channel="web", store=None, paid_at=first),
        order("mem_a", MARCH, channel="till"),
        order("mem_b", MARCH, channel=None),
    ]
    facts = write_facts(tmp_path, orders=orders)
    channels = reports.second_order(facts, as_of=MARCH, by="channel")["curves"]
    assert [(c["group"], c["members"], c["bought_again"]) for c in channels] == [
        ("web", 1, 1),
        (None, 1, 0),
    ]
    cohorts = reports.second_order(facts, as_of=MARCH, by="cohort")["curves"]
    assert [(c["group"], c["median_days"]) for c in cohorts] == [("2026-01", 80), ("2026-03", None)]


def test_a_trend_says_where_its_window_is_not_whole(tmp_path: Path) -> None:
    orders = [order("mem_a", JANUARY), order("mem_a", date(2026, 2, 5)), order("mem_b", MARCH)]
    report = reports.repurchase_trend(
        write_facts(tmp_path, orders=orders), as_of=date(2026, 3, 20), window_days=50
    )
    points = [
        (p["day"], p["members_active"], p["members_again"], p["whole_window"])
        for p in report["points"]
    ]
    assert points == [
        ("2026-01-31", 1, 0, False),
        ("2026-02-28", 1, 1, True),
        ("2026-03-20", 1, 0, True),
    ]


def test_coverage_by_channel_and_store(tmp_path: Path) -> None:
    orders = [
        order("mem_a", MARCH, 300, channel="web"),
        order(None, MARCH, 100, channel="web", store="s1"),
        order("mem_b", MARCH, 0, store="s1"),
    ]
    report = reports.coverage(write_facts(tmp_path, orders=orders), as_of=MARCH)
    assert (report["coverage_bps"], report["revenue_coverage_bps"]) == (6667, 7500)
    assert [(c["name"], c["coverage_bps"]) for c in report["channels"]] == [
        ("web", 5000),
        (None, 10_000),
    ]
    assert [(s["name"], s["revenue_coverage_bps"]) for s in report["stores"]] == [
        ("s1", 0),
        (None, 10_000),
    ]


def test_returning_revenue_starts_the_day_after_the_first_purchase(tmp_path: Path) -> None:
    orders = [
        order("mem_a", JANUARY, 700),
        order("mem_a", MARCH, 200),
        order("mem_b", MARCH, 100),
        order("mem_b", MARCH, 50),
        order(None, MARCH, 400),
    ]
    report = reports.sales(write_facts(tmp_path, orders=orders), as_of=MARCH, window_days=30)
    assert (report["new_minor"], report["returning_minor"]) == (150, 200)
    assert (report["unknown_minor"], report["revenue_minor"]) == (400, 750)
    assert (report["returning_bps"], report["revenue_coverage_bps"]) == (5714, 4667)
    assert report["order_value_minor"] == 187.5


def test_new_members_by_day(tmp_path: Path) -> None:
    members = [
        _member("mem_a", MARCH),
        _member("mem_b", MARCH),
        _member("mem_c", MARCH - timedelta(days=2)),
        _member("mem_d", MARCH + timedelta(days=1)),
    ]
    report = reports.new_members(write_facts(tmp_path, members=members), as_of=MARCH, window_days=2)
    assert (report["members"], [day["members"] for day in report["days"]]) == (2, [0, 2])


@pytest.mark.parametrize("window_days", [0, -1, 36_526])
def test_a_window_out_of_bounds_is_refused(tmp_path: Path, window_days: int) -> None:
    facts = write_facts(tmp_path)
    for report in (reports.repurchase, reports.sales, reports.new_members, reports.coverage):
        with pytest.raises(ValueError, match="window_days"):
            report(facts, as_of=MARCH, window_days=window_days)


def test_csv_does_not_run_as_a_formula(tmp_path: Path) -> None:
    orders = [order("mem_a", MARCH, channel='=HYPERLINK("x")', store="north, 1")]
    text = reports.to_csv(reports.coverage(write_facts(tmp_path, orders=orders), as_of=MARCH))
    _header, _all, channel, store = text.splitlines()
    assert channel.startswith('channel,"\'=HYPERLINK(""x"")",1,1,10000')
    assert store.startswith('store,"north, 1",1,1,10000')


def test_csv_of_cohorts_leaves_unknown_months_empty(tmp_path: Path) -> None:
    orders = [order("mem_a", JANUARY, 5), order("mem_a", date(2026, 2, 3), 7)]
    report = reports.cohorts(write_facts(tmp_path, orders=orders), as_of=date(2026, 3, 1))
    assert reports.to_csv(report).splitlines() == [
        "cohort,size,month,active,active_bps,returned_by,returned_by_bps,revenue_minor",
        "2026-01,1,0,1,10000,,,5",
        "2026-01,1,1,1,10000,1,10000,7",
        "2026-01,1,2,,,,,",
    ]


def _member(member_id: str, joined_day: date) -> dict[str, Any]:
    return {"member_id": member_id, "joined_day": joined_day, "channel": None, "store": None}
