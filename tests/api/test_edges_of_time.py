"""What is accepted can be shown again: no instant or day is stored that a page could not tell.

Instants are kept in the years 1901 to 9998 of UTC. An offset, or a day that begins in a zone, can
lead past them by hours; such a one is refused where it comes in.
"""

from __future__ import annotations

from typing import Any

import pytest

from makers.merchants import ApiClient, client_for, make_merchant, unique

OUTSIDE = ("1901-01-01T00:00:00+14:00", "9998-12-31T23:59:59.999999-12:00")
INSIDE = ("1901-01-01T00:00:00Z", "9998-12-31T23:59:59Z")
LINES = [{"sku": "tea", "quantity": 1, "unit_price": 1000}]


@pytest.fixture(scope="module", params=["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def shop(request: pytest.FixtureRequest) -> ApiClient:
    return client_for(make_merchant(programme="plain", zone=request.param))


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def an_order(**given: Any) -> dict[str, Any]:
    return {
        "external_id": unique("o"),
        "identity": {"type": "external", "value": unique("m")},
        "placed_at": "2026-01-01T00:00:00Z",
        "lines": LINES,
        "paid": 1000,
        **given,
    }


def an_offer(**when: Any) -> dict[str, Any]:
    return {"code": unique("c"), "kind": "percent_off", "params": {"bps": 1000}, "when": when}


@pytest.mark.parametrize("at", OUTSIDE)
def test_an_instant_that_could_not_be_told_is_refused(shop: ApiClient, at: str) -> None:
    told = shop.post("/orders", an_order(placed_at=at))
    assert faults(told) == [("/placed_at", "instant_required")]
    joins = {"identities": [{"type": "external", "value": unique("m")}], "joined_at": at}
    assert faults(shop.post("/members", joins)) == [("/joined_at", "instant_required")]
    assert faults(shop.post("/offers", an_offer(until=at)))


@pytest.mark.parametrize("day", ["1901-01-01", "9998-12-31"])
def test_a_day_that_begins_or_ends_outside_is_refused(shop: ApiClient, day: str) -> None:
    assert ("/when/from", "day_required") in faults(shop.post("/offers", an_offer(**{"from": day})))
    early = [{"tiers": ["basic"], "from": day}]
    supply = {"opens_at": "2026-01-01", "early": early}
    assert ("/early/0/from", "day_required") in faults(shop.put("/supplies/tea", supply))


def test_the_first_and_the_last_that_are_kept_are_shown_everywhere(shop: ApiClient) -> None:
    first, last = INSIDE
    assert shop.post("/offers", an_offer(**{"from": "1901-01-02", "until": "9998-12-30"})).json()
    assert shop.post("/offers", an_offer(**{"from": first, "until": last})).status_code == 201
    early = [{"tiers": ["basic"], "from": "1901-01-02"}]
    sold = {"opens_at": "1901-01-03", "units": 10, "early": early}
    assert shop.put("/supplies/tea", sold).status_code == 200
    placed = shop.post("/orders", an_order(placed_at=first, paid_at=first))
    assert placed.status_code == 201, placed.content
    member_id, order_id = placed.json()["member_id"], placed.json()["id"]
    gift = {"amount": 100, "reason": "test", "expires_at": last}
    assert shop.post(f"/members/{member_id}/points/adjust", gift).status_code == 201
    back = {"external_id": unique("r"), "lines": [{"line": 1, "quantity": 1}]}
    assert shop.post(f"/orders/{order_id}/refunds", back).status_code == 201
    asked = {"member_id": member_id, "lines": LINES, "at": first}
    assert shop.post("/evaluations", asked).status_code == 200
    member = f"/members/{member_id}"
    for path in (member, f"{member}/ledger", f"{member}/balances", f"{member}/tier", "/offers",
                 "/supplies", "/orders", f"/orders/{order_id}"):  # fmt: skip
        assert shop.get(path).status_code == 200, path
