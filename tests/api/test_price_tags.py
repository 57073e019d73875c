"""What stands on the price tags of a page, and which price may lawfully be struck through there."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from makers.merchants import partner
from makers.offers import make_offer
from makers.orders import DAY, HOUR, Shop, make_shop
from regulars.infra.jobs import load
from regulars.infra.outbox import relay_all
from regulars.kernel.ids import parse
from regulars.kernel.instants import show_instant
from regulars.modules.connectors.services import import_file
from regulars.modules.merchants.services import create_key
from regulars.modules.orders.deals import note_sale

ORIGIN = "https://shop.example"
CHINA = "Asia/Shanghai"
EUROPE = "Europe/Berlin"


@pytest.fixture(autouse=True, scope="module")
def heard() -> None:
    load()


def listed(shop: Shop, price: int = 10_000, sku: str = "tea") -> None:
    assert shop.api.put(f"/products/{sku}", {"list_price": price}).status_code == 200


def sold(shop: Shop, price: int, at: datetime | None = None, quantity: int = 1) -> dict[str, Any]:
    when = show_instant(at or shop.now)
    number = f"sale-{shop.now.timestamp()}-{when}-{price}-{quantity}"
    answer = shop.api.post(
        "/orders",
        {
            "external_id": number, "placed_at": when, "paid_at": when, "paid": price * quantity,
            "lines": [{"sku": "tea", "quantity": quantity, "unit_price": price}],
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    relay_all()
    return dict(answer.json())


def tag(shop: Shop, **article: Any) -> dict[str, Any]:
    answer = shop.api.post("/price-tags", {"articles": [{"sku": "tea", **article}]})
    assert answer.status_code == 200, answer.content
    (verdict,) = answer.json()["articles"]
    return dict(verdict.get("tag") or verdict)


def test_each_tier_has_its_price_and_says_why() -> None:
    shop = make_shop()
    listed(shop)
    make_offer(shop, code="all", params={"bps": 500})
    make_offer(shop, "member_price", code="silver", params={"prices": {"tea": 9_000}},
               who={"tiers": ["silver", "gold"]})  # fmt: skip
    make_offer(shop, code="first", params={"bps": 1_000},
               who={"rule": {"fact": "first_order", "op": "=", "value": True}})  # fmt: skip
    told = tag(shop)
    assert (told["list_price"], told["everybody"]["price"]) == (10_000, 9_500)
    assert told["everybody"]["applied"] == [{"offer": "all", "amount": 500}]
    assert told["joining"] == {
        "price": 8_550, "points": 85, "saving": 950,
        "applied": [{"offer": "all", "amount": 500}, {"offer": "first", "amount": 950}],
    }  # fmt: skip
    tiers = {one["tier"]: (one["price"], one["points"]) for one in told["tiers"]}
    assert tiers == {
        "basic": (9_500, 95), "silver": (8_550, 85), "gold": (8_550, 85), "diamond": (9_500, 95),
    }  # fmt: skip


def test_a_tag_is_what_a_cart_of_one_unit_costs() -> None:
    shop = make_shop()
    make_offer(shop, "member_price", params={"prices": {"tea": 7_777}}, who={"members_only": True})
    cart = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 8_800}]}
    told = tag(shop, unit_price=8_800)
    for name, extra in (("everybody", {}), ("joining", {"as_new_member": True})):
        priced = shop.api.post("/evaluations", {**cart, **extra}).json()
        assert told[name]["price"] == priced["due"]
        assert told[name]["points"] == priced["points_to_earn"]
        assert told[name]["applied"] == priced["applied"]


def test_in_europe_the_lowest_price_of_thirty_days_is_struck_through() -> None:
    shop = make_shop(zone=EUROPE)
    listed(shop, 9_000)
    shop.move(20 * DAY)
    listed(shop, 12_000)
    shop.move(DAY)
    make_offer(shop, code="sale", params={"bps": 3_000})
    assert tag(shop)["strike"] == 9_000, "raised to be struck through"
    sold(shop, 8_700)
    shop.move(DAY)
    assert tag(shop)["strike"] == 9_000, "sold after it began"
    shop.move(40 * DAY)
    make_offer(shop, code="more", params={"bps": 3_000})
    assert tag(shop)["strike"] == 8_400, "what was offered until now"


def test_a_second_reduction_is_compared_with_the_first() -> None:
    shop = make_shop(zone=EUROPE)
    listed(shop)
    make_offer(shop, code="a", params={"bps": 1_000}, when={"from": show_instant(shop.now)})
    shop.move(40 * DAY)
    make_offer(shop, code="b", params={"bps": 1_000})
    told = tag(shop)
    assert (told["everybody"]["price"], told["strike"]) == (8_100, 9_000)


def test_in_china_the_lowest_deal_of_seven_days_is_struck_through() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    make_offer(shop, code="sale", params={"bps": 2_000},
               when={"from": show_instant(shop.now + 10 * DAY)})  # fmt: skip
    shop.move(2 * DAY)
    sold(shop, 9_900)
    shop.move(2 * DAY)
    sold(shop, 9_700, quantity=3)
    sold(shop, 9_800)
    sold(shop, 0)
    shop.move(6 * DAY)
    sold(shop, 8_000)
    told = tag(shop)
    assert (told["everybody"]["price"], told["strike"]) == (8_000, 9_700)
    assert tag(shop, strike=9_700)["strike"] == 9_700
    refused = tag(shop, strike=9_701)
    assert (refused["status"], refused["code"]) == (422, "unlawful_strike")
    assert "9700" in refused["detail"]


def test_without_a_sale_nothing_is_struck_through_in_china() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    make_offer(shop, code="sale", params={"bps": 2_000})
    assert tag(shop)["strike"] is None
    assert tag(shop, strike=10_000)["code"] == "unlawful_strike"
    sold(shop, 9_000, at=shop.now - 60 * DAY)
    assert tag(shop)["strike"] == 9_000, "the last sale before"
    sold(shop, 7_999, at=shop.now - 7 * DAY)
    assert tag(shop)["strike"] is None, "it is not above the price"


def test_an_hour_counts_whole_at_both_ends_of_the_window() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    shop.move(timedelta(minutes=30))
    make_offer(shop, code="sale", params={"bps": 5_000})
    sold(shop, 9_000, at=shop.now - 7 * DAY - timedelta(minutes=10))
    assert tag(shop)["strike"] == 9_000, "the hour of the window's start"
    sold(shop, 9_500, at=shop.now - HOUR)
    assert tag(shop)["strike"] == 9_000
    sold(shop, 8_500, at=shop.now - timedelta(minutes=20))
    assert tag(shop)["strike"] == 8_500, "the hour in which it began"


def test_a_change_of_an_offer_begins_anew() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    sold(shop, 10_000, at=shop.now - DAY)
    make_offer(shop, code="sale", params={"bps": 1_000})
    assert tag(shop)["strike"] == 10_000
    sold(shop, 9_000)
    shop.move(DAY)
    shop.api.send("PATCH", "/offers/sale", {"params": {"bps": 1_500}})
    told = tag(shop)
    assert (told["everybody"]["price"], told["strike"]) == (8_500, 9_000)


def test_a_member_day_begins_with_its_day() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    make_offer(shop, code="eighth", params={"bps": 2_000}, when={"days_of_month": [8, 9]})
    shop.move(datetime.fromisoformat("2026-05-09T12:00:00+08:00") - shop.now)
    sold(shop, 9_600, at=shop.now - 2 * DAY)
    sold(shop, 8_000, at=shop.now - DAY)
    assert tag(shop)["strike"] == 9_600, "the 8th belongs to the same days"
    shop.move(30 * DAY)
    sold(shop, 9_500, at=shop.now - 2 * DAY)
    assert tag(shop)["strike"] == 9_500


def test_a_list_price_that_fell_is_compared_with_what_it_was() -> None:
    shop = make_shop(zone=EUROPE)
    listed(shop)
    shop.move(DAY)
    listed(shop, 8_000)
    told = tag(shop)
    assert (told["everybody"]["price"], told["strike"]) == (8_000, 10_000)
    shop.move(40 * DAY)
    assert tag(shop, unit_price=7_000)["strike"] == 8_000, "the page's own price, against now"


def test_where_no_rule_holds_it_is_the_list_price() -> None:
    shop = make_shop(zone="Asia/Tokyo")
    listed(shop)
    shop.move(DAY)
    make_offer(shop, code="sale", params={"bps": 2_000})
    assert tag(shop)["strike"] == 10_000
    listed(shop, sku="pot")
    assert tag(shop, sku="pot")["strike"] is None, "nothing is reduced"


def test_an_article_without_a_price_keeps_no_other_waiting() -> None:
    shop = make_shop()
    listed(shop)
    articles = [{"sku": "x"}, {"sku": "tea"}, {"sku": "tea", "unit_price": 500}, {"sku": "y"}]
    told = shop.api.post("/price-tags", {"articles": articles}).json()["articles"]
    assert [one["status"] for one in told] == [422, 200, 200, 422]
    assert [one["index"] for one in told] == [0, 1, 2, 3]
    assert told[0]["code"] == "no_price"
    assert [one["tag"]["everybody"]["price"] for one in told[1:3]] == [10_000, 500]
    for wrong in ([], articles * 26, [{"sku": "tea", "unit_price": -1}]):
        assert shop.api.post("/price-tags", {"articles": wrong}).status_code == 422


def test_a_page_of_named_origins_may_ask() -> None:
    shop, other = make_shop(), make_shop()
    listed(shop)
    key = create_key(
        merchant_id=shop.merchant_id, name="page", by="test", now=shop.now, origins=[ORIGIN]
    )
    page = partner(key.api_key)
    body = {"articles": [{"sku": "tea"}]}
    told = page.send("POST", "/price-tags", body, key="", Origin=ORIGIN)
    assert told["Access-Control-Allow-Origin"] == ORIGIN
    assert told.json()["articles"][0]["tag"]["list_price"] == 10_000
    elsewhere = page.send("POST", "/price-tags", body, key="", Origin="https://x.example")
    assert "Access-Control-Allow-Origin" not in elsewhere
    assert other.api.post("/price-tags", body).json()["articles"][0]["code"] == "no_price"


def test_many_articles_take_as_many_statements_as_few() -> None:
    shop = make_shop(zone=CHINA)
    make_offer(shop, code="sale", params={"bps": 2_000})
    for number in range(20):
        listed(shop, sku=f"s{number}")

    def statements(count: int) -> int:
        articles = [{"sku": f"s{number}"} for number in range(count)]
        with CaptureQueriesContext(connection) as seen:
            answer = shop.api.post("/price-tags", {"articles": articles})
        assert [one["status"] for one in answer.json()["articles"]] == [200] * count
        return len(seen)

    statements(1)
    assert statements(20) == statements(1)


def test_the_sales_of_a_file_are_deals_too(tmp_path: Path) -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    day = f"{shop.now - 2 * DAY:%Y-%m-%d}"
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,member,placed_at,sku,quantity,line_total\n"
        f"o1,m1,{day} 10:00:00,tea,2,190.00\no2,m2,{day} 11:00:00,pot,1,1.00\n"
    )
    import_file(shop.scope, kind="orders", source=file, file_name=file.name)
    relay_all()
    make_offer(shop, code="sale", params={"bps": 500})
    assert tag(shop, strike=9_500)["code"] == "unlawful_strike", "it is the price itself"
    shop.api.send("PATCH", "/offers/sale", {"params": {"bps": 2_000}})
    assert tag(shop)["strike"] == 9_500


def test_a_sale_told_twice_is_one() -> None:
    shop = make_shop(zone=CHINA)
    listed(shop)
    order = sold(shop, 9_000, at=shop.now - DAY)
    order_id = parse("ord", order["id"])
    assert order_id is not None
    note_sale(shop.merchant_id, order_id)
    make_offer(shop, code="sale", params={"bps": 2_000})
    assert tag(shop)["strike"] == 9_000


@pytest.mark.parametrize("price", [12_000, 8_000])
def test_what_a_price_was_stays_on_record(price: int) -> None:
    """Two prices of one instant: the second does not take the first one's place."""
    from regulars.modules.catalog.models import PricePoint

    shop = make_shop()
    for minor in (10_000, price, 9_000):
        listed(shop, minor)
    rows = PricePoint.objects.of(shop.merchant_id).filter(sku="tea").order_by("at")
    assert [row.list_price_minor for row in rows] == [10_000, price, 9_000]
