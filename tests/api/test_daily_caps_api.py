"""What a rule lets earn in a day, order after order, quoted and placed."""

from __future__ import annotations

import random
from typing import Any

import pytest

from makers.offers import make_offer
from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, order_body
from regulars.kernel.instants import show_instant

RULES = ("points", "growth_value")


def capped(asset: str, **more: int) -> Shop:
    """A shop in which a day brings at most 500 of ``asset``."""
    return make_shop(changed("plain", **{f"earning__{asset}": {"per_day_max": 500, **more}}))


def quoted(shop: Shop, member: str, *goods: tuple[int, int]) -> dict[str, Any]:
    """A quote of goods as (quantity, unit price), with the lines that were asked for."""
    lines = [
        {"sku": f"S{number}", "quantity": quantity, "unit_price": price}
        for number, (quantity, price) in enumerate(goods, 1)
    ]
    answer = shop.api.post("/quotes", {"member_id": member, "lines": lines})
    assert answer.status_code == 201, answer.content
    return {**answer.json(), "asked": lines}


@pytest.mark.parametrize("asset", RULES)
def test_a_day_brings_its_most_at_the_till(asset: str) -> None:
    shop = capped(asset, per_order_max=400)
    member = enrol(shop)
    assert [buy(shop, member, 30_000)[asset] for _ in range(3)] == [300, 200, 0]
    shop.move(DAY)
    assert buy(shop, member, 50_000)[asset] == 400
    assert shop.faults() == []


@pytest.mark.parametrize("asset", RULES)
def test_paid_at_once_is_what_paid_later_is(asset: str) -> None:
    """The till knows the sums of the day alone, who pays later is known day by day."""
    shop = capped(asset)
    one, other = enrol(shop), enrol(shop)
    nets = (20_000, 25_000, 10_000)
    at_once = [buy(shop, one, net)[asset] for net in nets]
    later = []
    for net in nets:
        order = buy(shop, other, net, paid_at=None)
        answer = shop.api.post(f"/orders/{order['id']}/pay", {"paid_at": show_instant(shop.now)})
        assert answer.status_code == 200, answer.content
        later.append(answer.json()[asset])
    assert at_once == later == [200, 250, 50]


@pytest.mark.parametrize("asset", RULES)
def test_what_goes_back_makes_room_for_the_same_day(asset: str) -> None:
    shop = capped(asset)
    member = enrol(shop)
    first = buy(shop, member, 40_000)
    assert give_back(shop, first, (1, 1)).status_code == 201
    assert buy(shop, member, 45_000)[asset] == 450


def ordered(shop: Shop, member: str, quote: dict[str, Any]) -> int:
    """The points of the order that is placed on a quote."""
    body = order_body(quote["due"], at=shop.now, member_id=member, quote_id=quote["id"], lines=[])
    answer = shop.api.post("/orders", body | {"lines": quote["asked"]})
    assert answer.status_code == 201, answer.content
    return int(answer.json()["points"])


def test_a_quote_tells_what_is_left_of_the_day() -> None:
    shop = capped("points")
    member = enrol(shop)
    told, brought = [], []
    for net in (30_000, 30_000, 30_000):
        quote = quoted(shop, member, (1, net))
        told.append(quote["points_to_earn"])
        brought.append(ordered(shop, member, quote))
    assert told == brought == [300, 200, 0]


@pytest.mark.parametrize("seed", range(6))
def test_a_quote_tells_what_its_order_earns(seed: int) -> None:
    """Under caps, rates of goods, a multiplier and tiers that change in the middle of an order."""
    chance = random.Random(seed)
    rates = [{"name": "fast", "bps": 15_000, "skus": ["S1"]}]
    parts: dict[str, Any] = {
        "earning__points": {
            "per_day_max": chance.choice((None, 500, 900)),
            "per_order_max": chance.choice((None, 333)),
            "rates": chance.choice((rates, [])),
        }
    }
    if chance.random() < 0.7:
        parts |= {"tiers__counter": "spend", "tiers__crossing": "split"}
    shop = make_shop(changed("plain", **parts))
    member = enrol(shop)
    make_offer(shop, "percent_off", code="ten", params={"bps": 1_000})
    make_offer(shop, "points_multiplier", code="twice", params={"bps": 20_000})
    for _ in range(4):
        goods = [(chance.randint(1, 3), chance.randint(1, 30_000)) for _ in range(3)]
        quote = quoted(shop, member, *goods)
        assert ordered(shop, member, quote) == quote["points_to_earn"]
        if chance.random() < 0.4:
            shop.move(DAY * chance.choice((1, 40)))


def test_two_records_of_one_person_share_the_day() -> None:
    shop = capped("growth_value")
    one, other = enrol(shop), enrol(shop)
    assert buy(shop, one, 30_000)["growth_value"] == 300
    assert buy(shop, other, 10_000)["growth_value"] == 100
    merged = shop.api.post(f"/members/{one}/merge", {"from": other})
    assert merged.status_code == 201, merged.content
    assert buy(shop, one, 30_000)["growth_value"] == 100
