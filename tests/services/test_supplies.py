"""How much there is of an article: held, sold, given and given back, and open to whom from when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from makers.merchants import console, make_staff, unique
from makers.offers import make_offer
from makers.orders import Shop, buy, enrol, give_back, make_shop


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def supply(shop: Shop, sku: str, **given: Any) -> Any:
    answer = shop.api.put(f"/supplies/{sku}", given)
    assert answer.status_code == 200, answer.content
    return answer.json()


def stock(shop: Shop, sku: str) -> tuple[int, int, int]:
    """Sold and given, held, left; together what there was."""
    found = {one["sku"]: one for one in shop.api.get("/supplies").json()["data"]}[sku]
    taken = found["stock"]
    assert taken["used"] + taken["held"] + taken["left"] == taken["most"] == found["units"]
    return taken["used"], taken["held"], taken["left"]


def cart(sku: str = "tea", quantity: int = 1, price: int = 10_000, **given: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity, "unit_price": price}], **given}


def quoted(shop: Shop, body: dict[str, Any]) -> Any:
    answer = shop.api.post("/quotes", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def placed(shop: Shop, quote: Any) -> str:
    at = shop.now.isoformat().replace("+00:00", "Z")
    body = {
        "external_id": unique("o"),
        "quote_id": quote["id"],
        "placed_at": at,
        "paid_at": at,
        "lines": [
            {"sku": line["sku"], "quantity": line["quantity"], "unit_price": line["unit_price"]}
            for line in shop.api.get(f"/quotes/{quote['id']}").json()["lines"]
        ],
        "paid": quote["due"],
    }
    answer = shop.api.post("/orders", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def reason(price: Any, offer: str) -> str | None:
    return next((one["code"] for one in price["rejected"] if one.get("offer") == offer), None)


# ── gifts ──


CUP = {"sku": "cup", "quantity": 1, "spend": 5_000}


def test_a_gift_is_held_given_and_given_back(shop: Shop) -> None:
    make_offer(shop, "gift", code="cup", params=CUP)
    supply(shop, "cup", units=2)
    first = quoted(shop, cart())
    assert first["gifts"] == [{"offer": "cup", "sku": "cup", "quantity": 1}]
    assert stock(shop, "cup") == (0, 1, 1)
    order = placed(shop, first)
    assert stock(shop, "cup") == (1, 0, 1)

    second = quoted(shop, cart())
    third = quoted(shop, cart())
    assert third["gifts"] == []
    assert reason(third, "cup") == "gift_out_of_stock"
    shop.api.post(f"/quotes/{second['id']}/release", {})
    assert stock(shop, "cup") == (1, 0, 1)
    assert shop.api.post(f"/orders/{order}/cancel", {}).status_code == 200
    assert stock(shop, "cup") == (0, 0, 2)
    assert shop.faults() == []


def test_the_next_gift_stands_in_and_comes_back_as_what_it_was(shop: Shop) -> None:
    """The cup is gone: a spoon is given, named for return when the threshold fails, and is back."""
    params = {**CUP, "instead": [{"sku": "lid", "quantity": 1}, {"sku": "spoon", "quantity": 2}]}
    make_offer(shop, "gift", code="cup", params=params, on_return="requalify")
    for sku, units in (("cup", 0), ("lid", 0), ("spoon", 3)):
        supply(shop, sku, units=units)
    quote = quoted(shop, cart(quantity=2, price=4_000, member_id=enrol(shop)))
    assert quote["gifts"] == [{"offer": "cup", "sku": "spoon", "quantity": 2}]
    order = placed(shop, quote)
    assert stock(shop, "spoon") == (2, 0, 1)
    assert quoted(shop, cart())["gifts"] == [], "one spoon is not two"

    back = give_back(shop, order, (1, 1)).json()
    assert back["gifts"] == [{"offer": "cup", "sku": "spoon", "quantity": 2}]
    assert stock(shop, "spoon") == (0, 0, 3)
    assert give_back(shop, order, (1, 1)).status_code == 201
    assert stock(shop, "spoon") == (0, 0, 3)
    assert shop.faults() == []


def test_a_gift_that_is_kept_comes_back_with_the_whole_order(shop: Shop) -> None:
    make_offer(shop, "gift", code="cup", params=CUP)
    supply(shop, "cup", units=5)
    order = placed(shop, quoted(shop, cart(quantity=3, price=2_000)))
    give_back(shop, order, (1, 2))
    assert stock(shop, "cup") == (1, 0, 4)
    give_back(shop, order, (1, 1))
    assert stock(shop, "cup") == (0, 0, 5)


def test_what_the_cart_buys_is_not_given_away(shop: Shop) -> None:
    """Two cups are there and both are bought: none is left to give."""
    make_offer(shop, "gift", code="cup", params=CUP)
    supply(shop, "cup", units=2)
    quote = quoted(shop, cart("cup", 2, 5_000))
    assert quote["gifts"] == []
    assert reason(quote, "cup") == "gift_out_of_stock"
    assert stock(shop, "cup") == (0, 2, 0)


def test_the_last_one_is_given_once_in_a_cart(shop: Shop) -> None:
    make_offer(shop, "gift", code="a", params=CUP)
    make_offer(shop, "gift", code="b", params=CUP)
    supply(shop, "cup", units=1)
    quote = quoted(shop, cart())
    assert [gift["offer"] for gift in quote["gifts"]] == ["a"]
    assert reason(quote, "b") == "gift_out_of_stock"
    supply(shop, "cup", units=3)
    assert [gift["offer"] for gift in quoted(shop, cart())["gifts"]] == ["a", "b"]


# ── goods ──


def test_goods_are_sold_to_the_last_unit_and_no_further(shop: Shop) -> None:
    supply(shop, "tea", units=3)
    quoted(shop, cart(quantity=2))
    refused = shop.api.post("/quotes", cart(quantity=2))
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
    assert refused.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    told = shop.api.post("/evaluations", cart(quantity=2)).json()["rejected"]
    assert [(one["code"], one["sku"], one["left"]) for one in told] == [("out_of_stock", "tea", 1)]
    quoted(shop, cart())
    assert stock(shop, "tea") == (0, 3, 0)
    shop.move(timedelta(minutes=15), due=False)
    assert stock(shop, "tea") == (0, 0, 3)
    quoted(shop, cart(quantity=3))


def test_units_that_come_back_are_there_again(shop: Shop) -> None:
    supply(shop, "tea", units=5)
    order = placed(shop, quoted(shop, cart(quantity=4)))
    for units, left in ((1, 2), (2, 4), (1, 5)):
        assert give_back(shop, order, (1, units)).status_code == 201
        assert stock(shop, "tea") == (5 - left, 0, left)
    assert shop.faults() == []


def test_a_lower_number_stops_what_comes_next(shop: Shop) -> None:
    supply(shop, "tea", units=5)
    placed(shop, quoted(shop, cart(quantity=3)))
    supply(shop, "tea", units=2)
    assert shop.api.post("/quotes", cart()).status_code == 409
    assert supply(shop, "tea")["effects"][0]["type"] == "supply.changed"
    assert shop.api.get("/supplies").json()["data"] == []
    quoted(shop, cart(quantity=9))


# ── early access ──

NINE = datetime(2026, 3, 11, 1, tzinfo=UTC)  # 09:00 in Shanghai
TEN = NINE + timedelta(hours=1)


def at(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


@pytest.fixture
def china() -> tuple[Shop, str, str]:
    """A shop in Shanghai, a member of tier gold and one of basic."""
    shop = make_shop(zone="Asia/Shanghai", now=NINE - timedelta(hours=1))
    gold, basic = enrol(shop), enrol(shop)
    buy(shop, gold, 500_000)
    return shop, gold, basic


def test_gold_buys_from_nine_and_all_from_ten(china: tuple[Shop, str, str]) -> None:
    shop, gold, basic = china
    supply(
        shop, "tea", units=10, opens_at=at(TEN), early_units=3,
        early=[{"tiers": ["gold", "diamond"], "from": at(NINE)}],
    )  # fmt: skip

    def verdict(member: str | None, quantity: int = 1) -> str:
        answer = shop.api.post("/quotes", cart(quantity=quantity, member_id=member))
        return "sold" if answer.status_code == 201 else str(answer.json()["code"])

    shop.move(timedelta(minutes=59, seconds=59), due=False)
    assert verdict(gold) == "not_on_sale_yet", "a second before nine"
    shop.move(timedelta(seconds=1), due=False)
    assert verdict(gold) == "sold", "at nine"
    assert verdict(basic) == verdict(None) == "not_on_sale_yet"
    told = shop.api.post("/evaluations", cart(member_id=basic)).json()["rejected"]
    assert [(one["code"], one["opens_at"]) for one in told] == [("not_on_sale_yet", at(TEN))]
    assert verdict(gold, 3) == "out_of_stock", "two of the early three are left"
    assert verdict(gold, 2) == "sold"
    shop.move(timedelta(minutes=59, seconds=59), due=False)
    assert verdict(basic) == "not_on_sale_yet"
    shop.move(timedelta(seconds=1), due=False)
    assert verdict(basic, 7) == "sold", "at ten, with what was kept; the early quotes ran out"
    assert verdict(gold, 3) == "sold"
    assert verdict(None) == "out_of_stock"
    assert shop.faults() == []


def test_an_offer_opens_early_for_a_tier_and_says_when(china: tuple[Shop, str, str]) -> None:
    shop, gold, basic = china
    when = {"from": at(TEN), "early": [{"tiers": ["gold"], "from": at(NINE)}]}
    make_offer(shop, code="sale", when=when)

    def told(member: str | None) -> Any:
        price = shop.api.post("/evaluations", cart(member_id=member)).json()
        if price["applied"]:
            return price["applied"][0]["offer"]
        return [(one["code"], one["opens_at"]) for one in price["rejected"]]

    assert told(gold) == [("not_now", at(NINE))]
    assert told(basic) == told(None) == [("not_now", at(TEN))]
    shop.move(timedelta(hours=1), due=False)
    assert told(gold) == "sale"
    assert told(basic) == [("not_now", at(TEN))]
    shop.move(timedelta(hours=1), due=False)
    assert told(basic) == told(None) == "sale"


def test_a_day_means_from_its_start_in_the_shops_zone(china: tuple[Shop, str, str]) -> None:
    shop, _, _ = china
    body = supply(
        shop, "tea", opens_at="2026-03-12", early=[{"tiers": ["gold"], "from": "2026-03-11"}]
    )
    assert body["opens_at"] == "2026-03-11T16:00:00Z"
    assert body["early"] == [{"tiers": ["gold"], "from": "2026-03-10T16:00:00Z"}]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"early": [{"tiers": ["gold"], "from": "2026-03-11"}]}, "/early", "needs_opens_at"),
        ({"units": 3, "early_units": 1}, "/early_units", "needs_early"),
        ({"opens_at": "2026-03-11", "early": [{"tiers": ["g"], "from": "2026-03-11"}]},
         "/early/0/from", "too_large"),
        ({"units": 1, "early_units": 2, "opens_at": "2026-03-12",
          "early": [{"tiers": ["g"], "from": "2026-03-11"}]}, "/early_units", "too_large"),
        ({"units": -1}, "/units", "too_small"),
        ({"units": True}, "/units", "integer_required"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together(
    shop: Shop, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = shop.api.put("/supplies/tea", body)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_the_console_reads_the_same(shop: Shop) -> None:
    supply(shop, "tea", units=3)
    analyst = console(make_staff(shop.merchant, "analyst"))
    assert analyst.get("/supplies").json()["data"][0]["stock"]["left"] == 3
    assert analyst.put("/supplies/tea", {"units": 1}).status_code == 403
