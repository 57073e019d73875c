"""The lists over the API: paged, in the reader's language, of one merchant alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from makers.imported import day_of, import_rhythms
from makers.merchants import ApiClient, console, make_key, make_staff, partner
from makers.orders import Shop, make_shop
from makers.rhythms import rhythms
from regulars.modules.analytics import services as analytics
from regulars.modules.insight import services

BOUGHT = rhythms(members=60, items=20, days=200, leavers=0.3)


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = make_shop()
    path = tmp_path_factory.mktemp("insight") / "orders.csv"
    import_rhythms(made.scope, path, BOUGHT, day_of(made.now, 200))
    analytics.refresh_facts(made.merchant_id, made.now)
    while services.refresh_next(made.merchant):
        pass
    return made


@pytest.fixture(scope="module")
def desk(shop: Shop) -> ApiClient:
    return console(make_staff(shop.merchant, "analyst"))


def test_pages_are_the_whole_list_once(shop: Shop) -> None:
    first = told(shop.api.get("/insight/due?limit=100"))
    assert (first["state"], first["as_of"], first["horizon_days"]) == ("ready", "2026-03-09", 14)
    rows, page = first["data"], first
    while page["has_more"]:
        page = told(shop.api.get(f"/insight/due?limit=100&starting_after={page['next_cursor']}"))
        rows += page["data"]
    chances = [row["probability_bps"] for row in rows]
    assert chances == sorted(chances, reverse=True)
    assert len({(row["member_id"], row["item"]) for row in rows}) == len(rows) > 200
    for row in rows:
        expected = row["probability_bps"] * row["worth_minor"] / 10_000
        assert row["expected_minor"] == pytest.approx(expected, abs=1)


def test_a_list_can_be_narrowed_to_a_member_or_an_item(shop: Shop) -> None:
    top = told(shop.api.get("/insight/due?limit=1"))["data"][0]
    own = told(shop.api.get(f"/insight/due?limit=100&member_id={top['member_id']}"))["data"]
    assert {row["member_id"] for row in own} == {top["member_id"]}
    assert top in own
    of_item = told(shop.api.get(f"/insight/due?limit=100&item={top['item']}"))["data"]
    assert {row["item"] for row in of_item} == {top["item"]}


def test_the_reason_is_told_in_the_language_of_the_reader(desk: ApiClient) -> None:
    english = told(desk.get("/insight/due?limit=50", **{"Accept-Language": "en"}))["data"]
    chinese = told(desk.get("/insight/due?limit=50", **{"Accept-Language": "zh-Hans"}))["data"]
    for ours, theirs in zip(english, chinese, strict=True):
        assert (ours["member_id"], ours["item"]) == (theirs["member_id"], theirs["item"])
        assert f"~{ours['every_days']} days" in ours["why"] or "of the last 56" in ours["why"]
        assert "天" in theirs["why"]


def test_the_calendar_adds_up_and_shows_how_the_last_weeks_went(
    desk: ApiClient, shop: Shop
) -> None:
    found = told(desk.get("/insight/calendar?level=type"))
    days = [row["day"] for row in found["days"]]
    first = services.yesterday(shop.merchant) + timedelta(days=1)
    assert days == [(first + timedelta(days=n)).isoformat() for n in range(14)]
    assert sum(row["expected"] for row in found["days"]) == pytest.approx(
        found["expected"], abs=len(days)
    )
    badge = found["backtest"]
    assert badge["until"] == "2026-03-09"
    assert badge["from_day"] == "2026-02-10", "the last four weeks"
    off = (badge["happened"] - badge["expected"]) / badge["expected"]
    assert badge["off_bps"] == pytest.approx(off * 10_000, abs=50)
    assert badge["met"] == (abs(badge["off_bps"]) < 1000)


def test_who_slips_away_and_who_is_lost(desk: ApiClient) -> None:
    slipping = told(desk.get("/insight/churn?kind=silent&limit=100"))
    chances = [row["probability_bps"] for row in slipping["data"]]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) > 20
    lost = told(desk.get("/insight/lost?lost_as=buying&limit=100"))
    assert {row["won_back_by"] for row in lost["data"]} == {"order.paid"}
    assert lost["members"] == len(lost["data"])
    assert told(desk.get("/insight/lost?lost_as=card"))["data"] == []
    reasons = told(desk.get("/insight/reasons"))
    assert {line["signal"] for line in reasons["lines"]} == {
        "returned_goods", "points_expired", "tier_fell",
    }  # fmt: skip


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    for cursor in ("2020-01-01T00:00:00Z@20", "20", "x@y"):
        answer = shop.api.get(f"/insight/due?starting_after={cursor}")
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("?starting_after", "unknown_cursor")


def test_another_merchant_sees_nothing_of_it(shop: Shop) -> None:
    other = make_shop()
    empty = told(other.api.get("/insight/due"))
    assert (empty["data"], empty["state"]) == ([], "abstained")
    assert empty["abstained"]["reason"] == "too_few_lines"
    assert (
        told(console(make_staff(other.merchant, "analyst")).get("/insight/calendar"))["days"] == []
    )


def test_lists_of_people_need_the_right_to_see_members(shop: Shop) -> None:
    key = make_key(shop.merchant, scopes=("reports.read",))
    assert partner(key).get("/insight/due").status_code == 403
    assert (
        partner(make_key(shop.merchant, scopes=("members.read",))).get("/insight/due").status_code
        == 200
    )
