"""The reports on tiers and points: who stands where, what is owed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from fact_files import write_facts

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.reports.points_balance import liability_minor
from regulars.modules.analytics.types import PointValue

FEBRUARY, MARCH = date(2026, 2, 28), date(2026, 3, 31)
LADDER = ("basic", "silver", "gold")


def change(
    member: str, day: date, from_tier: str | None, to_tier: str | None, hour: int = 12
) -> dict[str, Any]:
    return {
        "member_id": member,
        "at": datetime.combine(day, time(hour), UTC),
        "day": day,
        "from_tier": from_tier,
        "to_tier": to_tier,
        "reason": "counter",
    }


def posting(kind: str, amount: int, day: date, asset: str = "points") -> dict[str, Any]:
    at = datetime.combine(day, time(12), UTC)
    posted = {"member_id": "mem_a", "asset": asset, "at": at, "day": day}
    return {**posted, "amount": amount, "kind": kind}


def lot(remaining: int, expires_day: date | None, earned_day: date = FEBRUARY) -> dict[str, Any]:
    held = {"member_id": "mem_a", "asset": "points", "remaining": remaining}
    return {**held, "expires_day": expires_day, "earned_day": earned_day}


@pytest.fixture
def a_month_of_changes(tmp_path: Path) -> Facts:
    return write_facts(
        tmp_path,
        tiers=[
            {"member_id": "stayed", "tier": "basic"},
            {"member_id": "climbed", "tier": "gold"},
            {"member_id": "fell", "tier": "basic"},
            {"member_id": "joined", "tier": "basic"},
            {"member_id": "joined_quietly", "tier": "basic"},
            {"member_id": "changes_later", "tier": "gold"},
        ],
        tier_changes=[
            change("climbed", date(2026, 1, 5), None, "basic"),
            change("climbed", date(2026, 3, 2), "basic", "silver"),
            change("climbed", date(2026, 3, 2), "silver", "gold", hour=13),
            change("fell", date(2026, 3, 31), "silver", "basic"),
            change("joined", date(2026, 3, 10), None, "basic"),
            change("left", date(2026, 3, 20), "silver", None),
            change("changes_later", date(2026, 4, 1), "silver", "gold"),
        ],
        members=[
            {"member_id": "stayed", "joined_day": FEBRUARY, "channel": None, "store": None},
            {"member_id": "joined_quietly", "joined_day": MARCH, "channel": None, "store": None},
        ],
    )


def test_the_flow_between_two_days_takes_in_joins_and_leaves(a_month_of_changes: Facts) -> None:
    report = reports.tiers(a_month_of_changes, as_of=MARCH, since=FEBRUARY, ladder=LADDER)
    flow = {(move["from_tier"], move["to_tier"]): move["members"] for move in report["flow"]}
    assert flow == {
        ("basic", "basic"): 1,
        ("basic", "gold"): 1,
        ("silver", "basic"): 1,
        ("silver", "silver"): 1,
        ("silver", None): 1,
        (None, "basic"): 2,
    }
    assert (report["members"], report["joined"], report["left"]) == (6, 2, 1)
    assert (report["upgraded"], report["downgraded"]) == (1, 1)
    assert [(line["tier"], line["members"], line["members_bps"]) for line in report["tiers"]] == [
        ("basic", 4, 6667),
        ("silver", 1, 1667),
        ("gold", 1, 1667),
    ]
    assert report["tiers"][1] == {
        "tier": "silver",
        "members": 1,
        "members_bps": 1667,
        "members_before": 3,
        "joined": 0,
        "left": 1,
        "arrived": 0,
        "gone": 1,
    }


def test_a_ladder_shows_the_tiers_that_nobody_holds(tmp_path: Path) -> None:
    facts = write_facts(tmp_path, tiers=[{"member_id": "mem_a", "tier": "retired"}])
    report = reports.tiers(facts, as_of=MARCH, ladder=LADDER)
    assert report["since"] == "2026-03-01"
    assert [(line["tier"], line["members"]) for line in report["tiers"]] == [
        ("basic", 0),
        ("silver", 0),
        ("gold", 0),
        ("retired", 1),
    ]
    assert reports.tiers(facts, as_of=MARCH)["upgraded"] is None
    with pytest.raises(ValueError, match="since"):
        reports.tiers(facts, as_of=FEBRUARY, since=MARCH)


@pytest.fixture
def a_life_of_points(tmp_path: Path) -> Facts:
    return write_facts(
        tmp_path,
        postings=[
            posting("earn", 1000, date(2026, 1, 3)),
            posting("adjust", 50, date(2026, 1, 3)),
            posting("adjust", -20, date(2026, 1, 4)),
            posting("redeem", -300, date(2026, 3, 1)),
            posting("redeem", 100, date(2026, 3, 2)),  # given back
            posting("expire", -200, date(2026, 3, 3)),
            posting("clawback", -80, date(2026, 3, 4)),
            posting("debt", -30, date(2026, 3, 4)),
            posting("debt_repaid", 10, date(2026, 3, 5)),
            posting("repay", -10, date(2026, 3, 5)),
            posting("merge_in", 5, date(2026, 3, 6)),
            posting("merge_out", -5, date(2026, 3, 6)),
            posting("earn", 9, date(2026, 4, 1)),
            posting("earn", 7, date(2026, 3, 1), asset="growth_value"),
        ],
        lots=[
            lot(300, date(2026, 12, 31)),
            lot(40, date(2026, 12, 1)),
            lot(200, None),
            lot(0, date(2026, 4, 1)),
            lot(9, None, earned_day=date(2026, 4, 1)),
        ],
    )


def test_points_add_up_to_what_is_outstanding(a_life_of_points: Facts) -> None:
    report = reports.points_liability(
        a_life_of_points, as_of=MARCH, value=PointValue(points=100, minor=100, breakage_bps=1000)
    )
    assert (report["issued"], report["spent"], report["expired"]) == (1050, 200, 200)
    assert (report["taken_back"], report["moved"], report["debt"]) == (110, 0, 20)
    assert report["outstanding"] == report["ageing_points"] == 540
    assert report["liability_minor"] == 486
    assert [(m["month"], m["outstanding"]) for m in report["months"]] == [
        ("2026-01", 1030),
        ("2026-02", 1030),
        ("2026-03", 540),
    ]
    assert report["ageing"] == [
        {"month": "2026-12", "points": 340},
        {"month": None, "points": 200},
    ]
    assert reports.to_csv(report).splitlines() == [
        "month,issued,spent,expired,taken_back,moved,outstanding,expiring",
        "2026-01,1050,0,0,20,0,1030,",
        "2026-02,0,0,0,0,0,1030,",
        "2026-03,0,200,200,90,0,540,",
        "2026-12,,,,,,,340",
        "never,,,,,,,200",
    ]


def test_a_liability_is_rounded_half_up() -> None:
    half = PointValue(points=2, minor=1)
    assert [liability_minor(points, half) for points in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert liability_minor(10**15, PointValue(points=1, minor=1, breakage_bps=10_000)) == 0


@pytest.mark.parametrize(
    ("points", "minor", "breakage_bps"), [(0, 1, 0), (1, -1, 0), (1, 1, -1), (1, 1, 10_001)]
)
def test_what_is_no_value_of_points_is_refused(points: int, minor: int, breakage_bps: int) -> None:
    with pytest.raises(ValueError, match="breakage_bps"):
        PointValue(points=points, minor=minor, breakage_bps=breakage_bps)
