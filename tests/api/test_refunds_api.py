"""Refunds over HTTP: previewed, once, never more than there is, and parked when too early."""

from __future__ import annotations

from typing import Any

import pytest

from makers.merchants import unique
from makers.orders import NO_INTEGERS, buy, enrol, kinds, make_shop, order_body, traces, with_raw
from regulars.kernel.ids import new_id, show

MARK = 123_456_789
ONE = [{"line": 1, "quantity": 1}]


def test_a_refund_and_its_answer() -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 100_000, 2_000)
    told = shop.api.post(
        f"/orders/{order['id']}/refunds", {"external_id": "R-1", "lines": ONE}
    ).json()
    assert told["id"].startswith("ref_")
    assert {name: told[name] for name in ("external_id", "order_id", "lines", "debt")} == {
        "external_id": "R-1", "order_id": order["id"], "debt": 0,
        "lines": [{"line": 1, "quantity": 1, "cash": 100_000, "points": 0, "growth_value": 0,
                   "stored_value": 0}],
    }  # fmt: skip
    assert told["taken_back"] == {"points": 1_000, "growth_value": 1_000}
    assert kinds(told["effects"]) == [
        "order.refunded", "points.reversed", "growth_value.reversed", "tier.downgraded",
    ]  # fmt: skip
    read = shop.api.get(f"/orders/{order['id']}").json()
    assert (read["refunded"], read["points"], read["lines"][0]["returned"]) == (100_000, 20, 1)


def test_the_same_key_the_same_refund_and_other_content() -> None:
    shop = make_shop()
    member = enrol(shop)
    order, another = buy(shop, member, 1_000, 2_000), buy(shop, member, 1_000)
    path, body = f"/orders/{order['id']}/refunds", {"external_id": "R-1", "lines": ONE}
    first, replay = shop.api.post(path, body, key="k"), shop.api.post(path, body, key="k")
    again = shop.api.post(path, body)
    assert (first.status_code, replay.status_code, again.status_code) == (201, 201, 200)
    assert replay.content == first.content
    assert replay["Idempotent-Replayed"] == "true"
    assert again.json() == {**first.json(), "effects": []}
    clashes = [
        shop.api.post(path, {**body, "lines": [{"line": 2, "quantity": 1}]}),
        shop.api.post(f"/orders/{another['id']}/refunds", body),
        shop.api.post("/refunds", {**body, "order_external_id": another["external_id"]}),
        shop.api.post("/refunds", {**body, "order_external_id": "not yet there"}),
    ]
    assert {(c.status_code, c.json()["code"]) for c in clashes} == {(409, "external_id_reused")}
    reused = [
        shop.api.post(path, {**body, "external_id": "R-2"}, key="k"),
        shop.api.post(f"/orders/{another['id']}/refunds", body, key="k"),
    ]
    assert {(r.status_code, r.json()["code"]) for r in reused} == {(422, "idempotency_key_reused")}
    assert shop.balance(member).posted == 30


def test_the_preview_tells_the_same_and_writes_nothing() -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000, 2_000)
    path = f"/orders/{order['id']}/refunds"
    before = traces(shop)
    told = shop.api.post(f"{path}/preview", {"lines": ONE}, key="")
    assert told.status_code == 200
    assert shop.api.post(f"{path}/preview", {"external_id": "R", "lines": ONE}).content == (
        told.content
    )
    too_much = shop.api.post(f"{path}/preview", {"lines": [{"line": 1, "quantity": 2}]}, key="")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "over_refund")
    assert traces(shop) == before
    done = shop.api.post(path, {"external_id": "R", "lines": ONE}).json()
    assert {name: done[name] for name in ("lines", "taken_back", "debt")} == {
        name: told.json()[name] for name in ("lines", "taken_back", "debt")
    }


