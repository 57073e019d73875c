"""The shop of docs/algorithms/programme-changes.md: prose and code give the same figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fact_files import order, write_facts

from regulars.modules.analytics import reports
from regulars.modules.analytics.change_shapes import ChangeSide, ProgrammeChangeReport
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.reports import to_csv
from regulars.modules.analytics.reports.programme_change import Version
from regulars.modules.analytics.types import PointValue
from regulars.modules.programmes.reigns import Reign, reigns
from regulars.modules.programmes.types import VersionView

UTC_ZONE = ZoneInfo("UTC")
LADDER = {"basic": "Basic", "silver": "Silver"}
WORTH = PointValue(points=100, minor=100, said_by="programme")


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def points(member: str, day: date, amount: int, kind: str = "earn") -> dict[str, Any]:
    at = datetime.combine(day, time(12), UTC)
    return {
        "member_id": member, "asset": "points", "at": at, "day": day, "amount": amount,
        "kind": kind,
    }  # fmt: skip


def step(member: str, day: date, to: str, start: str | None, reason: str) -> dict[str, Any]:
    at = datetime.combine(day, time(12), UTC)
    return {
        "member_id": member, "at": at, "day": day, "from_tier": start, "to_tier": to,
        "reason": reason,
    }  # fmt: skip


ORDERS = [
    ("Ann", on(1, 5), 1000),
    ("Dee", on(2, 10), 6000),
    ("Ann", on(2, 16), 3000),
    ("Bo", on(2, 18), 8000),
    ("Ann", on(2, 20), 2000),
    ("Chen", on(2, 27), 2500),
    ("Chen", on(2, 27), 500),
    ("Ann", on(3, 1), 1000),
    ("Ann", on(3, 3), 3000),
    ("Bo", on(3, 5), 8000),
    ("Ann", on(3, 12), 2000),
    ("Eve", on(3, 14), 1000),
    ("Bo", on(3, 15), 4000),
]
CHANGE = on(3, 2)
ASKED_ON = on(3, 20)


@pytest.fixture
def shop(tmp_path: Path) -> Facts:
    earned = [
        points(member, day, minor // 100 * (2 if day >= CHANGE else 1))
        for member, day, minor in ORDERS
    ]
    joined = {"Ann": on(1, 5), "Bo": on(1, 6), "Chen": on(1, 7), "Dee": on(1, 8), "Eve": on(3, 14)}
    return write_facts(
        tmp_path,
        orders=[
            *(order(member, day, minor) for member, day, minor in ORDERS),
            order("Dee", on(3, 2), 0, net_minor=5000, counted=False),
            order(None, on(2, 28), 4000),
            order(None, on(3, 8), 3500),
        ],
        postings=[
            *earned,
            points("Dee", on(3, 2), 100),
            points("Dee", on(3, 4), -100, "clawback"),
            points("Ann", on(2, 25), -40, "redeem"),
            points("Bo", on(3, 10), -200, "redeem"),
        ],
        members=[
            {"member_id": member, "joined_day": day, "channel": None, "store": None}
            for member, day in joined.items()
        ],
        tiers=[
            {"member_id": member, "tier": tier}
            for member, tier in {
                "Ann": "silver", "Bo": "silver", "Chen": "basic", "Dee": "silver", "Eve": "basic",
            }.items()
        ],
        tier_changes=[
            step("Ann", on(2, 20), "silver", "basic", "reached"),
            step("Dee", CHANGE, "silver", "basic", "programme"),
            step("Bo", on(3, 5), "silver", "basic", "reached"),
            step("Eve", on(3, 14), "basic", None, "joined"),
        ],
    )  # fmt: skip


def held() -> list[Reign]:
    starts = [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2026, 4, 27, 12, tzinfo=UTC),
    ]
    views = [VersionView(n, at, at, "test", {}) for n, at in enumerate(starts, start=1)]
    return reigns(views, UTC_ZONE)


def version(number: int) -> Version:
    return Version(reign=held()[number - 1], name=f"v{number}", ladder=LADDER, value=WORTH)


def asked(
    facts: Facts, as_of: date = ASKED_ON, days: int | None = 14, *, before: int = 1, after: int = 2
) -> ProgrammeChangeReport:
    return reports.programme_change(
        facts,
        as_of=as_of,
        over_day=as_of - timedelta(days=1),
        before=version(before),
        after=version(after),
        window_days=days,
    )


def sides_of(report: ProgrammeChangeReport) -> tuple[ChangeSide, ChangeSide]:
    before, after = report["before"], report["after"]
    assert before is not None
    assert after is not None
    return before, after


def test_when_a_version_held() -> None:
    first, second, third = held()
    assert first.last_day == on(3, 1)
    assert (second.first_day, second.last_day) == (on(3, 2), on(4, 26))
    assert (third.began_on, third.first_day, third.last_day) == (on(4, 27), on(4, 28), None)


def test_the_worked_figures(shop: Facts) -> None:
    report = asked(shop)
    then, now = sides_of(report)
    assert (then["first_day"], then["last_day"]) == ("2026-02-16", "2026-03-01")
    assert (now["first_day"], now["last_day"]) == ("2026-03-02", "2026-03-15")
    sides = [side["figures"] for side in (then, now)]
    assert all(sides)

    def row(*names: str) -> list[tuple[Any, ...]]:
        return [tuple(side[name] for name in names) for side in sides]  # type: ignore[index,literal-required]

    assert row("orders", "orders_with_member", "coverage_bps") == [(7, 6, 8571), (6, 5, 8333)]
    assert row("revenue_minor", "member_minor") == [(21_000, 17_000), (21_500, 18_000)]
    assert row("members_active", "members_again", "rate_bps") == [(3, 1, 3333), (3, 2, 6667)]
    assert row("issued", "taken_back") == [(170, 0), (460, 100)]
    assert row("issued_per_100", "issued_bps") == [(100.0, 100), (200.0, 200)]
    assert row("spent", "spent_minor") == [(40, 40), (200, 200)]
    assert row("outstanding", "liability_minor") == [(200, 200), (360, 360)]
    assert row("upgraded", "downgraded", "joined") == [(1, 0, 0), (2, 0, 1)]
    stood = [[tier["members"] for tier in side["tiers"]] for side in sides]  # type: ignore[index]
    assert stood == [[3, 1], [2, 3]]
    assert report["moved_by_version"] == {"last_day": "2026-03-20", "up": 1, "down": 0}


def test_the_worked_weeks(shop: Facts) -> None:
    weeks = asked(shop)["weeks"]
    assert [(week["side"], week["week"], week["first_day"]) for week in weeks] == [
        ("before", -2, "2026-02-16"),
        ("before", -1, "2026-02-23"),
        ("after", 1, "2026-03-02"),
        ("after", 2, "2026-03-09"),
    ]
    assert [week["member_minor"] for week in weeks] == [13_000, 4_000, 11_000, 7_000]
    assert [week["members_active"] for week in weeks] == [2, 2, 2, 3]
    assert [(week["issued"], week["spent"]) for week in weeks] == [
        (130, 0), (40, 40), (320, 0), (140, 200),
    ]  # fmt: skip


def test_a_window_that_is_not_over_is_empty_and_its_weeks_are_there(shop: Facts) -> None:
    report = asked(shop, as_of=on(3, 12))
    _, after = sides_of(report)
    assert (after["state"], after["figures"]) == ("not_over", None)
    assert [week["week"] for week in report["weeks"]] == [-2, -1, 1]
    assert report["flow"] is None
    # The last day of the window is today: it is not over either.
    assert sides_of(asked(shop, as_of=on(3, 15)))[1]["state"] == "not_over"
    assert sides_of(asked(shop, as_of=on(3, 16)))[1]["state"] == "whole"


def test_a_version_that_held_too_short_and_history_that_begins_too_late(shop: Facts) -> None:
    then, now = sides_of(asked(shop, as_of=on(7, 1), days=56))
    # 5 January is the first order; 56 days before 1 March begin on 5 January.
    assert (then["first_day"], then["state"]) == ("2026-01-05", "whole")
    assert (now["last_day"], now["state"]) == ("2026-04-26", "whole")
    longer = asked(shop, as_of=on(7, 1), days=57)
    assert [side["state"] for side in sides_of(longer)] == ["no_history", "short"]
    assert longer["longest_days"] == 56


def test_without_a_window_it_is_the_longest_usual_one_that_both_fill(shop: Facts) -> None:
    assert asked(shop, as_of=on(7, 1), days=None)["window_days"] == 56
    assert asked(shop, as_of=on(3, 20), days=None)["window_days"] == 14
    assert asked(shop, as_of=on(3, 3), days=None)["window_days"] == 28
    assert asked(shop, as_of=on(3, 3), days=None)["longest_days"] == 1


def test_versions_that_do_not_meet_leave_out_what_lies_between(shop: Facts) -> None:
    report = asked(shop, as_of=on(7, 1), days=14, before=1, after=3)
    then, now = sides_of(report)
    assert (then["last_day"], now["first_day"]) == ("2026-03-01", "2026-04-28")
    # Nobody bought then: no sales is no rate of points, and known to be none.
    figures = now["figures"]
    assert figures is not None
    assert (figures["orders"], figures["issued_per_100"], figures["issued_bps"]) == (0, None, None)


def test_the_flow_goes_from_the_last_day_before_to_the_last_day_after(shop: Facts) -> None:
    flow = asked(shop)["flow"]
    assert flow is not None
    assert {(move["from_tier"], move["to_tier"]): move["members"] for move in flow} == {
        ("basic", "basic"): 1,
        ("basic", "silver"): 2,
        ("silver", "silver"): 1,
        (None, "basic"): 1,
    }


def test_as_csv_an_empty_side_has_empty_figures(shop: Facts) -> None:
    lines = to_csv(asked(shop, as_of=on(3, 12))).splitlines()
    assert lines[0] == "figure,before,after"
    assert "state,whole,not_over" in lines
    assert "rate_bps,3333," in lines
    assert "members_in:silver,1," in lines
    assert to_csv(asked(shop), "weeks").splitlines()[3].startswith("after,1,2026-03-02,2026-03-08,")


def test_nobody_has_facts_and_no_versions(tmp_path: Path) -> None:
    nothing = reports.programme_change(
        Facts(tmp_path / "none"), as_of=on(3, 20), over_day=on(3, 19), before=None, after=None
    )
    assert (nothing["before"], nothing["after"], nothing["weeks"]) == (None, None, [])
    alone = reports.programme_change(
        Facts(tmp_path / "none"), as_of=on(3, 20), over_day=on(3, 19),
        before=version(1), after=version(2),
    )  # fmt: skip
    assert [side["state"] for side in sides_of(alone)] == ["no_history", "not_over"]
