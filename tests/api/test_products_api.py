"""Products over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from makers.orders import NO_INTEGERS, buy, changed, enrol, make_shop, staff, traces, with_raw

MARK = 123_456_789
TEA = {"name": "Tea", "category": "drinks", "type": "leaf", "tags": ["green"], "list_price": 990}


def test_a_product_is_set_changed_and_read() -> None:
    shop = make_shop()
    assert shop.api.get("/products/tea").status_code == 404
    first = shop.api.put("/products/tea", TEA)
    assert first.status_code == 200
    assert first.json() == {
        "sku": "tea", **TEA,
        "effects": [{"type": "product.changed", "sku": "tea", "created": True}],
    }  # fmt: skip
    changed_ = shop.api.put("/products/tea", {"list_price": 890}).json()
    assert (changed_["name"], changed_["list_price"]) == ("Tea", 890), "the rest stays"
    assert changed_["effects"][0]["created"] is False
    assert shop.api.put("/products/tea", {"list_price": 890}).json()["effects"] == []
    assert shop.api.put("/products/tea", {"name": None}).json()["name"] is None
    read = shop.api.get("/products/tea").json()
    assert read == {"sku": "tea", **TEA, "name": None, "list_price": 890}


@pytest.mark.parametrize("sku", ["a%2Fb", "%E8%8C%B6", "a%20b", "..%2F..", "x" * 255])
def test_a_sku_is_the_merchants_own_word(sku: str) -> None:
    shop = make_shop()
    assert shop.api.put(f"/products/{sku}", {"name": "x"}).status_code == 200
    assert shop.api.get(f"/products/{sku}").json()["name"] == "x"


def test_the_same_key_the_same_answer() -> None:
    shop = make_shop()
    first = shop.api.put("/products/tea", TEA, key="k")
    replay = shop.api.put("/products/tea", TEA, key="k")
    assert replay.content == first.content
    assert replay["Idempotent-Replayed"] == "true"
    for path, body in (("/products/pot", TEA), ("/products/tea", {})):
        assert shop.api.put(path, body, key="k").json()["code"] == "idempotency_key_reused"
    assert shop.api.put("/products/tea", TEA, key="").status_code == 400


@pytest.mark.parametrize("why", [why for why in NO_INTEGERS if why != "null"])
def test_a_price_is_a_whole_number(why: str) -> None:
    shop = make_shop()
    before = traces(shop)
    body = with_raw({"list_price": MARK}, MARK, NO_INTEGERS[why])
    answer = shop.api.put("/products/tea", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/list_price")
    assert traces(shop) == before


@pytest.mark.parametrize(
    "body",
    [
        {"x": 1}, {"sku": "tea"}, {"name": 5}, {"name": "x" * 256}, {"tags": "green"},
        {"tags": None}, {"tags": [1]}, {"tags": ["a"] * 51}, {"list_price": 10**15 + 1},
    ],
    ids=lambda body: str(body)[:40],
)  # fmt: skip
def test_what_is_refused_leaves_no_trace(body: dict[str, Any]) -> None:
    shop = make_shop()
    before = traces(shop)
    assert shop.api.put("/products/tea", body).status_code == 422
    assert traces(shop) == before


def test_each_merchant_has_goods_of_their_own() -> None:
    shop, other = make_shop(), make_shop()
    shop.api.put("/products/tea", TEA)
    assert other.api.get("/products/tea").status_code == 404
    other.api.put("/products/tea", {"name": "Other"})
    assert shop.api.get("/products/tea").json()["name"] == "Tea"


def test_rates_by_category_look_the_sku_up() -> None:
    rates = [{"name": "drinks", "bps": 30_000, "categories": ["drinks"]}]
    shop = make_shop(changed("plain", earning__points={"rates": rates}))
    member = enrol(shop)
    shop.api.put("/products/S1", TEA)
    assert buy(shop, member, 1_000, 1_000)["points"] == 40
    shop.api.put("/products/S2", {"category": "drinks"})
    assert buy(shop, member, 1_000, 1_000)["points"] == 60


def test_the_rule_for_struck_through_prices_is_the_countrys_until_it_is_set() -> None:
    for zone, region in (("Europe/Berlin", "eu"), ("Asia/Shanghai", "cn"), ("Asia/Tokyo", "none")):
        shop = make_shop(zone=zone)
        assert shop.api.get("/settings/reference-price").json() == {"region": region}
    told = shop.api.put("/settings/reference-price", {"region": "eu"}).json()
    assert told == {
        "region": "eu",
        "effects": [{"type": "catalog.strike_region_changed", "region": "eu"}],
    }
    assert shop.api.put("/settings/reference-price", {"region": "eu"}).json()["effects"] == []
    assert shop.api.get("/settings/reference-price").json() == {"region": "eu"}
    assert shop.api.put("/settings/reference-price", {"region": "us"}).status_code == 422
    assert staff(shop, "owner").get("/settings/reference-price").json() == {"region": "eu"}
    desk = staff(shop, "cashier")
    assert desk.put("/settings/reference-price", {"region": "cn"}).status_code == 403