@pytest.mark.parametrize("why", NO_INTEGERS)
@pytest.mark.parametrize("field", ["line", "quantity"])
def test_numbers_are_whole_numbers(field: str, why: str) -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000)
    body = {"external_id": "R-1", "lines": [{"line": 1, "quantity": 1, field: MARK}]}
    before = traces(shop)
    for path in ("refunds", "refunds/preview"):
        answer = shop.api.post(
            f"/orders/{order['id']}/{path}", with_raw(body, MARK, NO_INTEGERS[why])
        )
        assert answer.status_code == 422, answer.content
        assert f"/lines/0/{field}" in [error["pointer"] for error in answer.json()["errors"]]
    assert traces(shop) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"surprise": 1}, 422),
        ({"lines": []}, 422),
        ({"lines": None}, 422),
        ({"lines": [*ONE, *ONE]}, 422),
        ({"lines": [{"line": 1, "quantity": 1, "cash": 5}]}, 422),
        ({"lines": [{"line": 0, "quantity": 1}]}, 422),
        ({"lines": [{"line": 1, "quantity": 0}]}, 422),
        ({"lines": [{"line": 3, "quantity": 1}]}, 409),
        ({"lines": [{"line": 1, "quantity": 2}]}, 409),
        ({"external_id": None}, 422),
        ({"external_id": ""}, 422),
        ({"refunded_at": "2026-03-10T12:06:00Z"}, 422),
        ({"refunded_at": 5}, 422),
    ],
    ids=str,
)
def test_what_is_refused_leaves_no_trace(change: dict[str, Any], status: int) -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000, 2_000)
    before = traces(shop)
    body = {"external_id": "R-1", "lines": ONE, **change}
    answer = shop.api.post(f"/orders/{order['id']}/refunds", body)
    assert answer.status_code == status, answer.content
    if status == 409:
        assert answer.json()["code"] == "over_refund"
    assert traces(shop) == before


def test_another_merchants_order_is_as_one_that_never_was() -> None:
    shop, other = make_shop(), make_shop()
    order = buy(other, enrol(other), 1_000)
    before = traces(shop), traces(other)
    for path in ("refunds", "refunds/preview"):
        answers = [
            shop.api.post(f"/orders/{id_}/{path}", {"external_id": "R-1", "lines": ONE})
            for id_ in (order["id"], show("ord", new_id()), "ord_1", "mem_" + "0" * 32)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert (traces(shop), traces(other)) == before


def test_what_was_never_paid_or_is_cancelled_has_nothing_to_return() -> None:
    shop = make_shop()
    unpaid = shop.api.post("/orders", order_body(100, paid_at=None)).json()
    cancelled = buy(shop, None, 100)
    shop.api.post(f"/orders/{cancelled['id']}/cancel")
    for order in (unpaid, cancelled):
        answer = shop.api.post(
            f"/orders/{order['id']}/refunds", {"external_id": unique("r"), "lines": ONE}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "order_not_refundable")


# ── before its order ──────────────────────────────────────────────────────────────────────


def test_a_refund_that_comes_first_is_parked_and_applied() -> None:
    shop = make_shop()
    member = enrol(shop)
    body = {"order_external_id": "O-1", "external_id": "R-1", "lines": ONE}
    parked = shop.api.post("/refunds", body, key="k")
    replay = shop.api.post("/refunds", body, key="k")
    again = shop.api.post("/refunds", body)
    assert (parked.status_code, parked.json()["status"]) == (202, "parked")
    assert (replay.status_code, replay.content) == (202, parked.content)
    assert again.status_code == 200
    clash = shop.api.post("/refunds", {**body, "order_external_id": "O-2"})
    assert (clash.status_code, clash.json()["code"]) == (409, "external_id_reused")

    order = shop.api.post(
        "/orders", order_body(1_000, 2_000, external_id="O-1", member_id=member, paid_at=None)
    ).json()
    assert shop.api.get(f"/orders/{order['id']}").json()["refunded"] == 0
    shop.api.post(f"/orders/{order['id']}/pay", {"paid_at": "2026-03-10T12:00:00Z"})

    assert shop.api.get(f"/orders/{order['id']}").json()["refunded"] == 1_000
    assert shop.balance(member).posted == 20
    settled = shop.api.post("/refunds", body)
    assert (settled.status_code, settled.json()["taken_back"]["points"]) == (200, 10)


def test_a_refund_by_the_shops_own_number_is_a_refund() -> None:
    shop = make_shop()
    order = buy(shop, enrol(shop), 1_000)
    body = {"order_external_id": order["external_id"], "external_id": "R-1", "lines": ONE}
    first = shop.api.post("/refunds", body)
    assert (first.status_code, first.json()["order_id"]) == (201, order["id"])
    same = shop.api.post(f"/orders/{order['id']}/refunds", {"external_id": "R-1", "lines": ONE})
    assert (same.status_code, same.json()["id"]) == (200, first.json()["id"])
    before = traces(shop)
    for change in ({"order_external_id": ""}, {"x": 1}, {"lines": [*ONE, *ONE]}):
        assert shop.api.post("/refunds", {**body, **change}).status_code == 422
    assert traces(shop) == before
