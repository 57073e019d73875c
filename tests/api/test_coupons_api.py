"""Coupons over HTTP: made, listed, written out, withdrawn; what is refused and where."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from makers.coupons import make_coupons, use
from makers.merchants import member as as_member
from makers.offers import make_offer
from makers.orders import Shop, buy, enrol, make_shop, staff, traces, uuid
from regulars.infra.clock import real_now
from regulars.kernel.ids import new_id, show
from regulars.kernel.instants import show_instant
from regulars.modules.budgets.models import Counter
from regulars.modules.coupons import making


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def an_offer(shop: Shop) -> str:
    return str(make_offer(shop, requires_code=True)["code"])


def exported(shop: Shop, batch: str, kind: str = "csv") -> list[str]:
    answer = shop.api.get(f"/coupons/batches/{batch}/codes?format={kind}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    if kind == "csv":
        header, *rows = csv.reader(io.StringIO(text))
        assert header == ["code"]
        return [row[0] for row in rows]
    return [json.loads(line)["code"] for line in text.splitlines()]


def test_public_codes_are_kept_as_written(shop: Shop) -> None:
    offer = an_offer(shop)
    answer = shop.api.post(
        "/coupons",
        {
            "offer": offer,
            "codes": ["Save30", "满减"],
            "from": "2026-03-01T00:00:00+01:00",
            "until": "2026-04-01T00:00:00Z",
            "max_uses": 100,
            "max_uses_per_member": 1,
        },
    )
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert {name: told[name] for name in told if name not in ("id", "created_at")} == {
        "offer": offer,
        "kind": "public",
        "state": "done",
        "count": 2,
        "made": 2,
        "member_id": None,
        "from": "2026-02-28T23:00:00Z",
        "until": "2026-04-01T00:00:00Z",
        "valid_days": None,
        "max_uses": 100,
        "max_uses_per_member": 1,
        "issue": None,
        "codes": ["Save30", "满减"],
        "effects": [
            {
                "type": "coupons.created",
                "batch_id": told["id"],
                "offer": offer,
                "kind": "public",
                "count": 2,
            }
        ],
    }
    assert exported(shop, told["id"]) == ["Save30", "满减"]


@pytest.mark.parametrize(
    ("body", "max_uses", "kind", "count"),
    [
        ({"codes": ["x"]}, None, "public", 1),
        ({}, 1, "generated", 1),
        ({"count": 3}, 1, "generated", 3),
        ({"count": 3, "max_uses": 5}, 5, "generated", 3),
    ],
)
def test_how_often_a_code_is_good_where_nothing_is_said(
    shop: Shop, body: dict[str, Any], max_uses: int | None, kind: str, count: int
) -> None:
    made = make_coupons(shop, **body)
    assert (made["max_uses"], made["kind"], made["count"]) == (max_uses, kind, count)
    assert len(made["codes"]) == made["made"] == count


def test_a_repeat_gets_the_same_codes_and_the_books_hold_none(shop: Shop) -> None:
    body = {"offer": an_offer(shop), "count": 3}
    first = shop.api.post("/coupons", body, key="k")
    again = shop.api.post("/coupons", body, key="k")
    assert again.status_code == 201
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert len(first.json()["codes"]) == 3
    other = shop.api.post("/coupons", {**body, "count": 2}, key="k")
    assert other.json()["code"] == "idempotency_key_reused"


def test_a_large_batch_is_202_and_can_be_watched(shop: Shop) -> None:
    answer = shop.api.post("/coupons", {"offer": an_offer(shop), "count": 1_001})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["state"], told["made"], told["codes"]) == ("making", 0, None)
    assert exported(shop, told["id"]) == []
    making.make_pieces()
    read = shop.api.get(f"/coupons/batches/{told['id']}").json()
    assert (read["state"], read["made"], read["count"]) == ("done", 1_001, 1_001)
    for kind in ("csv", "ndjson"):
        codes = exported(shop, told["id"], kind)
        assert len(set(codes)) == 1_001
    assert use(shop, codes[-1], "quote")
    at_once = shop.api.post("/coupons", {"offer": an_offer(shop), "count": 1_000})
    assert (at_once.status_code, len(at_once.json()["codes"])) == (201, 1_000)


def test_many_public_codes_come_in_one_request(shop: Shop) -> None:
    codes = [f"PUB{number}" for number in range(1_200)]
    answer = shop.api.post("/coupons", {"offer": an_offer(shop), "codes": codes})
    assert (answer.status_code, answer.json()["state"]) == (202, "done")
    assert exported(shop, answer.json()["id"]) == codes


def test_a_taken_code_is_told_where_it_stands(shop: Shop) -> None:
    make_coupons(shop, codes=["Tea"])
    before = traces(shop)
    offer = an_offer(shop)
    answer = shop.api.post("/coupons", {"offer": offer, "codes": ["new", "TEA"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "code_exists")
    assert answer.json()["errors"][0]["pointer"] == "/codes/1"
    assert traces(shop)["Coupon"] == before["Coupon"]
    other = make_shop()
    make_coupons(other, codes=["Tea"])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"codes": ["a", "A"]}, "/codes/1", "repeated"),
        ({"codes": ["AAAAA-AAAAA-AAAAA-AAAAA"]}, "/codes/0", "reserved"),
        ({"codes": []}, "/codes", "too_short"),
        ({"codes": [""]}, "/codes/0", "too_short"),
        ({"codes": ["a\tb"]}, "/codes/0", "control_character"),
        ({"codes": ["a"], "count": 1}, "/count", "not_together"),
        ({"count": 0}, "/count", "too_small"),
        ({"count": 10_000_001}, "/count", "too_large"),
        ({"count": "3"}, "/count", "integer_required"),
        ({"max_uses": 0}, "/max_uses", "too_small"),
        ({"max_uses_per_member": 0}, "/max_uses_per_member", "too_small"),
        ({"valid_days": 0}, "/valid_days", "too_small"),
        ({"valid_days": 1, "until": "2030-01-01T00:00:00Z"}, "/valid_days", "not_together"),
        (
            {"from": "2030-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"},
            "/until",
            "too_small",
        ),
        ({"issue": {"on": "order_paid"}, "count": 3}, "/count", "not_together"),
        ({"issue": {"on": "order_placed"}}, "/issue/on", "unknown_value"),
        ({"x": 1}, "/x", "unknown_field"),
    ],
)
def test_what_cannot_be_kept_is_named_and_leaves_no_trace(
    shop: Shop, body: dict[str, Any], pointer: str, code: str
) -> None:
    offer = an_offer(shop)
    before = traces(shop)
    answer = shop.api.post("/coupons", {"offer": offer, **body})
    assert answer.status_code == 422, answer.content
    assert (pointer, code) in {(e["pointer"], e["code"]) for e in answer.json()["errors"]}
    assert traces(shop) == before


def test_offers_and_members_of_nobody_are_404(shop: Shop) -> None:
    other = make_shop()
    offer = an_offer(shop)
    for body in (
        {"offer": "never"},
        {"offer": an_offer(other)},
        {"offer": offer, "member_id": show("mem", new_id())},
        {"offer": offer, "member_id": enrol(other)},
    ):
        assert shop.api.post("/coupons", body).status_code == 404
    shop.api.patch(f"/offers/{offer}", {"status": "archived"})
    refused = shop.api.post("/coupons", {"offer": offer})
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_archived")


def test_days_of_validity_count_from_the_day_of_making(shop: Shop) -> None:
    made = make_coupons(shop, valid_days=30)
    midnight = (shop.now + timedelta(days=31)).replace(hour=0)
    assert (made["until"], made["valid_days"]) == (show_instant(midnight), 30)


def test_a_batch_that_issues_after_orders(shop: Shop) -> None:
    made = make_coupons(shop, issue={"on": "order_paid", "after": 14}, valid_days=30)
    assert (made["kind"], made["state"], made["until"]) == ("issued", "issuing", None)
    assert made["issue"] == {"on": "order_paid", "after": 14, "sized": None}
    more = make_offer(shop, requires_code=True)["code"]
    sized = {"most_days": 60, "stronger": [more], "margin_bps": 3_000, "spare": True}
    made = make_coupons(shop, issue={"on": "order_paid", "sized": sized}, valid_days=30)
    assert made["issue"]["sized"] == sized
    for told in (
        shop.api.get(f"/coupons/batches/{made['id']}").json(),
        shop.api.get("/coupons/batches?limit=1").json()["data"][0],
    ):
        assert told["issue"]["sized"] == sized
    usual = make_coupons(shop, issue={"on": "order_paid"})
    assert usual["issue"]["after"] == "return_window"
    assert (usual["count"], usual["codes"], usual["max_uses"]) == (0, None, 1)


def test_withdrawing_is_final(shop: Shop) -> None:
    made = make_coupons(shop, codes=["Tea"])
    answer = shop.api.post(f"/coupons/batches/{made['id']}/withdraw")
    assert answer.json()["state"] == "withdrawn"
    assert answer.json()["effects"] == [
        {"type": "coupons.withdrawn", "batch_id": made["id"], "offer": made["offer"]}
    ]
    again = shop.api.post(f"/coupons/batches/{made['id']}/withdraw")
    assert (again.status_code, again.json()["code"]) == (409, "batch_withdrawn")


def test_batches_come_in_pages_newest_first(shop: Shop) -> None:
    offer = an_offer(shop)
    made = [make_coupons(shop, offer=offer)["id"] for _ in range(3)]
    make_coupons(shop)
    first = shop.api.get(f"/coupons/batches?limit=2&offer={offer}").json()
    assert [batch["id"] for batch in first["data"]] == made[:0:-1]
    rest = shop.api.get(
        f"/coupons/batches?limit=2&offer={offer}&starting_after={first['next_cursor']}"
    ).json()
    assert [batch["id"] for batch in rest["data"]] == made[:1]
    assert len(shop.api.get("/coupons/batches").json()["data"]) == 4
    assert shop.api.get("/coupons/batches?starting_after=x").status_code == 422


def test_a_file_of_codes_holds_no_formula(shop: Shop) -> None:
    made = make_coupons(shop, codes=["=1+1", 'a"b', "a,b", "plain"])
    assert exported(shop, made["id"]) == ["'=1+1", 'a"b', "a,b", "plain"]
    assert exported(shop, made["id"], "ndjson")[0] == "=1+1"


def test_a_member_sees_their_own_coupons_alone(shop: Shop) -> None:
    member, other = enrol(shop), enrol(shop)
    offer = make_offer(shop, requires_code=True, name="Birthday tea")["code"]
    until = show_instant(shop.now + timedelta(days=9))
    first = make_coupons(shop, offer=offer, member_id=member)["codes"][0]
    soon = make_coupons(shop, offer=offer, member_id=member, until=until)["codes"][0]
    later = make_coupons(shop, offer=offer, member_id=member, **{"from": show_instant(real_now())})[
        "codes"
    ][0]
    past = make_coupons(shop, offer=offer, member_id=member, until="2026-01-01T00:00:00Z")
    make_coupons(shop, offer=offer, member_id=other)
    make_coupons(shop, offer=offer, codes=["public"])
    assert use(shop, first, "order", member_id=uuid(member), lasts=None)

    told = as_member(shop.merchant, uuid(member)).get("/coupons").json()["data"]

    assert [(entry["code"], entry["state"]) for entry in told] == [
        (soon, "available"),
        (later, "upcoming"),
        (first, "used"),
        (past["codes"][0], "expired"),
    ]
    assert told[0] == {
        "code": soon,
        "offer": offer,
        "offer_name": "Birthday tea",
        "state": "available",
        "from": None,
        "until": until,
    }
    assert shop.api.get(f"/members/{member}/coupons").json()["data"] == told
    assert staff(shop, "cashier").get(f"/members/{member}/coupons").json()["data"] == told
    assert shop.api.get(f"/members/{show('mem', new_id())}/coupons").status_code == 404


def test_a_cashier_sees_batches_and_no_codes(shop: Shop) -> None:
    made = make_coupons(shop, count=2)
    cashier = staff(shop, "cashier")
    assert cashier.get(f"/coupons/batches/{made['id']}").status_code == 200
    assert cashier.get(f"/coupons/batches/{made['id']}/codes").status_code == 403


def test_moving_the_clock_gives_what_fell_due(shop: Shop) -> None:
    """Whoever moves the clock past the return window finds the coupon, and no quote's hold."""
    member = enrol(shop)
    make_coupons(shop, issue={"on": "order_paid", "after": 14})
    public = make_coupons(shop, codes=["Tea"], max_uses=1)["codes"][0]
    buy(shop, member, 5_000)
    assert use(shop, public, "quote")
    to = shop.now + timedelta(days=14)
    assert shop.api.post("/test/clock", {"to": show_instant(to)}).status_code == 200
    (entry,) = shop.api.get(f"/members/{member}/coupons").json()["data"]
    assert entry["state"] == "available"
    assert Counter.objects.of(shop.merchant_id).get().taken == 0
