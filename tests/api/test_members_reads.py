"""The console's members: the list, one member with everything, and what happened."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from makers.merchants import ApiClient, console, make_staff
from makers.orders import DAY, Shop, buy, enrol, give_back, make_shop, uuid
from regulars.infra import db

#: What the door and the session ask before any screen does.
_AT_THE_DOOR = 5


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop()


@pytest.fixture(scope="module")
def staff(shop: Shop) -> ApiClient:
    return console(make_staff(shop.merchant, "analyst"))


@pytest.fixture(scope="module")
def busy(shop: Shop) -> str:
    """Somebody with a name, three orders, a refund, an adjustment and a consent."""
    member = enrol(shop, name="王芳", store="north")
    buy(shop, member, 60_000, at=shop.now - 20 * DAY)
    back = buy(shop, member, 10_000, 5_000, at=shop.now - 10 * DAY)
    buy(shop, member, 45_000, at=shop.now - 2 * DAY)
    give_back(shop, back, (1, 1))
    adjusted = {"amount": 25, "reason": "a kind word"}
    assert shop.api.post(f"/members/{member}/points/adjust", adjusted).status_code == 201
    owner = console(make_staff(shop.merchant, "manager", totp=True))
    consent = {"purpose": "marketing", "granted": True, "text_version": "1"}
    assert owner.post(f"/members/{member}/consents", consent).status_code == 201
    return member


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def statements(client: ApiClient, path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many SQL statements a request sends, through the ORM and past it."""
    sent = 0
    executed = db._executed

    def counting(*args: Any) -> Any:
        nonlocal sent
        sent += 1
        return executed(*args)

    told(client.get(path))
    monkeypatch.setattr(db, "_executed", counting)
    with CaptureQueriesContext(connection) as orm:
        told(client.get(path))
    monkeypatch.undo()
    return sent + len(orm)


def test_one_member_with_everything(shop: Shop, staff: ApiClient, busy: str) -> None:
    page = told(staff.get(f"/members/{busy}"))
    assert (page["name"], page["status"], page["store"]) == ("王芳", "active", "north")
    assert page["figures"] == {
        "orders": 3,
        "spend_minor": 110_000,
        "refunded_minor": 10_000,
        "average_order_minor": 36_667,
        "days_between_orders": 9.0,
        "last_order_day": "2026-03-08",
        "points_earned": 1_125,
        "points_spent": 0,
        "points_expired": 0,
    }
    assert page["tier"]["tier"] == {"code": "silver", "name": "Silver"}
    assert (page["tier"]["gap"], page["tier"]["gap_money_minor"]) == (3_900, 390_000)
    assert page["balances"]["points"]["available"] == 1_125
    assert [(c["purpose"], c["granted"]) for c in page["consents"]] == [("marketing", True)]
    assert page["next_step"]["kind"] == "next_tier"
    assert (page["merged_from"], page["merged_into"]) == ([], None)


def test_figures_of_a_member_are_those_of_the_partner_api(
    shop: Shop, staff: ApiClient, busy: str
) -> None:
    page = told(staff.get(f"/members/{busy}"))
    assert page["balances"] == told(shop.api.get(f"/members/{busy}/balances"))
    assert page["tier"] == told(shop.api.get(f"/members/{busy}/tier"))


def test_who_never_bought_is_welcomed(shop: Shop, staff: ApiClient) -> None:
    page = told(staff.get(f"/members/{enrol(shop)}"))
    assert page["next_step"]["kind"] == "welcome"
    assert page["figures"]["days_between_orders"] is None
    assert page["figures"]["average_order_minor"] == 0


def test_a_merge_is_told_on_both_sides(shop: Shop, staff: ApiClient) -> None:
    into, source = enrol(shop), enrol(shop)
    buy(shop, into, 1_000)
    buy(shop, source, 2_000, at=shop.now - DAY)
    merge = shop.api.post(f"/members/{into}/merge", {"from": source}).json()

    carrier, gone = (told(staff.get(f"/members/{m}")) for m in (into, source))

    assert [(m["merge_id"], m["member_id"]) for m in carrier["merged_from"]] == [
        (merge["id"], source)
    ]
    assert (gone["merged_into"], gone["id"], gone["merged_from"]) == (into, source, [])
    assert carrier["figures"] == gone["figures"]
    assert carrier["figures"]["orders"] == 2
    assert len(carrier["identities"]) == 2


