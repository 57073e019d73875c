"""The member's own page."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
import segno

from makers.merchants import member as member_client
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, uuid
from regulars.modules.analytics.screens.card import qr_svg

BENEFIT = {
    "code": "gift",
    "name": {"en": "A gift", "zh-hans": "礼物", "zh-hant": "禮物"},
    "text": {"en": "On your birthday", "zh-hans": "生日当天", "zh-hant": "生日當天"},
}


@pytest.fixture(scope="module")
def shop() -> Shop:
    document = changed("plain", earning__points={"expiry": {"kind": "months", "count": 1}})
    for rung in document["tiers"]["ladder"]:
        rung["benefits"] = [BENEFIT]
    return make_shop(document, name="Tea & Co", source_note="For a test.")


def card(shop: Shop, member: str, path: str = "/card", **headers: str) -> dict[str, Any]:
    answer = member_client(shop.merchant, uuid(member)).get(path, **headers)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_a_card_tells_one_member_everything_in_one_answer(shop: Shop) -> None:
    member = enrol(shop, name="Li", identities=[{"type": "phone", "value": "+8613800138000"}])
    buy(shop, member, 120_000)

    page = card(shop, member)

    assert page["merchant"]["name"] == "Tea & Co"
    assert page["merchant"]["source_note"] == "For a test."
    assert page["merchant"]["now"] == "2026-03-10T12:00:00Z"
    assert page["member"]["name"] == "Li"
    assert [i["masked"][-4:] for i in page["member"]["identities"]] == ["8000"]
    assert "13800138000" not in str(page)
    assert page["tier"]["tier"]["code"] == "silver"
    assert page["tier"]["gap_money_minor"] == 380_000
    assert page["balances"] == shop.api.get(f"/members/{member}/balances").json()
    assert page["worth"] == {"units": 1, "minor": 1, "available_minor": 1_200}
    assert page["coupons"] == 0
    assert page["next_step"] == {
        "kind": "expiring", "points": 1_200, "at": "2026-04-11T00:00:00Z", "amount_minor": None,
        "gap": None, "unit": None, "tier": None,
    }  # fmt: skip


def test_a_card_tells_what_points_pay_and_how_many_coupons_there_are() -> None:
    """1,250 points at 3.00 for 100: twelve whole steps; nothing where points are no tender."""
    shop = make_shop(changed("plain", redeeming={"points": {"units": 100, "minor": 300}}))
    member = enrol(shop)
    buy(shop, member, 125_000)
    assert card(shop, member)["worth"] == {"units": 100, "minor": 300, "available_minor": 3_600}

    steps = {"steps": [{"spend": 1_000, "save": 100}]}
    offer = {"code": "one-off", "name": "One off", "kind": "spend_save", "params": steps}
    assert shop.api.post("/offers", {**offer, "requires_code": True}).status_code == 201
    given = {"offer": "one-off", "member_id": member}
    assert shop.api.post("/coupons", given).status_code == 201
    assert card(shop, member)["coupons"] == 1

    assert shop.api.put("/settings/pricing", {"points_max_bps": 0}).status_code == 200
    assert card(shop, member)["worth"] is None


def test_benefits_of_the_own_tier_and_below_are_mine_the_others_have_a_gap(shop: Shop) -> None:
    member = enrol(shop)
    buy(shop, member, 120_000)
    benefits = card(shop, member)["benefits"]
    assert [(b["tier"], b["mine"], b["gap"]) for b in benefits] == [
        ("basic", True, None),
        ("silver", True, None),
        ("gold", False, 3_800),
        ("diamond", False, 18_800),
    ]


@pytest.mark.parametrize(
    ("path", "headers", "tier", "benefit"),
    [
        ("/card?lang=zh-hans", {}, "普通会员", "礼物"),
        ("/card?lang=zh-hant", {"Accept-Language": "en"}, "普通會員", "禮物"),
        ("/card", {"Accept-Language": "zh-TW,zh;q=0.9"}, "普通會員", "禮物"),
        ("/card", {}, "Basic", "A gift"),
        ("/card?lang=klingon", {}, "Basic", "A gift"),
    ],
)
def test_a_card_speaks_the_members_language(
    shop: Shop, path: str, headers: dict[str, str], tier: str, benefit: str
) -> None:
    page = card(shop, enrol(shop), path, **headers)
    assert (page["tier"]["tier"]["name"], page["benefits"][0]["name"]) == (tier, benefit)


def test_the_code_is_the_number_and_nothing_that_runs(shop: Shop) -> None:
    page = card(shop, enrol(shop))
    drawn, number = page["qr_svg"], page["member"]["number"]
    assert drawn == qr_svg(number)
    assert qr_svg("0000 0000 0000") != drawn
    root = ElementTree.fromstring(drawn)
    assert {node.tag for node in root.iter()} == {"svg", "path"}
    assert not re.search(r"script|href|on\w+=|style=", drawn)
    size = int((root.get("viewBox") or "").split()[2])
    plain = number.replace(" ", "")
    assert size == segno.make(plain, error="m", micro=False).symbol_size(border=4)[0]


def test_own_orders_and_nobody_elses(shop: Shop) -> None:
    mine, other = enrol(shop), enrol(shop)
    first = buy(shop, mine, 1_000, at=shop.now - 2 * DAY)
    second = buy(shop, mine, 2_000, at=shop.now - DAY)
    theirs = buy(shop, other, 3_000)
    give_back(shop, first, (1, 1))

    page = card(shop, mine, "/orders?limit=1")
    assert [row["id"] for row in page["data"]] == [second["id"]]
    rest = card(shop, mine, f"/orders?starting_after={page['next_cursor']}")
    assert [(row["id"], row["status"]) for row in rest["data"]] == [(first["id"], "refunded")]
    assert rest["has_more"] is False
    client = member_client(shop.merchant, uuid(mine))
    for cursor in (theirs["id"], "x"):
        answer = client.get(f"/orders?starting_after={cursor}")
        assert answer.status_code in (200, 422)
        assert theirs["id"] not in answer.content.decode().replace(cursor, "")


def test_who_was_merged_sees_the_card_of_who_carries_on(shop: Shop) -> None:
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 50_000)
    shop.api.post(f"/members/{into}/merge", {"from": source})
    assert card(shop, source)["member"]["number"] == card(shop, into)["member"]["number"]
    assert card(shop, source)["balances"]["points"]["available"] == 500
