"""Evaluations, quotes, and orders on quotes over HTTP: shown, promised, charged, given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import ApiClient, partner, unique
from makers.offers import make_offer
from makers.orders import Shop, enrol, kinds, make_shop, traces, uuid
from regulars.infra import db
from regulars.infra.recording import Writes
from regulars.infra.writes import Asked
from regulars.modules.merchants.services import create_key
from regulars.modules.pricing.asked import Asking, Goods, Place
from regulars.modules.pricing.quoting import quote

LINES = [
    {"sku": "tea", "quantity": 3, "unit_price": 3_333},
    {"sku": "pot", "quantity": 1, "unit_price": 12_001},
]


def cart(**given: Any) -> dict[str, Any]:
    return {"lines": LINES, **given}


def quoted(shop: Shop, **given: Any) -> dict[str, Any]:
    answer = shop.api.post("/quotes", cart(**given))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def order_on(quote: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {
        "external_id": unique("o"),
        "placed_at": "2026-03-02T11:00:00Z",
        "paid_at": "2026-03-02T11:00:00Z",
        "lines": LINES,
        "quote_id": quote["id"],
        "paid": quote["due"],
        **given,
    }


def placed(shop: Shop, quote: dict[str, Any], **given: Any) -> dict[str, Any]:
    answer = shop.api.post("/orders", order_on(quote, **given))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def balances(shop: Shop, member: str) -> dict[str, Any]:
    return dict(shop.api.get(f"/members/{member}/balances").json())


def give_points(shop: Shop, member: str, amount: int, **given: Any) -> None:
    answer = shop.api.post(
        f"/members/{member}/points/adjust", {"amount": amount, "reason": "gift", **given}
    )
    assert answer.status_code == 201, answer.content


def test_an_evaluation_tells_the_best_price_and_why() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, "percent_off", code="ten", params={"bps": 1_000})
    make_offer(shop, "spend_save", code="far", params={"steps": [{"spend": 50_000, "save": 5_000}]})
    told = shop.api.post("/evaluations", cart(member_id=member, shipping_minor=500)).json()
    assert (told["gross"], told["discount"], told["payable"], told["due"]) == (
        22_000, 2_200, 20_300, 20_300,
    )  # fmt: skip
    assert told["points_to_earn"] == 198
    assert told["applied"] == [{"offer": "ten", "amount": 2_200}]
    (far,) = told["rejected"]
    assert (far["offer"], far["code"], far["missing"]) == ("far", "below_threshold", 30_200)
    assert told["certificate"] == {"value": 2_200, "bound": 2_200, "gap": 0}
    assert [line["net"] for line in told["lines"]] == [8_999, 10_801]


def test_what_is_shown_is_quoted_and_charged() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, "percent_off", code="ten", params={"bps": 1_000})
    make_offer(shop, "points_multiplier", code="double", params={"bps": 20_000})
    shown = shop.api.post("/evaluations", cart(member_id=member)).json()
    quote = quoted(shop, member_id=member)
    assert {name: quote[name] for name in shown} == shown
    order = placed(shop, quote, member_id=member)
    assert (order["paid"], order["net"]) == (quote["due"], 19_800)
    assert order["points"] == quote["points_to_earn"] == 396
    assert order["growth_value"] == 198
    assert [line["net"] for line in order["lines"]] == [line["net"] for line in quote["lines"]]
    read = shop.api.get(f"/orders/{order['id']}").json()
    assert read == {name: order[name] for name in order if name != "effects"}
    after = shop.api.get(f"/quotes/{quote['id']}").json()
    assert (after["state"], after["order_id"]) == ("used", order["id"])


def test_points_are_held_spent_and_given_back_to_their_lots() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 3_000, expires_at="2026-06-01T00:00:00Z")
    give_points(shop, member, 2_000)
    before = balances(shop, member)
    quote = quoted(shop, member_id=member, redeem={"points": 4_000})
    assert quote["due"] == 18_000
    assert balances(shop, member)["points"] | {"expiring": []} == {
        "posted": 5_000, "held": 4_000, "pending": 0, "available": 1_000, "debt": 0, "expiring": [],
    }  # fmt: skip

    order = placed(shop, quote)
    assert (order["points"], balances(shop, member)["points"]["posted"]) == (180, 1_180)
    first = shop.api.post(
        f"/orders/{order['id']}/refunds",
        {"external_id": unique("r"), "lines": [{"line": 1, "quantity": 1}]},
    ).json()
    second = shop.api.post(
        f"/orders/{order['id']}/refunds",
        {
            "external_id": unique("r"),
            "lines": [{"line": 1, "quantity": 2}, {"line": 2, "quantity": 1}],
        },
    ).json()
    back = [line for refund in (first, second) for line in refund["lines"]]
    assert sum(line["points"] for line in back) == 4_000
    assert sum(line["cash"] for line in back) == 18_000
    assert "points.restored" in kinds(first["effects"])
    assert balances(shop, member) == before
    assert shop.faults() == []


def test_a_cancelled_order_gives_everything_back_shipping_too() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 1_000)
    before = balances(shop, member)
    quote = quoted(shop, member_id=member, redeem={"points": "max"}, shipping_minor=700)
    order = placed(shop, quote)
    assert (quote["due"], order["shipping"]) == (21_700, 700)
    gone = shop.api.post(f"/orders/{order['id']}/cancel").json()
    assert (gone["status"], gone["refunded"], gone["points"]) == ("cancelled", 21_700, 0)
    assert balances(shop, member) == before
    assert shop.faults() == []


def test_an_unpaid_order_on_a_quote_earns_once_it_is_paid() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 2_000)
    quote = quoted(shop, member_id=member, redeem={"points": 2_000})
    order = placed(shop, quote, paid_at=None)
    assert (order["points"], balances(shop, member)["points"]["posted"]) == (0, 0)
    paid = shop.api.post(f"/orders/{order['id']}/pay", {"paid_at": "2026-03-02T11:30:00Z"}).json()
    assert paid["points"] == quote["points_to_earn"] == 200


def test_a_quote_is_placed_once_by_whom_it_was_made_for_at_its_price() -> None:
    shop = make_shop()
    member, other = enrol(shop), enrol(shop)
    quote = quoted(shop, member_id=member)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"member_id": other}, "quote_of_another_member"),
        ({"paid": quote["due"] - 1}, "price_changed"),
        ({"lines": LINES[:1]}, "price_changed"),
        ({"store": "elsewhere"}, "price_changed"),
    ]
    before = traces(shop)
    for given, code in wrong:
        answer = shop.api.post("/orders", order_on(quote, **given))
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    unknown = shop.api.post("/orders", order_on(quote, quote_id="quo_" + "0" * 32))
    assert unknown.status_code == 404
    assert traces(shop) == before
    placed(shop, quote, member_id=member)
    again = shop.api.post("/orders", order_on(quote))
    assert (again.status_code, again.json()["code"]) == (409, "quote_used")


def test_a_quote_runs_out_and_what_it_held_is_free() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 500)
    quote = quoted(shop, member_id=member, redeem={"points": 500}, expires_in=60)
    shop.move(timedelta(minutes=2), due=False)
    answer = shop.api.post("/orders", order_on(quote))
    assert (answer.status_code, answer.json()["code"]) == (409, "quote_expired")
    assert balances(shop, member)["points"]["available"] == 500
    assert shop.api.get(f"/quotes/{quote['id']}").json()["state"] == "expired"


def test_a_quote_given_up_frees_what_it_held_at_once() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 500)
    quote = quoted(shop, member_id=member, redeem={"points": 500})
    gone = shop.api.post(f"/quotes/{quote['id']}/release")
    assert (gone.status_code, gone.json()["state"]) == (200, "released")
    assert balances(shop, member)["points"]["available"] == 500
    answer = shop.api.post("/orders", order_on(quote))
    assert (answer.status_code, answer.json()["code"]) == (409, "quote_released")


def test_more_points_than_there_are() -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 100)
    asked = cart(member_id=member, redeem={"points": 101})
    refused = shop.api.post("/quotes", asked)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_points")
    told = shop.api.post("/evaluations", asked).json()
    assert told["due"] == 21_900
    assert [one["code"] for one in told["rejected"]] == ["tender_reduced"]


@pytest.mark.parametrize("tender", ["points", "growth_value", "stored_value"])
@pytest.mark.parametrize("amount", [1.5, -1, "5", "MAX", True, 2**53, []])
def test_what_is_no_amount_to_redeem_is_named_by_its_field(tender: str, amount: Any) -> None:
    answer = make_shop().api.post("/evaluations", cart(redeem={tender: amount}))
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/redeem/{tender}"]


def test_null_is_the_same_as_left_out() -> None:
    shop = make_shop()
    bare = shop.api.post("/evaluations", cart()).json()
    names = "member_id channel store at shipping_minor coupon_codes redeem add"
    nulls = dict.fromkeys(names.split())
    assert shop.api.post("/evaluations", cart(**nulls)).json() == bare
    redeem = {"points": None, "growth_value": None, "stored_value": None}
    assert shop.api.post("/evaluations", cart(redeem=redeem)).json() == bare


def test_a_plan_that_nobody_sells_cannot_be_added() -> None:
    shop = make_shop()
    assert shop.api.post("/evaluations", cart(add={})).status_code == 200
    for path in ("/evaluations", "/quotes"):
        answer = shop.api.post(path, cart(add={"plan": "year-card"}))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/add/plan"


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", True, 2**31, None])
def test_a_quantity_that_is_none(quantity: Any) -> None:
    shop = make_shop()
    body = {"lines": [{"sku": "tea", "quantity": quantity, "unit_price": 100}]}
    before = traces(shop)
    for path in ("/evaluations", "/quotes"):
        answer = shop.api.post(path, body)
        assert answer.status_code == 422, path
        assert answer.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    assert traces(shop) == before


def test_the_same_key_the_same_quote() -> None:
    shop = make_shop()
    first = shop.api.post("/quotes", cart(), key="q-1")
    again = shop.api.post("/quotes", cart(), key="q-1")
    other = shop.api.post("/quotes", cart(channel="x"), key="q-1")
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


# ── web pages elsewhere ───────────────────────────────────────────────────────────────────

ORIGIN = "https://shop.example"


def page_key(shop: Shop) -> ApiClient:
    made = create_key(
        merchant_id=shop.merchant_id, name="page", by="test", now=shop.now, origins=[ORIGIN]
    )
    assert made.api_key.startswith("pk_live_")
    return partner(made.api_key)


def test_a_page_shows_a_stranger_what_joining_would_save() -> None:
    shop = make_shop()
    make_offer(shop, "member_price", params={"prices": {"tea": 3_000}}, who={"members_only": True})
    page = page_key(shop)
    now = page.send("POST", "/evaluations", cart(), key="", Origin=ORIGIN)
    joined = page.send("POST", "/evaluations", cart(as_new_member=True), key="", Origin=ORIGIN)
    assert (now.json()["due"], joined.json()["due"]) == (22_000, 21_001)
    assert (now.json()["points_to_earn"], joined.json()["points_to_earn"]) == (0, 210)
    assert now["Access-Control-Allow-Origin"] == ORIGIN


def test_the_articles_of_a_page_are_priced_in_one_request_each_alone() -> None:
    """Two articles of 60.00 reach 100.00 together, and neither does by itself."""
    shop = make_shop()
    make_offer(shop, "spend_save", params={"steps": [{"spend": 10_000, "save": 500}]})
    make_offer(shop, "member_price", params={"prices": {"tea": 3_000}}, who={"members_only": True})
    page = page_key(shop)
    carts = [
        {"lines": [{"sku": sku, "quantity": 1, "unit_price": 6_000}], "as_new_member": joined}
        for sku in ("tea", "cup")
        for joined in (False, True)
    ]
    told = page.send("POST", "/evaluations/bulk", {"carts": carts}, key="", Origin=ORIGIN)
    assert told["Access-Control-Allow-Origin"] == ORIGIN
    found = told.json()["carts"]
    assert [one["evaluation"]["due"] for one in found] == [6_000, 3_000, 6_000, 6_000]
    for index, cart_of in enumerate(carts):
        alone = page.post("/evaluations", cart_of).json()
        assert found[index] == {"index": index, "status": 200, "evaluation": alone}


def test_a_cart_that_is_wrong_keeps_no_other_waiting() -> None:
    shop = make_shop()
    page = page_key(shop)
    good, member = cart(), enrol(shop)
    dear = {"lines": [{"sku": "tea", "quantity": 2**31 - 1, "unit_price": 10**9}]}
    sent = [good, {"lines": []}, cart(member_id=member), "tea", dear, cart(extra=1), good]
    found = page.post("/evaluations/bulk", {"carts": sent}).json()["carts"]
    assert [one["status"] for one in found] == [200, 422, 403, 422, 422, 422, 200]
    assert [one["index"] for one in found] == list(range(7))
    assert [one["errors"][0]["pointer"] for one in found if one["status"] == 422] == [
        "/lines",
        "",
        "/lines",
        "/extra",
    ]
    assert found[0]["evaluation"] == found[6]["evaluation"]
    carts = [cart(member_id=member), cart(member_id=enrol(make_shop()))]
    own, foreign = shop.api.post("/evaluations/bulk", {"carts": carts}).json()["carts"]
    assert own["evaluation"]["points_to_earn"] > 0
    assert (foreign["status"], foreign["code"]) == (404, "not_found")


def test_carts_in_one_request_are_bounded() -> None:
    page = page_key(make_shop())
    one = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 100}]}
    assert page.post("/evaluations/bulk", {"carts": [one] * 100}).status_code == 200
    assert page.post("/evaluations/bulk", {"carts": [one] * 101}).status_code == 422
    assert page.post("/evaluations/bulk", {"carts": []}).status_code == 422
    wide = {"lines": one["lines"] * 501}
    refused = page.post("/evaluations/bulk", {"carts": [wide, wide]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/carts")


def test_a_page_key_opens_nothing_else_and_no_other_page() -> None:
    shop = make_shop()
    member = enrol(shop)
    page = page_key(shop)
    about_member = page.post("/evaluations", cart(member_id=member))
    assert (about_member.status_code, about_member.json()["code"]) == (403, "forbidden")
    for path in ("/quotes", "/orders"):
        assert page.post(path, cart()).status_code == 403
    elsewhere = page.send("POST", "/evaluations", cart(), key="", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in elsewhere
    secret = shop.api.send("POST", "/evaluations", cart(), key="", Origin=ORIGIN)
    assert "Access-Control-Allow-Origin" not in secret


def test_a_preflight_of_prices_is_answered_and_of_nothing_else() -> None:
    page = page_key(make_shop())
    for path in ("/evaluations", "/evaluations/bulk"):
        asked = page.send("OPTIONS", path, None, Origin=ORIGIN)
        assert (asked.status_code, asked["Access-Control-Allow-Methods"]) == (204, "POST")
    other = page.send("OPTIONS", "/orders", None, Origin=ORIGIN)
    assert "Access-Control-Allow-Origin" not in other


# ── what a return does to offers ──────────────────────────────────────────────────────────


def returned(shop: Shop, order: dict[str, Any], *lines: tuple[int, int]) -> dict[str, Any]:
    body = {"lines": [{"line": line, "quantity": quantity} for line, quantity in lines]}
    shown = shop.api.post(f"/orders/{order['id']}/refunds/preview", body).json()
    told = shop.api.post(
        f"/orders/{order['id']}/refunds", {"external_id": unique("r"), **body}
    ).json()
    assert {name: told[name] for name in shown if name != "effects"} == {
        name: value for name, value in shown.items() if name != "effects"
    }
    return dict(told)


def test_a_kept_threshold_discount_stays_and_one_that_requalifies_is_asked_again() -> None:
    """Spend 200 save 30: after returning the pot the tea alone would pay its full price."""
    for on_return, cash in (("keep", 10_364), ("requalify", 9_001)):
        shop = make_shop()
        member = enrol(shop)
        make_offer(shop, "spend_save", on_return=on_return)
        order = placed(shop, quoted(shop, member_id=member))
        assert order["paid"] == 19_000
        told = returned(shop, order, (2, 1))
        assert (told["lines"][0]["line"], told["lines"][0]["cash"]) == (2, cash), on_return
        kept = 19_000 - cash
        assert balances(shop, member)["points"]["posted"] == kept // 100
        last = returned(shop, order, (1, 3))
        assert sum(line["cash"] for line in last["lines"]) == kept
        assert balances(shop, member)["points"]["posted"] == 0
        assert shop.faults() == []


def test_a_gift_whose_threshold_fails_is_named_for_return() -> None:
    shop = make_shop()
    make_offer(shop, "gift", code="cup-gift", on_return="requalify")
    quote = quoted(shop)
    assert quote["gifts"] == [{"offer": "cup-gift", "sku": "cup", "quantity": 1}]
    order = placed(shop, quote)
    assert returned(shop, order, (1, 1))["gifts"] == []
    assert returned(shop, order, (2, 1))["gifts"] == quote["gifts"]


# ── what is scarce ────────────────────────────────────────────────────────────────────────


def applied(quote: dict[str, Any]) -> dict[str, int]:
    return {one["offer"]: one["amount"] for one in quote["applied"]}


def why(quote: dict[str, Any]) -> dict[str, str]:
    return {one["offer"]: one["code"] for one in quote["rejected"]}


def test_a_use_is_held_by_a_quote_kept_by_an_order_and_back_with_the_whole_return() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, code="once", limit={"per_member": 1})
    first = quoted(shop, member_id=member)
    assert applied(first) == {"once": 2_200}
    assert why(quoted(shop, member_id=member)) == {"once": "limit_reached"}
    assert applied(quoted(shop, member_id=enrol(shop))) == {"once": 2_200}
    order = placed(shop, first)
    shop.move(timedelta(hours=1), due=False)
    assert why(quoted(shop, member_id=member)) == {"once": "limit_reached"}
    returned(shop, order, (1, 3))
    assert why(quoted(shop, member_id=member)) == {"once": "limit_reached"}
    returned(shop, order, (2, 1))
    assert applied(quoted(shop, member_id=member)) == {"once": 2_200}


def test_a_limit_per_member_holds_members_and_a_strangers_quote_is_no_way_round_it() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, code="once", limit={"per_member": 1})
    make_offer(shop, code="ours", limit={"per_member": 1}, who={"members_only": True})
    placed(shop, quoted(shop, member_id=member))
    assert why(quoted(shop, member_id=member)) == {"once": "limit_reached", "ours": "limit_reached"}
    for _ in range(2):
        strange = quoted(shop)
        assert set(applied(strange)) == {"once"}
        assert why(strange) == {"ours": "not_for_member"}
        refused = shop.api.post("/orders", order_on(strange, member_id=member))
        assert refused.status_code == 409, refused.content
        assert refused.json()["code"] == "quote_of_another_member"
        placed(shop, strange)


def test_a_quote_that_ran_out_or_was_given_up_holds_nothing() -> None:
    shop = make_shop()
    make_offer(shop, code="few", limit={"total": 1})
    held = quoted(shop, expires_in=60)
    assert why(quoted(shop)) == {"few": "limit_reached"}
    shop.api.post(f"/quotes/{held['id']}/release")
    again = quoted(shop, expires_in=60)
    assert applied(again) == {"few": 2_200}
    shop.move(timedelta(minutes=1), due=False)
    assert applied(quoted(shop)) == {"few": 2_200}
    late = shop.api.post("/orders", order_on(again))
    assert (late.status_code, late.json()["code"]) == (409, "quote_expired")


def test_a_budget_is_cut_to_what_is_left_and_never_passed() -> None:
    shop = make_shop()
    make_offer(shop, code="pot", budget=3_000)
    first, second = quoted(shop), quoted(shop)
    assert (applied(first), applied(second)) == ({"pot": 2_200}, {"pot": 800})
    assert why(quoted(shop)) == {"pot": "budget_spent"}
    order = placed(shop, first)
    shop.move(timedelta(hours=1), due=False)
    assert applied(quoted(shop)) == {"pot": 800}
    shop.api.post(f"/orders/{order['id']}/cancel")
    assert applied(quoted(shop, expires_in=1)) == {"pot": 2_200}


# ── coupons ───────────────────────────────────────────────────────────────────────────────


def test_a_coupon_unlocks_is_held_and_comes_back_with_a_cancel() -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, code="vip", requires_code=True)
    assert why(quoted(shop, member_id=member)) == {"vip": "code_missing"}
    made = shop.api.post("/coupons", {"offer": "vip", "codes": ["HELLO"], "max_uses": 1})
    assert made.status_code in (200, 201), made.content
    with_code = {"member_id": member, "coupon_codes": ["hello "]}
    quote = quoted(shop, **with_code)
    assert applied(quote) == {"vip": 2_200}
    second = quoted(shop, **with_code)
    assert applied(second) == {}
    assert {(one.get("coupon"), one["code"]) for one in second["rejected"]} == {
        ("hello ", "coupon_invalid"),
        (None, "code_missing"),
    }
    order = placed(shop, quote)
    shop.move(timedelta(hours=1), due=False)
    assert applied(quoted(shop, **with_code)) == {}
    shop.api.post(f"/orders/{order['id']}/cancel")
    assert applied(quoted(shop, **with_code)) == {"vip": 2_200}


def test_every_code_that_cannot_be_used_is_told_the_same() -> None:
    shop = make_shop()
    member, other = enrol(shop), enrol(shop)
    make_offer(shop, code="vip", requires_code=True)
    for body in (
        {"codes": ["OVER"], "until": "2026-01-01T00:00:00Z"},
        {"codes": ["SOON"], "from": "2027-01-01T00:00:00Z"},
        {"codes": ["THEIRS"], "member_id": other},
    ):
        made = shop.api.post("/coupons", {"offer": "vip", **body})
        assert made.status_code in (200, 201), made.content
    generated = shop.api.post("/coupons", {"offer": "vip", "count": 1}).json()
    (code,) = generated["codes"]
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for given in ("OVER", "SOON", "THEIRS", "NEVER", wrong):
        told = shop.api.post("/evaluations", cart(member_id=member, coupon_codes=[given])).json()
        assert applied(told) == {}, given
        (invalid,) = [one for one in told["rejected"] if one["code"] == "coupon_invalid"]
        assert invalid["coupon"] == given
        assert set(invalid) == {"coupon", "code", "reason"}
    told = shop.api.post("/evaluations", cart(member_id=member, coupon_codes=[code])).json()
    assert applied(told) == {"vip": 2_200}


def test_a_quote_reads_three_times_at_most_whatever_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    member = enrol(shop)
    give_points(shop, member, 1_000)
    for number in range(12):
        make_offer(shop, params={"bps": 100 + number}, limit={"per_member": 2, "total": 99})
    lines = [{"sku": f"s{n}", "quantity": 1, "unit_price": 1_000 + n} for n in range(40)]
    quoted(shop, lines=lines)
    reads, writes = [], []
    executed, record = db._executed, Writes.record

    def counted(sql: db.Sql, params: Any) -> Any:
        reads.append(sql)
        return executed(sql, params)

    def recorded(self: Writes) -> None:
        writes.append(len(self.rows))
        record(self)

    monkeypatch.setattr(db, "_executed", counted)
    monkeypatch.setattr(Writes, "record", recorded)
    place = Place(shop.merchant_id, shop.scope.zone, shop.now)
    goods = tuple(Goods(line["sku"], 1, int(line["unit_price"])) for line in lines)
    wanted = Asked(
        merchant_id=shop.merchant_id, actor="test", operation="quotes.create",
        key=unique("k"), fingerprint="f", now=shop.now,
    )  # fmt: skip
    quote(place, wanted, Asking(lines=goods, member_id=uuid(member), redeem={"points": 500}))
    assert len(reads) <= 3
    assert len(writes) == 1, "one unit, which is one statement on PostgreSQL"