def test_the_timeline_tells_everything_once_newest_first(staff: ApiClient, busy: str) -> None:
    whole = told(staff.get(f"/members/{busy}/timeline?limit=100"))
    instants = [item["at"] for item in whole["data"]]
    assert instants == sorted(instants, reverse=True)
    found = [item["title_key"] for item in whole["data"]]
    assert sorted(found) == sorted(
        [
            *["order.paid"] * 3,
            "refund.made",
            *["points.earn"] * 3,
            "points.clawback",
            "points.adjust",
            "tier.upgraded",
            "consent.granted",
        ]
    )
    (adjusted,) = [i for i in whole["data"] if i["title_key"] == "points.adjust"]
    assert (adjusted["amount"], adjusted["detail"]["reason"]) == (25, "a kind word")
    (upgraded,) = [i for i in whole["data"] if i["kind"] == "tier"]
    assert (upgraded["detail"]["from"], upgraded["detail"]["to"]) == ("Basic", "Silver")
    (refund,) = [i for i in whole["data"] if i["kind"] == "refund"]
    assert (refund["amount"], refund["unit"], refund["link"]["type"]) == (-10_000, "minor", "order")

    paged: list[dict[str, Any]] = []
    after = ""
    while True:
        page = told(staff.get(f"/members/{busy}/timeline?limit=2{after}"))
        paged += page["data"]
        if not page["has_more"]:
            break
        after = f"&starting_after={page['next_cursor']}"
    assert paged == whole["data"]


def test_some_kinds_of_what_happened(staff: ApiClient, busy: str) -> None:
    page = told(staff.get(f"/members/{busy}/timeline?kinds=refund,tier"))
    assert {item["kind"] for item in page["data"]} == {"refund", "tier"}
    chinese = staff.get(f"/members/{busy}/timeline?kinds=tier", **{"Accept-Language": "zh-TW"})
    assert told(chinese)["data"][0]["detail"]["to"] == "銀卡會員"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("kinds=order,party", "?kinds"),
        ("starting_after=x", "?starting_after"),
        ("starting_after=999999999999999999.1.0.0", "?starting_after"),
        ("limit=101", "?limit"),
    ],
)
def test_what_a_timeline_is_not_asked_with(
    staff: ApiClient, busy: str, query: str, pointer: str
) -> None:
    answer = staff.get(f"/members/{busy}/timeline?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_the_list_says_who_and_how_many(shop: Shop, staff: ApiClient, busy: str) -> None:
    page = told(staff.get("/members?sort=spend&limit=1"))
    (row,) = page["data"]
    assert (row["id"], row["name"], row["spend_minor"]) == (busy, "王芳", 110_000)
    assert page["has_more"] is (page["total"] > 1)
    assert page["next_cursor"] == (busy if page["has_more"] else None)
    assert staff.get("/members?sort=age").status_code == 422
    assert staff.get("/members?starting_after=me").status_code == 422
    assert told(staff.get("/members?query=%20"))["total"] == page["total"]


def test_another_merchants_member_is_as_if_it_never_was(staff: ApiClient) -> None:
    other = make_shop()
    foreign = enrol(other)
    never = f"mem_{uuid(foreign).hex[::-1]}"
    for path in ("", "/timeline"):
        answers = [staff.get(f"/members/{id_}{path}") for id_ in (foreign, never)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert told(staff.get(f"/members?query={foreign}"))["data"] == []
    assert told(staff.get(f"/members?starting_after={foreign}"))["data"] == []


@pytest.mark.parametrize("path", ["", "/timeline"])
def test_a_member_takes_ten_statements_at_most(
    staff: ApiClient, busy: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the door asks is among them."""
    assert statements(staff, f"/members/{busy}{path}", monkeypatch) <= 10


@pytest.mark.parametrize("query", ["", "?level=type"])
def test_the_outlook_without_forecasts_asks_once_how_fresh_the_facts_are(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three at the door, who carries on, and the freshness (two where news of persons waits, so a
    shop of its own); once for each list it was ten to 12."""
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 60_000, at=shop.now - DAY)
    staff, path = console(make_staff(shop.merchant, "analyst")), f"/members/{member}/insight{query}"
    assert statements(staff, path, monkeypatch) == 5


def test_the_list_and_the_first_screen_take_ten_statements_at_most(
    staff: ApiClient, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/members?limit=25", "/members?sort=spend", "/home"):
        assert statements(staff, path, monkeypatch) <= 10 + _AT_THE_DOOR, path
