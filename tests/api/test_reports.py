"""Reports over the API: right after a write, as JSON and CSV, of one merchant alone."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import ApiClient, console, make_key, make_staff, partner
from makers.orders import DAY, Shop, buy, enrol, give_back, make_shop
from regulars.modules.analytics import queries, services
from regulars.modules.analytics.reporting import NAMES


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def owner_of(shop: Shop, role: str = "analyst") -> ApiClient:
    return console(make_staff(shop.merchant, role))


@pytest.fixture
def shop() -> Shop:
    """Two members: one bought on two days, the other on one."""
    made = make_shop()
    again, once = enrol(made), enrol(made)
    buy(made, again, 1000, at=made.now - 40 * DAY, store="north")
    buy(made, again, 2000, at=made.now - 10 * DAY, channel="web")
    buy(made, once, 3000, at=made.now - 5 * DAY)
    buy(made, None, 500, at=made.now - 5 * DAY)
    return made


def test_the_repurchase_rate_by_hand(shop: Shop) -> None:
    report = told(shop.api.get("/reports/repurchase?window=90"))
    assert {name: report[name] for name in ("as_of", "window_days", "members_active",
            "members_again", "rate_bps", "coverage_bps")} == {
        "as_of": "2026-03-10", "window_days": 90, "members_active": 2, "members_again": 1,
        "rate_bps": 5000, "coverage_bps": 7500,
    }  # fmt: skip


def test_a_report_is_right_in_the_moment_after_a_write(shop: Shop) -> None:
    assert told(shop.api.get("/reports/repurchase"))["members_again"] == 1
    late = enrol(shop)
    first = buy(shop, late, 100, at=shop.now - DAY)
    buy(shop, late, 100, at=shop.now)
    assert told(shop.api.get("/reports/repurchase"))["members_again"] == 2

    give_back(shop, first, (1, 1))
    assert told(shop.api.get("/reports/repurchase"))["members_again"] == 1
    assert told(shop.api.get("/reports/cohorts"))["members"] == 3
    shop.api.post(f"/members/{late}/points/adjust", {"amount": 50, "reason": "thanks"})
    assert told(shop.api.get("/reports/points_liability"))["outstanding"] == 111  # 60 + 1 + 50


def test_a_window_ends_with_its_day_and_begins_after_as_many(shop: Shop) -> None:
    def active(as_of: str, window: int) -> int:
        path = f"/reports/repurchase?as_of={as_of}&window={window}"
        return int(told(shop.api.get(path))["members_active"])

    # The last purchase lies on 2026-03-05.
    assert active("2026-03-04", 1) == 0
    assert active("2026-03-05", 1) == 1
    assert active("2026-03-14", 10) == 1
    assert active("2026-03-15", 10) == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", ["partner", "console"])
def test_every_report_comes_as_json_and_csv(shop: Shop, name: str, role: str) -> None:
    client = shop.api if role == "partner" else owner_of(shop)
    body = told(client.get(f"/reports/{name}"))
    assert body["as_of"] == "2026-03-10"
    answer = client.get(f"/reports/{name}?format=csv&as_of=2026-03-09")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('-2026-03-09.csv"')
    header, *lines = csv.reader(io.StringIO(answer.content.decode()))
    assert all(len(line) == len(header) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_shop_without_anything_has_reports_of_nothing(name: str) -> None:
    empty = make_shop()
    body = told(empty.api.get(f"/reports/{name}?window=30"))
    assert not body.get("members")
    assert told(owner_of(empty).get(f"/reports/{name}"))["facts"]["stale"] is False


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("as_of=2026-02-30", "?as_of", "day_required"),
        ("as_of=tomorrow", "?as_of", "day_required"),
        ("window=0", "?window", "too_small"),
        ("window=36526", "?window", "too_large"),
        ("window=9e1", "?window", "integer_required"),
        ("format=xml", "?format", "unknown_value"),
        ("by=colour", "?by", "unknown_value"),
        ("period=week", "?period", "unknown_field"),
    ],
)
def test_what_a_report_is_not_asked_with(shop: Shop, query: str, pointer: str, code: str) -> None:
    answer = shop.api.get(f"/reports/second_order?{query}")
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_a_report_that_there_is_not_is_not_found(shop: Shop) -> None:
    for client in (shop.api, owner_of(shop)):
        answer = client.get("/reports/profit")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_edges_of_time_are_answered(shop: Shop) -> None:
    for day in ("1901-01-01", "9998-12-31"):
        for name in NAMES:
            assert told(shop.api.get(f"/reports/{name}?as_of={day}&window=36525"))["as_of"] == day


def test_no_report_depends_on_another_merchants_rows(shop: Shop) -> None:
    other = make_shop()
    names = [name for name in NAMES if name != "tiers"]
    before = {name: told(other.api.get(f"/reports/{name}")) for name in names}
    exported = queries.freshness(other.merchant_id).folder

    buy(shop, enrol(shop), 9900)
    told(shop.api.get("/reports/sales"))

    assert {name: told(other.api.get(f"/reports/{name}")) for name in names} == before
    assert queries.freshness(other.merchant_id).folder == exported
    assert exported is not None
    mine = queries.freshness(shop.merchant_id).folder
    assert mine is not None
    assert mine.parent != exported.parent


def test_a_key_without_the_permission_reads_no_report(shop: Shop) -> None:
    key = make_key(shop.merchant, scopes=("orders.write",))
    assert partner(key).get("/reports/sales").status_code == 403


# ── the console's ─────────────────────────────────────────────────────────────────────────


def test_the_console_is_told_the_course_the_names_and_how_fresh(shop: Shop) -> None:
    staff = owner_of(shop)
    report = told(staff.get("/reports/repurchase"))
    assert report["trend"][-1]["day"] == report["as_of"]
    assert report["trend"][-1]["rate_bps"] == report["rate_bps"] == 5000
    assert report["facts"]["stale"] is False
    tiers = told(staff.get("/reports/tiers"))
    assert [(t["tier"], t["name"]) for t in tiers["tiers"]][1] == ("silver", "Silver")
    chinese = told(staff.get("/reports/tiers", **{"Accept-Language": "zh-CN"}))
    assert chinese["tiers"][1]["name"] == "银卡会员"


def test_a_stale_report_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    staff = owner_of(shop)
    assert told(staff.get("/reports/sales"))["orders"] == 4
    buy(shop, enrol(shop), 100)
    monkeypatch.setattr("regulars.modules.analytics.api.console._AT_ONCE_ROWS", 0)

    report = told(staff.get("/reports/sales"))

    assert (report["orders"], report["facts"]["stale"]) == (4, True)
    assert told(shop.api.get("/reports/sales"))["orders"] == 5
    assert told(staff.get("/reports/sales"))["facts"]["stale"] is False


def test_refreshing_has_everything_written_anew(shop: Shop) -> None:
    services.refresh_facts(shop.merchant_id, shop.now)
    staff = owner_of(shop)
    answer = staff.post("/reports/refresh")
    assert (answer.status_code, answer.json()) == (202, {"status": "queued"})
    marks = queries.freshness(shop.merchant_id).stale()
    assert {"2026-01", "2026-02", "2026-03", "ledger", "people"} <= marks
    assert not services.refresh_facts(shop.merchant_id, shop.now).is_stale()


def test_a_cashier_sees_no_figures(shop: Shop) -> None:
    cashier = owner_of(shop, "cashier")
    for path in ("/home", "/reports/sales"):
        assert cashier.get(path).status_code == 403
    assert cashier.post("/reports/refresh").status_code == 403


def test_a_clock_that_moved_moves_the_day_of_a_report(shop: Shop) -> None:
    shop.move(timedelta(days=100))
    report = told(shop.api.get("/reports/repurchase"))
    assert (report["as_of"], report["members_active"]) == ("2026-06-18", 0)
