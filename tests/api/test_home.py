"""The first screen of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from makers.merchants import ApiClient, console, make_merchant, make_staff
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop
from regulars.kernel.instants import show_instant
from regulars.modules.connectors.services import import_file
from regulars.modules.members.tokens import bearer_of
from regulars.modules.orders.models import ParkedRefund


def staff_of(shop: Shop, role: str = "analyst") -> ApiClient:
    return console(make_staff(shop.merchant, role, totp=role in ("owner", "manager")))


def home(shop: Shop, **headers: str) -> dict[str, Any]:
    answer = staff_of(shop).get("/home", **headers)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def figure(screen: dict[str, Any], id: str) -> dict[str, Any]:
    (found,) = [figure for figure in screen["figures"] if figure["id"] == id]
    return dict(found)


def todo(screen: dict[str, Any]) -> dict[str, tuple[int, int | None]]:
    return {item["id"]: (item["count"], item["amount"]) for item in screen["todo"]}


def test_an_empty_shop_knows_nothing_and_says_so() -> None:
    screen = home(make_shop())
    assert (screen["empty"], screen["todo"], screen["trend"], screen["story"]) == (True, [], [], [])
    assert figure(screen, "repurchase_rate")["value"] is None
    assert figure(screen, "returning_revenue")["value"] is None
    assert figure(screen, "points_liability")["value"] == 0
    assert [step["members"] for step in screen["funnel"]] == [0, 0, 0, 0]
    assert screen["facts"]["stale"] is False


def test_a_merchant_without_a_programme_has_a_first_screen() -> None:
    merchant = make_merchant()
    answer = console(make_staff(merchant, "analyst")).get("/home")
    assert answer.status_code == 200
    assert (answer.json()["empty"], answer.json()["pyramid"]) == (True, [])


def test_the_figures_by_hand() -> None:
    """Two windows of 90 days: (12-10, 03-10] and (09-11, 12-10]."""
    shop = make_shop()
    loyal = enrol(shop, joined_at="2025-10-01T00:00:00Z")
    new = enrol(shop, joined_at="2026-03-01T00:00:00Z")
    buy(shop, loyal, 10_000, at=shop.now - 150 * DAY)
    buy(shop, loyal, 5_000, at=shop.now - 100 * DAY)
    buy(shop, loyal, 6_000, at=shop.now - 50 * DAY)
    buy(shop, loyal, 3_000, at=shop.now - 5 * DAY)
    buy(shop, new, 1_000, at=shop.now - DAY)

    screen = home(shop)

    assert (screen["as_of"], screen["window_days"]) == ("2026-03-10", 90)
    rate = figure(screen, "repurchase_rate")
    assert (rate["value"], rate["before"], rate["unit"]) == (5_000, 10_000, "bps")
    assert rate["detail"] == {"coverage_bps": 10_000, "members_active": 2, "members_again": 1}
    assert (figure(screen, "active_members")["value"]) == 2
    returning = figure(screen, "returning_revenue")
    assert (returning["value"], returning["before"]) == (9_000, 3_333)
    assert returning["detail"]["returning_minor"] == 9_000
    joined = figure(screen, "new_members")
    assert (joined["value"], joined["before"]) == (1, 1)
    assert [point["value"] for point in joined["series"]][-2:] == [1, 0]
    owed = figure(screen, "points_liability")
    assert (owed["value"], owed["before"]) == (250, 150)
    assert owed["series"][-1] == {"at": "2026-03-10", "value": 250}
    assert owed["detail"] == {"debt": 0, "liability_minor": 250}
    assert [step["members"] for step in screen["funnel"]] == [2, 2, 1, 1]
    assert screen["pyramid"][0] == {"code": "basic", "name": "Basic", "members": 2}
    assert screen["trend"][-1]["rate_bps"] == 5_000
    assert [c["size"] for c in screen["cohorts"]["cohorts"]] == [1, 1]
    assert screen["empty"] is False


def test_a_small_shop_sees_its_latest_order_at_once() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 1_000, at=shop.now - DAY)
    assert figure(home(shop), "repurchase_rate")["value"] == 0
    buy(shop, member, 1_000)
    assert figure(home(shop), "repurchase_rate")["value"] == 10_000


def test_names_are_in_the_language_of_whoever_looks() -> None:
    shop = make_shop()
    enrol(shop)
    names = [
        home(shop, **{"Accept-Language": language})["pyramid"][1]["name"]
        for language in ("zh-TW", "zh-CN", "en", "fr")
    ]
    assert names == ["銀卡會員", "银卡会员", "Silver", "Silver"]
    assert home(make_shop(locale="zh-hans"))["pyramid"][1]["name"] == "银卡会员"


def test_what_calls_for_somebody_today(tmp_path: Path) -> None:
    document = changed("plain", earning__points={"expiry": {"kind": "days", "count": 20}})
    shop = make_shop(document)
    buy(shop, enrol(shop), 50_000)
    debtor = enrol(shop)
    order = buy(shop, debtor, 10_000)
    hold = shop.api.post(
        "/points/holds", {"member_id": debtor, "amount": 30, "expires_in": 600}
    ).json()
    shop.api.post(f"/points/holds/{hold['id']}/capture")
    give_back(shop, order, (1, 1))
    ParkedRefund(
        merchant_id=shop.merchant_id, external_id="r-1", order_external_id="o-1",
        refunded_at=shop.now, lines=[[1, 1]], parked_at=shop.now,
    ).save(force_insert=True)  # fmt: skip
    shop.api.post(
        "/payments", {"order_external_id": "o-1", "paid_at": show_instant(shop.now - DAY)}
    )
    source = tmp_path / "orders.csv"
    source.write_text(
        "order_id,member,placed_at,sku,quantity,line_total\n"
        "f-1,m,2026-03-01,tea,1,1.00\nf-2,m,2026-03-01,tea,minus,1.00\n"
    )
    import_file(shop.scope, kind="orders", source=source, file_name="orders.csv")

    found = todo(home(shop))

    assert found["points_expiring"] == (2, 501)  # 500 of the first, 1 of the file
    assert found["debts"] == (1, 30)
    assert found["parked_refunds"] == (2, None)
    assert found["import_faults"] == (1, None)
    assert "tiers_at_risk" not in found


def test_the_list_behind_a_todo_has_as_many_as_it_says() -> None:
    document = changed("plain", earning__points={"expiry": {"kind": "days", "count": 20}})
    shop = make_shop(document)
    for _ in range(3):
        buy(shop, enrol(shop), 5_000)
    staff = staff_of(shop)
    (item,) = staff.get("/home").json()["todo"]
    assert (item["id"], item["count"]) == ("points_expiring", 3)
    listed = staff.get(item["link"].removesuffix("/")).json()
    assert listed["total"] == item["count"]


@pytest.mark.parametrize("role", ["owner", "analyst"])
def test_a_demo_shop_tells_its_story(role: str) -> None:
    shop = make_shop("grocery", source_note="Made up for a test.")
    member = enrol(shop)
    for month in range(1, 4):
        buy(shop, member, 60_000, at=datetime(2026, month, 3, tzinfo=UTC))
    story = {step["id"]: step for step in staff_of(shop, role).get("/home").json()["story"]}
    assert list(story)[:4] == ["repurchase", "cohorts", "at_risk", "preview"]
    assert story["refund"]["figure"] == {"value": 60_000, "unit": "minor"}
    if role == "owner":
        token = story["card"]["link"].removeprefix("/m/#")
        bearer = bearer_of(token)
        assert bearer is not None
        assert bearer[0] == shop.merchant_id
    else:
        assert story["card"]["link"] == f"/members/{member}"
