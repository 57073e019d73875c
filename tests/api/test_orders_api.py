"""Orders over HTTP: strict in, once, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from makers.merchants import partner, unique
from makers.orders import (
    DAY,
    NO_INTEGERS,
    NOON,
    Shop,
    buy,
    enrol,
    give_back,
    kinds,
    make_shop,
    order_body,
    staff,
    traces,
    with_raw,
)
from regulars.kernel.ids import new_id, show
from regulars.modules.merchants.services import create_key

MARK = 123_456_789


def untouched(shop: Shop, before: dict[str, int]) -> bool:
    return traces(shop) == before


# ── placing ───────────────────────────────────────────────────────────────────────────────


def test_an_order_and_its_answer() -> None:
    shop = make_shop(zone="Asia/Shanghai", currency="CNY")
    body = order_body(
        lines=[
            {"sku": "tea", "quantity": 3, "unit_price": 1_000, "total": 2_750},
            {"sku": "pot", "quantity": 1, "unit_price": 9_900},
        ],
        identity={"type": "phone", "value": "138 0013 8000"},
        store="s-1",
        channel="till",
        paid=12_650,
    )
    answer = shop.api.post("/orders", body)
    assert answer.status_code == 201
    told = answer.json()
    assert {name: told[name] for name in ("net", "paid", "points", "growth_value", "tier")} == {
        "net": 12_650, "paid": 12_650, "points": 126, "growth_value": 126, "tier": "basic",
    }  # fmt: skip
    assert told["lines"][0] == {
        "line": 1, "sku": "tea", "quantity": 3, "unit_price": 1_000, "net": 2_750, "returned": 0,
    }  # fmt: skip
    assert kinds(told["effects"])[:3] == ["member.enrolled", "order.created", "order.paid"]
    read = shop.api.get(f"/orders/{told['id']}").json()
    assert read == {name: told[name] for name in told if name != "effects"}


def test_a_phone_is_the_same_however_it_is_written() -> None:
    """A member who enrolled and an order that names them otherwise are one person."""
    shop = make_shop(zone="Asia/Shanghai", currency="CNY")
    member = enrol(shop, identities=[{"type": "phone", "value": "+86 138-0013-8000"}])
    for written in ("13800138000", "138 0013 8000", "+8613800138000", "0086 138 0013 8000"):
        order = buy(shop, None, 100, identity={"type": "phone", "value": written})
        assert order["member_id"] == member
    for kind, written, other in (
        ("email", "Ann@Example.com ", "ann@example.com"),
        ("external", "X-1", "X-1"),
    ):
        first = buy(shop, None, 100, identity={"type": kind, "value": written})
        again = buy(shop, None, 100, identity={"type": kind, "value": other})
        assert first["member_id"] == again["member_id"]


def test_the_same_key_the_same_order_and_other_content() -> None:
    shop = make_shop()
    member = enrol(shop)
    body = order_body(5_000, member_id=member)
    first = shop.api.post("/orders", body, key="k-1")
    replay = shop.api.post("/orders", body, key="k-1")
    other_body = shop.api.post("/orders", {**body, "paid": 1}, key="k-1")
    again = shop.api.post("/orders", body)
    clash = shop.api.post("/orders", {**body, "paid": 1})
    assert (first.status_code, replay.status_code, again.status_code) == (201, 201, 200)
    assert replay.content == first.content
    assert replay["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["effects"] == []
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")
    assert (clash.status_code, clash.json()["code"]) == (409, "external_id_reused")
    assert shop.balance(member).posted == 50


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_write_needs_a_key(key: str) -> None:
    shop = make_shop()
    before = traces(shop)
    answer = shop.api.post("/orders", order_body(100), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert untouched(shop, before)


@pytest.mark.parametrize("why", NO_INTEGERS)
@pytest.mark.parametrize("field", ["quantity", "unit_price", "total", "paid"])
def test_numbers_are_whole_numbers(field: str, why: str) -> None:
    shop = make_shop()
    line = {"sku": "tea", "quantity": 1, "unit_price": 2, "total": 3}
    body = order_body(lines=[line], paid=4)
    place = body if field == "paid" else line
    place[field] = MARK
    before = traces(shop)
    answer = shop.api.post("/orders", with_raw(body, MARK, NO_INTEGERS[why]))
    if (field, why) == ("total", "null"):
        assert answer.status_code == 201, "no total is told by null too"
        return
    assert answer.status_code == 422, answer.content
    pointer = "/paid" if field == "paid" else f"/lines/0/{field}"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert untouched(shop, before)


NOBODY = show("mem", new_id())
SOME_LINE = {"sku": "tea", "quantity": 1, "unit_price": 1}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"surprise": 1}, "/surprise"),
        ({"coupon": "X"}, "/coupon"),
        ({"lines": [{**SOME_LINE, "net": 1}]}, "/lines/0/net"),
        ({"lines": []}, "/lines"),
        ({"lines": [SOME_LINE] * 1_001}, "/lines"),
        ({"lines": [{**SOME_LINE, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{**SOME_LINE, "quantity": 2**31}]}, "/lines/0/quantity"),
        ({"lines": [{**SOME_LINE, "unit_price": 10**15 + 1}]}, "/lines/0/unit_price"),
        ({"lines": [{**SOME_LINE, "total": 10**15 + 1}]}, "/lines/0/total"),
        ({"lines": [{**SOME_LINE, "quantity": 2, "unit_price": 10**15}]}, "/lines/0"),
        ({"lines": [{**SOME_LINE, "quantity": 2**31 - 1, "unit_price": 10**15}]}, "/lines/0"),
        ({"lines": [{**SOME_LINE, "total": 10**15}, SOME_LINE]}, "/lines"),
        ({"lines": [{**SOME_LINE, "sku": ""}]}, "/lines/0/sku"),
        ({"lines": [{**SOME_LINE, "sku": "a\u0007"}]}, "/lines/0/sku"),
        ({"lines": [{**SOME_LINE, "sku": "a\u0000"}]}, ""),
        ({"external_id": ""}, "/external_id"),
        ({"external_id": "x" * 256}, "/external_id"),
        ({"external_id": 7}, "/external_id"),
        ({"placed_at": "2026-03-10"}, "/placed_at"),
        ({"placed_at": "2026-03-10T12:00:00"}, "/placed_at"),
        ({"placed_at": 1_700_000_000}, "/placed_at"),
        ({"placed_at": "2026-03-10T12:06:00Z"}, "/placed_at"),
        ({"paid_at": "2026-03-11T12:00:00Z"}, "/paid_at"),
        ({"paid": 10**15 + 1}, "/paid"),
        ({"identity": {"type": "phone", "value": "12"}}, "/identity/value"),
        ({"identity": {"type": "email", "value": "ann"}}, "/identity/value"),
        ({"identity": {"type": "passport", "value": "1"}}, "/identity/type"),
        ({"identity": {"type": "phone"}}, "/identity/value"),
        ({"identity": {"type": "card", "value": "1"}, "member_id": NOBODY}, "/identity"),
        ({"member_id": 5}, "/member_id"),
    ],
    ids=lambda part: str(part)[:60],
)  # fmt: skip
def test_what_is_refused_leaves_no_trace(change: dict[str, Any], pointer: str) -> None:
    shop = make_shop()
    before = traces(shop)
    answer = shop.api.post("/orders", {**order_body(100), **change})
    assert answer.status_code == 422, answer.content
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert untouched(shop, before)


@pytest.mark.parametrize(
    "lines",
    [
        [{**SOME_LINE, "quantity": 2**31 - 1, "unit_price": 10**15, "total": 10**15}],
        [{**SOME_LINE, "unit_price": 10**15}],
        [{**SOME_LINE, "unit_price": 0}],
        [SOME_LINE] * 1_000,
        [{**SOME_LINE, "sku": "鲜" * 255}],
    ],
    ids=["a total beside a huge product", "the most", "free", "a thousand lines", "long"],
)
def test_what_lies_on_the_bound_is_taken(lines: list[dict[str, Any]]) -> None:
    shop = make_shop()
    assert shop.api.post("/orders", order_body(lines=lines, paid=0)).status_code == 201


def test_a_body_that_is_no_object_is_refused() -> None:
    shop = make_shop()
    for raw in (b"", b"[]", b"null", b"{", b'{"paid": 1, "paid": 2}', b"\xff", b'"x"'):
        answer = shop.api.post("/orders", raw)
        assert answer.status_code == 422, raw
        assert answer["Content-Type"] == "application/problem+json"


def test_another_merchants_member_is_as_one_that_never_was() -> None:
    shop, other = make_shop(), make_shop()
    before = traces(shop)
    answers = [
        shop.api.post("/orders", order_body(100, member_id=member))
        for member in (enrol(other), show("mem", new_id()), "mem_x", "")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert untouched(shop, before)


# ── paying and cancelling ─────────────────────────────────────────────────────────────────


def test_paying_over_http() -> None:
    shop, other = make_shop(), make_shop()
    member = enrol(shop)
    order = shop.api.post("/orders", order_body(5_000, member_id=member, paid_at=None)).json()
    path, body = f"/orders/{order['id']}/pay", {"paid_at": "2026-03-10T11:00:00Z"}
    refused = {
        422: [
            {}, {"paid_at": None}, {"paid_at": "now"}, {"paid_at": "2026-03-10T12:06:00Z"},
            {**body, "surprise": 1},
        ],
    }  # fmt: skip
    before = traces(shop)
    for status, bodies in refused.items():
        assert [shop.api.post(path, one).status_code for one in bodies] == [status] * len(bodies)
    assert other.api.post(path, body).content == other.api.post("/orders/ord_x/pay", body).content
    assert untouched(shop, before)

    first = shop.api.post(path, body, key="k")
    replay = shop.api.post(path, body, key="k")
    again = shop.api.post(path, body)
    assert (first.status_code, first.json()["points"]) == (200, 50)
    assert kinds(first.json()["effects"])[0] == "order.paid"
    assert replay.content == first.content
    assert (again.status_code, again.json()["effects"]) == (200, [])
    later = shop.api.post(path, {"paid_at": "2026-03-10T11:30:00Z"})
    assert (later.status_code, later.json()["code"]) == (409, "order_already_paid")
    assert shop.balance(member).posted == 50


def test_cancelling_over_http() -> None:
    shop, other = make_shop(), make_shop()
    member = enrol(shop)
    order = buy(shop, member, 5_000)
    path = f"/orders/{order['id']}/cancel"
    before = traces(shop)
    assert shop.api.post(path, {"surprise": 1}).status_code == 422
    assert shop.api.post(path, key="").status_code == 400
    unknown = other.api.post(f"/orders/{show('ord', new_id())}/cancel")
    foreign = other.api.post(path)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert untouched(shop, before)

    first, replay = shop.api.post(path, key="k"), shop.api.post(path, key="k")
    again = shop.api.post(path)
    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert replay.content == first.content
    assert (again.status_code, again.json()["effects"]) == (200, [])
    assert shop.balance(member).posted == 0


# ── many ──────────────────────────────────────────────────────────────────────────────────


def test_many_orders_one_answer() -> None:
    shop = make_shop()
    member = enrol(shop)
    good = order_body(1_000, member_id=member)
    broken = {**order_body(1_000), "lines": [{**SOME_LINE, "quantity": 1.0}]}
    stranger = order_body(100, member_id="mem_x")
    body = {"orders": [good, broken, good, {**good, "paid": 1}, 7, stranger]}
    first = shop.api.post("/orders/bulk", body, key="k")
    assert first.status_code == 200
    verdicts = first.json()["orders"]
    assert [(v["index"], v["status"], v.get("code")) for v in verdicts] == [
        (0, 201, None), (1, 422, "invalid"), (2, 200, None), (3, 409, "external_id_reused"),
        (4, 422, "invalid"), (5, 404, "not_found"),
    ]  # fmt: skip
    assert verdicts[0]["order"]["points"] == 10
    assert verdicts[1]["errors"][0]["pointer"] == "/lines/0/quantity"
    assert first.json()["effects"] == verdicts[0]["order"]["effects"]
    replay = shop.api.post("/orders/bulk", body, key="k")
    assert replay.content == first.content
    assert replay["Idempotent-Replayed"] == "true"
    assert shop.api.post("/orders/bulk", {"orders": [good]}, key="k").status_code == 422
    assert shop.balance(member).posted == 10


@pytest.mark.parametrize(
    "body", [{}, {"orders": []}, {"orders": {}}, {"orders": [1] * 1_001}, {"orders": [], "x": 1}]
)
def test_what_is_no_list_of_orders_is_refused(body: dict[str, Any]) -> None:
    shop = make_shop()
    before = traces(shop)
    assert shop.api.post("/orders/bulk", body).status_code == 422
    assert untouched(shop, before)


@pytest.mark.slow
def test_a_thousand_orders_in_one_request() -> None:
    shop = make_shop()
    people = [{"type": "external", "value": unique("b")} for _ in range(50)]
    orders = [order_body(1_000, identity=people[n % 50]) for n in range(1_000)]
    answer = shop.api.post("/orders/bulk", {"orders": orders})
    assert {verdict["status"] for verdict in answer.json()["orders"]} == {201}
    assert shop.balance(answer.json()["orders"][0]["order"]["member_id"]).posted == 200


# ── lists ─────────────────────────────────────────────────────────────────────────────────


def test_lists_come_in_pages_newest_first() -> None:
    shop = make_shop()
    ids = [buy(shop, None, 100)["id"] for _ in range(5)]
    first = shop.api.get("/orders?limit=2").json()
    assert ([o["id"] for o in first["data"]], first["has_more"]) == ([ids[4], ids[3]], True)
    second = shop.api.get(f"/orders?limit=3&starting_after={first['next_cursor']}").json()
    assert [o["id"] for o in second["data"]] == [ids[2], ids[1], ids[0]]
    assert (second["has_more"], second["next_cursor"]) == (False, None)
    assert second["data"][0]["line_count"] == 1


def test_lists_are_narrowed() -> None:
    shop = make_shop(zone="Asia/Shanghai")
    member, other = enrol(shop), enrol(shop)
    late = NOON.replace(hour=15, minute=59)
    a = buy(shop, member, 100, store="s1", channel="till", at=NOON - 9 * DAY)["id"]
    b = buy(shop, other, 100, at=late - DAY)["id"]
    c = buy(shop, member, 100, at=late - DAY + DAY / 1440)["id"]
    d = shop.api.post("/orders", order_body(100, member_id=member, paid_at=None)).json()["id"]
    e = buy(shop, None, 100, external_id="E-1")["id"]
    shop.api.post(f"/orders/{e}/cancel")
    give_back(shop, b, (1, 1))
    cases = {
        f"member_id={member}": [d, c, a],
        f"member_id={other}": [b],
        "status=paid": [c, a],
        "status=placed": [d],
        "status=cancelled": [e],
        "status=refunded": [b],
        "status=part_refunded": [],
        "store=s1": [a],
        "channel=till": [a],
        "store=s2": [],
        "external_id=E-1": [e],
        "from=2026-03-10": [e, d, c],
        "until=2026-03-09": [b, a],
        "from=2026-03-01&until=2026-03-01": [a],
    }
    for query, expected in cases.items():
        found = shop.api.get(f"/orders?{query}").json()["data"]
        assert [o["id"] for o in found] == expected, query
    page = shop.api.get(f"/orders?member_id={member}&limit=1").json()
    rest = shop.api.get(f"/orders?member_id={member}&starting_after={page['next_cursor']}").json()
    assert [o["id"] for o in page["data"] + rest["data"]] == [d, c, a]


def test_lists_refuse_what_they_do_not_know() -> None:
    shop, other = make_shop(), make_shop()
    theirs = buy(other, None, 100)["id"]
    for query, status in {
        "limit=0": 422, "limit=101": 422, "limit=1.0": 422, "status=lost": 422, "x=1": 422,
        "from=yesterday": 422, "limit=1&limit=2": 422, "starting_after=x": 422,
        f"starting_after={theirs}": 422, f"member_id={enrol(other)}": 404,
    }.items():  # fmt: skip
        assert shop.api.get(f"/orders?{query}").status_code == status, query
    assert shop.api.get("/orders").json()["data"] == []
    foreign, unknown = shop.api.get(f"/orders/{theirs}"), shop.api.get("/orders/ord_1")
    assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_a_key_may_only_what_it_may() -> None:
    shop = make_shop()
    key = create_key(
        merchant_id=shop.merchant_id, name="r", by="t", now=shop.now, scopes=["orders.read"]
    ).api_key
    reader = partner(key)
    assert reader.get("/orders").status_code == 200
    assert reader.post("/orders", order_body(100)).status_code == 403
    order = buy(shop, None, 100)
    assert give_back(Shop(shop.merchant_id, reader), order, (1, 1)).status_code == 403


# ── console ───────────────────────────────────────────────────────────────────────────────


def test_the_console_shows_an_order_with_all_that_belongs_to_it() -> None:
    shop = make_shop()
    member = enrol(shop, name="Mei")
    shop.api.put("/products/tea", {"name": "Green tea", "category": "tea"})
    lines = [{"sku": "tea", "quantity": 2, "unit_price": 1_000}, SOME_LINE | {"sku": "pot"}]
    order = buy(shop, member, lines=lines, paid=2_001)
    refund = give_back(shop, order, (1, 1)).json()
    told = staff(shop).get(f"/orders/{order['id']}").json()
    assert (told["member"]["id"], told["member"]["name"]) == (member, "Mei")
    assert (told["status"], told["refunded_minor"]) == ("part_refunded", 1_000)
    assert told["lines"][0] == {
        "line": 1, "sku": "tea", "name": "Green tea", "category": "tea", "quantity": 2,
        "returned": 1, "unit_price_minor": 1_000, "net_minor": 2_000,
        "gross_minor": None, "discounts": [], "tenders": None,
    }  # fmt: skip
    assert told["lines"][1]["name"] is None
    (shown,) = told["refunds"]
    assert (shown["id"], shown["points_taken"], shown["lines"]) == (
        refund["id"], 10, [{"line": 1, "quantity": 1}],
    )  # fmt: skip
    assert (told["earned"]["tier"], told["earned"]["points_bps"]) == ("basic", 10_000)
    assert told["earned"]["explained"][0]["base_minor"] == 1_001


def test_the_console_finds_orders_by_number_and_by_member() -> None:
    shop = make_shop(zone="Asia/Shanghai")
    phone = {"type": "phone", "value": "+8613800138123"}
    a = buy(shop, None, 100, identity=phone, external_id="A_100%")["id"]
    b = buy(shop, None, 100, external_id="A_1001")["id"]
    c = buy(shop, None, 100, external_id="AB100")["id"]
    manager = staff(shop)
    for query, expected in {
        "A_100": [b, a], "A_100%25": [a], "A": [c, b, a], "13800138123": [a], "8123": [a],
        "nobody": [], "": [c, b, a],
    }.items():  # fmt: skip
        found = manager.get(f"/orders?query={query}").json()["data"]
        assert [o["id"] for o in found] == expected, query
    member = manager.get(f"/orders/{a}").json()["member"]["id"]
    assert [o["id"] for o in manager.get(f"/members/{member}/orders").json()["data"]] == [a]
    assert manager.get(f"/members/{show('mem', new_id())}/orders").status_code == 404


def test_the_console_refunds_and_cancels_as_the_role_allows() -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000, 2_000)
    analyst, cashier = staff(shop, "analyst"), staff(shop, "cashier")
    path, body = f"/orders/{order['id']}/refunds", {"lines": [{"line": 1, "quantity": 1}]}
    assert analyst.post(f"{path}/preview", body, key="").status_code == 403
    preview = cashier.post(f"{path}/preview", body, key="")
    assert preview.json()["taken_back"] == {"points": 10, "growth_value": 10}
    refund = {"external_id": unique("r"), **body}
    assert cashier.post(path, refund, key="").status_code == 400
    assert cashier.post(path, refund).status_code == 201
    assert cashier.post(path, refund).status_code == 200
    assert analyst.post(f"/orders/{order['id']}/cancel").status_code == 403
    assert cashier.post(f"/orders/{order['id']}/cancel").json()["status"] == "cancelled"


def test_the_test_clock_settles_what_fell_due() -> None:
    shop = make_shop("shop")
    member = enrol(shop)
    buy(shop, member, 10_000)
    assert shop.balance(member).pending == 100
    with override_settings(TEST_CLOCK=True):
        answer = shop.api.post("/test/clock", {"to": "2026-03-18T00:00:00Z"})
    assert answer.status_code == 200
    assert (shop.balance(member).pending, shop.balance(member).available) == (0, 100)
