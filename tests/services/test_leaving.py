"""Leaving and coming back: what ends, what is kept, and that nothing first is given twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from makers.merchants import ApiClient, make_key, make_merchant, partner
from makers.merchants import member as member_client
from makers.offers import offer_body
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import parse
from regulars.modules.connectors import services as connectors
from regulars.modules.members import queries as members
from regulars.modules.orders.settlement import Scope

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PHONE = {"type": "phone", "value": "+8613800138000"}


@pytest.fixture
def shop() -> MerchantFacts:
    return make_merchant(zone="Asia/Shanghai", currency="CNY", programme="plain")


@pytest.fixture
def till(shop: MerchantFacts) -> ApiClient:
    return partner(make_key(shop))


def joins(till: ApiClient, **more: Any) -> str:
    answer = till.post("/members", {"identities": [PHONE], **more})
    assert answer.status_code in (200, 201), answer.content
    return str(answer.json()["id"])


def buys(till: ApiClient, external_id: str, **who: Any) -> Any:
    body = {
        "external_id": external_id,
        "placed_at": "2026-01-05T10:00:00Z",
        "paid_at": "2026-01-05T10:00:00Z",
        "lines": [{"sku": "tea", "quantity": 1, "unit_price": 10_000}],
        "paid": 10_000,
        **who,
    }
    return till.post("/orders", body)


def points(till: ApiClient, member: str) -> dict[str, Any]:
    return dict(till.get(f"/members/{member}/balances").json()["points"])


def lapses(till: ApiClient) -> None:
    document = {**till.get("/programme").json()["current"]["document"]}
    document["leaving"] = {"points": "lapse"}
    answer = till.put("/programme", {"document": document})
    assert answer.status_code == 200, answer.content


def test_who_leaves_is_told_before_and_keeps_their_history(till: ApiClient) -> None:
    yes = {"purpose": "marketing", "granted": True, "text_version": "v1"}
    ann = joins(till, consents=[yes])
    buys(till, "1", member_id=ann)

    before = till.get(f"/members/{ann}/leaving").json()
    assert before["status"] == "active"
    assert before["points"] == {"rule": "freeze", "available": 100, "pending": 0, "lapse": 0}
    assert before["consents"] == ["marketing"]

    left = till.post(f"/members/{ann}/leave", {"channel": "till"})
    assert left.status_code == 200, left.content
    assert [e["type"] for e in left.json()["effects"]] == ["member.left", "consent.withdrawn"]
    again = till.post(f"/members/{ann}/leave", {"channel": "till"}).json()
    assert again["effects"] == []
    assert len(again["history"]) == 1

    assert till.get(f"/members/{ann}").json()["status"] == "left"
    assert points(till, ann)["available"] == 100
    told = parse("mem", ann)
    assert told
    merchant_id = _merchant_of(told)
    (consent,) = members.consents(merchant_id, [told])
    assert (consent.granted, consent.channel) == (False, "leaving")


def _merchant_of(member_id: UUID) -> int:
    from regulars.modules.members.models import Member

    return int(Member.objects.across_merchants().get(id=member_id).merchant_id)


def test_nothing_is_promised_to_who_left_and_their_orders_are_nobodys(till: ApiClient) -> None:
    ann = joins(till)
    buys(till, "1", member_id=ann)
    till.post(f"/members/{ann}/leave", {})

    cart = {"member_id": ann, "lines": [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]}
    for path, body in (
        ("/evaluations", cart),
        ("/quotes", cart),
        ("/points/holds", {"member_id": ann, "amount": 5, "expires_in": 60}),
    ):
        refused = till.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "member_left"), path

    alone = buys(till, "2", member_id=ann)
    by_phone = buys(till, "3", identity=PHONE)
    line = {"sku": "tea", "quantity": 1, "unit_price": 10_000}
    at = {"placed_at": "2026-01-06T10:00:00Z", "paid_at": "2026-01-06T10:00:00Z", "paid": 10_000}
    many = till.post(
        "/orders/bulk",
        {
            "orders": [
                {"external_id": "4", "member_id": ann, "lines": [line], **at},
                {"external_id": "5", "identity": PHONE, "lines": [line], **at},
            ]
        },
    )
    assert many.status_code == 200, many.content
    orders = [alone.json(), by_phone.json(), *(one["order"] for one in many.json()["orders"])]
    assert [order["member_id"] for order in orders] == [None] * 4
    assert points(till, ann)["posted"] == 100


def test_orders_of_a_file_under_the_number_of_who_left_are_nobodys(
    shop: MerchantFacts, till: ApiClient, tmp_path: Path
) -> None:
    ann = till.post("/members", {"identities": [{"type": "external", "value": "a1"}]}).json()["id"]
    till.post(f"/members/{ann}/leave", {})
    path = tmp_path / "orders.csv"
    head = "order_id,member,placed_at,sku,quantity,line_total\n"
    path.write_text(head + "1,a1,2026-01-05,tea,1,100.00\n2,b2,2026-01-05,tea,1,100.00\n")
    scope = Scope(shop.id, ZoneInfo("Asia/Shanghai"), "CNY", "test", datetime.now(UTC))
    run = connectors.import_file(scope, kind="orders", source=path, file_name=path.name)
    assert (run.orders, run.rejected) == (2, 0)
    assert points(till, ann)["posted"] == 0
    assert till.get(f"/members/{ann}").json()["status"] == "left"


def test_who_comes_back_is_the_same_and_nothing_first_is_given_again(till: ApiClient) -> None:
    ann = joins(till, joined_at="2026-01-01T00:00:00Z")
    buys(till, "1", member_id=ann)
    first = {"fact": "first_order", "op": "=", "value": True}
    new = {"fact": "days_since_joined", "op": "<", "value": 5}
    for code, rule in (("first", first), ("welcome", new)):
        body = offer_body("percent_off", who={"rule": rule}, status="active")
        made = till.post("/offers", {**body, "code": code})
        assert made.status_code == 201, made.content
    till.post(f"/members/{ann}/leave", {})

    back = till.post("/members", {"identities": [PHONE]})
    assert (back.status_code, back.json()["id"], back.json()["status"]) == (200, ann, "active")
    assert [e["type"] for e in back.json()["effects"]] == ["member.rejoined"]
    assert back.json()["joined_at"] == "2026-01-01T00:00:00Z"
    assert till.post("/members", {"identities": [PHONE]}).json()["effects"] == []
    assert points(till, ann)["available"] == 100

    cart = {"member_id": ann, "lines": [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]}
    quote = till.post("/evaluations", cart).json()
    assert quote["payable"] == 10_000
    stranger = till.post("/members", {"identities": [{"type": "external", "value": "z"}]}).json()
    assert (
        till.post("/evaluations", {**cart, "member_id": stranger["id"]}).json()["payable"] < 10_000
    )
    history = till.get(f"/members/{ann}/leaving").json()
    assert history["left_at"] is None
    assert history["history"][0]["rejoined_at"] is not None


def test_points_lapse_where_the_programme_says_so(till: ApiClient) -> None:
    ann = joins(till)
    buys(till, "1", member_id=ann)
    lapses(till)
    assert till.get(f"/members/{ann}/leaving").json()["points"]["lapse"] == 100
    left = till.post(f"/members/{ann}/leave", {}).json()
    assert [e["type"] for e in left["effects"]] == ["points.adjusted", "member.left"]
    assert left["history"][0]["lapsed"] == 100
    back = till.post(f"/members/{ann}/rejoin")
    assert (back.status_code, back.json()["status"]) == (200, "active")
    assert points(till, ann)["available"] == 0


def test_a_member_leaves_and_comes_back_on_their_own_page(
    shop: MerchantFacts, till: ApiClient
) -> None:
    ann = joins(till)
    told = parse("mem", ann)
    assert told
    page = member_client(shop, told)
    assert page.get("/leaving").json()["status"] == "active"
    assert page.post("/leaving").status_code == 200
    assert page.get("/leaving").json()["status"] == "left"
    assert page.get("/card").json()["member"]["status"] == "left"
    assert page.post("/joining").json()["status"] == "active"


def test_a_merged_record_of_who_left_has_left_too(till: ApiClient) -> None:
    ann = joins(till)
    other = till.post("/members", {"identities": [{"type": "external", "value": "o"}]}).json()["id"]
    till.post(f"/members/{ann}/merge", {"from": other})
    till.post(f"/members/{ann}/leave", {})
    assert buys(till, "1", member_id=other).json()["member_id"] is None
    hold = till.post("/points/holds", {"member_id": other, "amount": 5, "expires_in": 60})
    assert hold.json()["code"] == "member_left"


def test_a_refund_of_an_earlier_order_is_exact_after_leaving(till: ApiClient) -> None:
    ann = joins(till)
    order = buys(till, "1", member_id=ann).json()["id"]
    till.post(f"/members/{ann}/leave", {})
    back = till.post(
        f"/orders/{order}/refunds", {"external_id": "r", "lines": [{"line": 1, "quantity": 1}]}
    )
    assert back.status_code == 201, back.content
    assert points(till, ann)["posted"] == 0
