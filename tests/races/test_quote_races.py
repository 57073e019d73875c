"""Many buyers at once on what is scarce: exactly the right number win, and nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, enrol, make_shop, uuid
from makers.threads import at_once
from regulars.infra.writes import Answer, Asked, fingerprint_of
from regulars.kernel.errors import Refusal
from regulars.kernel.ids import new_id, parse
from regulars.modules.orders import services as orders
from regulars.modules.orders.types import Draft
from regulars.modules.pricing.asked import Asking, Goods, Place
from regulars.modules.pricing.quoting import quote

CROWDS = [2, 8, 32]
CART = (Goods("tea", 2, 5_000),)


def asked(shop: Shop, operation: str) -> Asked:
    return Asked(
        merchant_id=shop.merchant_id,
        actor="test",
        operation=operation,
        key=new_id().hex,
        fingerprint=fingerprint_of(None),
        now=shop.now,
    )


def buy(
    shop: Shop, member: UUID | None, redeem: int = 0, channel: str | None = None
) -> dict[str, Any]:
    """Quote, then place on the quote; what was quoted."""
    place = Place(shop.merchant_id, shop.scope.zone, shop.now)
    asking = Asking(lines=CART, member_id=member, redeem={"points": redeem}, channel=channel)
    told = json.loads(quote(place, asked(shop, "quotes.create"), asking).text)
    placed(shop, told)
    return dict(told)


def placed(shop: Shop, told: dict[str, Any]) -> Answer:
    draft = Draft(
        unique("o"), (), shop.now, shop.now, told["due"], quote_id=parse("quo", told["id"])
    )
    return orders.place(shop.scope, asked(shop, "orders.place"), draft)


def won(found: list[Any], offer: str) -> int:
    assert not [one for one in found if isinstance(one, Exception)], found
    return sum(1 for told in found for one in told["applied"] if one["offer"] == offer)


@pytest.mark.parametrize("crowd", CROWDS)
def test_an_offer_of_few_uses_is_given_exactly_so_often(crowd: int) -> None:
    shop = make_shop()
    few = max(1, crowd // 3)
    make_offer(shop, code="few", limit={"total": few})
    members = [uuid(enrol(shop)) for _ in range(crowd)]
    found = at_once(*(partial(buy, shop, member) for member in members))
    assert won(found, "few") == few
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_budget_is_given_to_the_last_unit_and_never_passed(crowd: int) -> None:
    """Each would get 10.00; the budget has it for a third of them and 3.33 besides."""
    shop = make_shop()
    budget = crowd // 3 * 1_000 + 333
    make_offer(shop, code="pot", budget=budget)
    members = [uuid(enrol(shop)) for _ in range(crowd)]
    found = at_once(*(partial(buy, shop, member) for member in members))
    won(found, "pot")
    given = [one["amount"] for told in found for one in told["applied"]]  # type: ignore[index]
    assert sum(given) == budget
    assert Counter(given) == Counter([1_000] * (crowd // 3) + [333])


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_funders_cap_over_two_offers_is_given_to_the_last_unit(crowd: int) -> None:
    """Half of the members get 10.00 of one offer, half of another; one funder pays for both."""
    shop = make_shop()
    cap = crowd // 3 * 1_000 + 333
    for code, group in (("even", "e"), ("odd", "o")):
        make_offer(shop, code=code, budget_terms={"funder": "Acme"}, who={"channels": [group]})
    assert shop.api.put("/funders/Acme", {"cap": cap}).status_code == 200
    members = [uuid(enrol(shop)) for _ in range(crowd)]
    found = at_once(
        *(
            partial(buy, shop, member, channel="eo"[place % 2])
            for place, member in enumerate(members)
        )
    )
    won(found, "even")
    given = [one["amount"] for told in found for one in told["applied"]]  # type: ignore[index]
    assert sum(given) == cap
    assert Counter(given) == Counter([1_000] * (crowd // 3) + [333])
    (funder,) = shop.api.get("/funders").json()["data"]
    assert funder["taken"] == {"most": cap, "used": cap, "held": 0, "left": 0}
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_the_last_gifts_are_given_exactly_once(crowd: int) -> None:
    """A third of the buyers get the cup, then two get the spoon that stands in for it."""
    shop = make_shop()
    few = max(1, crowd // 3)
    params = {
        "sku": "cup", "quantity": 1, "spend": 0, "instead": [{"sku": "spoon", "quantity": 2}],
    }  # fmt: skip
    make_offer(shop, "gift", code="gift", params=params)
    for sku, units in (("cup", few), ("spoon", 5)):
        assert shop.api.put(f"/supplies/{sku}", {"units": units}).status_code == 200
    members = [uuid(enrol(shop)) for _ in range(crowd)]
    found = at_once(*(partial(buy, shop, member) for member in members))
    won(found, "gift")
    given = Counter(gift["sku"] for told in found for gift in told["gifts"])  # type: ignore[index]
    spoons = min(2, crowd - few)
    assert given == Counter({"cup": few, "spoon": spoons})
    left = {one["sku"]: one["stock"] for one in shop.api.get("/supplies").json()["data"]}
    assert left["cup"] == {"most": few, "used": few, "held": 0, "left": 0}
    assert left["spoon"] == {"most": 5, "used": 2 * spoons, "held": 0, "left": 5 - 2 * spoons}
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_limited_goods_are_all_sold_and_none_twice(crowd: int) -> None:
    """Each wants two teas; there are two for a third of them, and one over that nobody can use."""
    shop = make_shop()
    pairs = max(1, crowd // 3)
    units = 2 * pairs + 1
    assert shop.api.put("/supplies/tea", {"units": units}).status_code == 200
    members = [uuid(enrol(shop)) for _ in range(crowd)]
    found = at_once(*(partial(buy, shop, member) for member in members))
    refused = [one for one in found if isinstance(one, Exception)]
    assert {getattr(one, "code", repr(one)) for one in refused} <= {"out_of_stock"}
    assert len(found) - len(refused) == pairs
    (tea,) = shop.api.get("/supplies").json()["data"]
    assert tea["stock"] == {"most": units, "used": 2 * pairs, "held": 0, "left": 1}
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_one_purse_and_many_carts(crowd: int) -> None:
    """A purse for three carts pays three; the others are refused and spend nothing."""
    shop = make_shop()
    member = enrol(shop)
    shop.api.post(f"/members/{member}/points/adjust", {"amount": 3_500, "reason": "gift"})
    found = at_once(*(partial(buy, shop, uuid(member), 1_000) for _ in range(crowd)))
    refused = [one for one in found if isinstance(one, Exception)]
    assert len(found) - len(refused) == min(3, crowd)
    codes = {one.code for one in refused if isinstance(one, Refusal)}
    assert codes <= {"insufficient_points"}
    # Three carts of 100.00, of which points paid 10.00 each, earned 90 points each.
    paid = min(3, crowd)
    assert shop.balance(member).available == 3_500 - paid * 1_000 + paid * 90
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_quote_is_placed_once_however_many_try(crowd: int) -> None:
    shop = make_shop()
    member = enrol(shop)
    make_offer(shop, code="once", limit={"per_member": 1})
    told = shop.api.post(
        "/quotes",
        {"lines": [{"sku": "tea", "quantity": 2, "unit_price": 5_000}], "member_id": member},
    ).json()
    found = at_once(*(partial(placed, shop, told) for _ in range(crowd)))
    refused = [one for one in found if isinstance(one, Exception)]
    assert len(refused) == crowd - 1
    assert {getattr(one, "code", repr(one)) for one in refused} <= {"quote_used"}
    assert shop.faults() == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_placing_at_the_end_of_a_quote_races_whoever_waits_for_what_it_holds(crowd: int) -> None:
    """One use, held by a quote that ends now: it is placed in time or given to one of the others,
    never to both and never to none."""
    shop = make_shop()
    make_offer(shop, code="last", limit={"total": 1})
    held = shop.api.post(
        "/quotes",
        {"lines": [{"sku": "tea", "quantity": 2, "unit_price": 5_000}], "expires_in": 60},
    ).json()
    late = Shop(shop.merchant_id, shop.api)
    in_time = shop.scope
    shop.move(timedelta(minutes=1), due=False)

    def place_in_time() -> dict[str, Any]:
        draft = Draft(
            unique("o"), (), in_time.now, in_time.now, held["due"],
            quote_id=parse("quo", held["id"]),
        )  # fmt: skip
        orders.place(in_time, asked(late, "orders.place"), draft)
        return dict(held)

    found = at_once(place_in_time, *(partial(buy, late, None) for _ in range(crowd - 1)))
    winners = [told for told in found if isinstance(told, dict) and told["applied"]]
    refused = [one for one in found if isinstance(one, Exception)]
    assert len(winners) == 1
    assert {getattr(one, "code", repr(one)) for one in refused} <= {"quote_expired"}
