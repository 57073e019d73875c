"""What the till and the offer form ask of the console: goods, drafts priced, what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from makers.merchants import member as member_client
from makers.merchants import unique
from makers.offers import make_offer, offer_body
from makers.orders import Shop, enrol, make_shop, staff, traces, uuid

LINES = [
    {"sku": "tea", "quantity": 3, "unit_price": 3_333},
    {"sku": "pot", "quantity": 1, "unit_price": 12_001},
]


def trial(shop: Shop, **given: Any) -> dict[str, Any]:
    cashier = staff(shop, "cashier")
    before = traces(shop)
    answer = cashier.post("/evaluations", {"lines": LINES, **given})
    assert answer.status_code == 200, answer.content
    assert traces(shop) == before
    return dict(answer.json())


def test_a_draft_is_priced_in_place_of_its_code() -> None:
    shop = make_shop()
    make_offer(shop, code="ten", params={"bps": 1_000})
    assert trial(shop)["discount"] == 2_200
    draft = offer_body("percent_off", code="ten", params={"bps": 5_000})
    told = trial(shop, offers=[draft])
    assert told["applied"] == [{"offer": "ten", "amount": 11_000}]
    assert trial(shop)["discount"] == 2_200, "the next cart is priced by what is published"


def test_a_draft_stands_beside_what_is_published_and_may_have_a_limit() -> None:
    shop = make_shop()
    make_offer(shop, code="ten", params={"bps": 1_000})
    more = offer_body(
        "spend_save", code="more", params={"steps": [{"spend": 10_000, "save": 1_000}]},
        budget=700, limit={"total": 1},
    )  # fmt: skip
    told = trial(shop, offers=[more])
    assert {one["offer"]: one["amount"] for one in told["applied"]} == {"ten": 2_200, "more": 700}


def test_a_draft_with_faults_is_told_by_its_fields() -> None:
    shop = make_shop()
    draft = offer_body("percent_off", code="ten", params={"bps": 10_001})
    answer = staff(shop, "cashier").post("/evaluations", {"lines": LINES, "offers": [draft]})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/offers/0/params/bps"]


def test_the_partner_api_prices_no_drafts() -> None:
    shop = make_shop()
    answer = shop.api.post("/evaluations", {"lines": LINES, "offers": []})
    assert answer.status_code == 422


def test_what_is_used_held_and_left() -> None:
    shop = make_shop()
    make_offer(shop, code="ten", params={"bps": 1_000}, budget=5_000, limit={"total": 9})
    make_offer(shop, code="soft", params={"bps": 100}, budget=100, budget_terms={"stop": "soft"})
    make_offer(shop, code="free", params={"bps": 100})
    used = shop.api.post("/quotes", {"lines": LINES}).json()
    order = shop.api.post(
        "/orders",
        {"external_id": unique("o"), "placed_at": "2026-03-02T11:00:00Z", "lines": LINES,
         "quote_id": used["id"], "paid": used["due"]},
    )  # fmt: skip
    assert order.status_code == 201, order.content
    held = shop.api.post("/quotes", {"lines": LINES}).json()
    taken = {one["offer"]: one["amount"] for one in held["applied"]}
    told = staff(shop, "cashier").get("/offer-counts").json()["data"]
    by_code = {one["code"]: one for one in told}
    assert set(by_code) == {"ten", "soft"}
    assert by_code["ten"]["uses"] == {"most": 9, "used": 1, "held": 1, "left": 7}
    (pot,) = by_code["ten"]["budgets"]
    assert pot == {
        "store": None, "most": 5_000, "used": taken["ten"], "held": taken["ten"],
        "left": 5_000 - 2 * taken["ten"],
    }  # fmt: skip
    assert by_code["soft"]["uses"] is None
    (soft,) = by_code["soft"]["budgets"]
    assert (soft["used"] + soft["held"], soft["left"]) == (2 * taken["soft"], 0)
    shop.move(timedelta(hours=1), due=False)
    told = staff(shop, "cashier").get("/offer-counts").json()["data"]
    assert next(one for one in told if one["code"] == "ten")["uses"]["held"] == 0


def test_goods_are_found_by_sku_and_by_name() -> None:
    shop = make_shop()
    for sku, name in (("tea-1", "Green tea"), ("tea-10", "Oolong"), ("pot", "Teapot 100%_")):
        answer = shop.api.put(f"/products/{sku}", {"name": name, "list_price": 500})
        assert answer.status_code == 200, answer.content
    find = staff(shop, "cashier").get

    def skus(query: str) -> list[str]:
        return [one["sku"] for one in find(f"/products?query={query}").json()["data"]]

    assert skus("tea-1") == ["tea-1", "tea-10"]
    assert skus("TEA") == ["pot", "tea-1", "tea-10"]
    assert skus("lon") == ["tea-10"]
    assert skus("%25_") == ["pot"]
    assert skus("") == ["pot", "tea-1", "tea-10"]
    assert find("/products?query=pot&limit=1").json()["data"][0]["list_price"] == 500


def test_an_order_on_a_quote_shows_its_whole_price() -> None:
    shop = make_shop()
    member = enrol(shop)
    shop.api.post(f"/members/{member}/points/adjust", {"amount": 500, "reason": "gift"})
    make_offer(shop, "percent_off", code="ten", name="Ten off", params={"bps": 1_000})
    make_offer(shop, "gift", code="mug", params={"sku": "mug", "quantity": 1, "spend": 100})
    asked = {"lines": LINES, "member_id": member, "redeem": {"points": 500}, "shipping_minor": 800}
    quote = shop.api.post("/quotes", asked).json()
    order = shop.api.post(
        "/orders",
        {"external_id": unique("o"), "placed_at": "2026-03-02T11:00:00Z", "member_id": member,
         "paid_at": "2026-03-02T11:00:00Z", "lines": LINES, "quote_id": quote["id"],
         "paid": quote["due"]},
    ).json()  # fmt: skip
    told = staff(shop, "cashier").get(f"/orders/{order['id']}").json()
    deal = told["deal"]
    assert (deal["gross_minor"], deal["payable_minor"], deal["due_minor"]) == (
        22_000, 20_600, 20_100,
    )  # fmt: skip
    assert deal["applied"][0] == {"offer": "ten", "name": "Ten off", "amount": 2_200}
    assert deal["tenders"] == [{"asset": "points", "units": 500, "minor": 500}]
    assert deal["gifts"] == [{"offer": "mug", "sku": "mug", "quantity": 1}]
    assert (deal["shipping_gross_minor"], deal["shipping_minor"]) == (800, 800)
    for line in told["lines"]:
        off = sum(one["amount"] for one in line["discounts"])
        assert line["gross_minor"] - off - line["tenders"]["points"] == line["net_minor"]


def test_an_order_without_a_quote_has_no_deal() -> None:
    shop = make_shop()
    order = shop.api.post(
        "/orders",
        {"external_id": unique("o"), "placed_at": "2026-03-02T11:00:00Z", "lines": LINES,
         "paid": 22_000},
    ).json()  # fmt: skip
    told = staff(shop, "cashier").get(f"/orders/{order['id']}").json()
    assert told["deal"] is None
    assert told["lines"][0]["gross_minor"] is None


def test_a_member_is_told_what_named_offers_give_and_nothing_of_drafts() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, "amount_off", code="ten", name="Ten", params={"each": 1_000})
    make_offer(shop, code="secret", status="draft")
    make_offer(shop, code="other")
    page = member_client(shop.merchant, uuid(member))
    told = page.get("/offers?codes=ten/secret/none").json()["data"]
    assert told == [{"code": "ten", "name": "Ten", "kind": "amount_off", "params": {"each": 1_000}}]
    assert page.get("/offers").status_code == 422
