"""What members do with what they say they like: told where the books know who could, else not."""

from __future__ import annotations

from datetime import timedelta

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, buy, enrol, make_shop
from regulars.modules.surveys.types import Benefit, Use
from regulars.modules.surveys.using import uses

LINES = [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]


def buys_with_offers(shop: Shop, member: str) -> None:
    quote = shop.api.post("/quotes", {"lines": LINES, "member_id": member}).json()
    body = {
        "external_id": unique("o"), "member_id": member, "placed_at": shop.now.isoformat(),
        "lines": LINES, "quote_id": quote["id"], "paid": quote["due"],
        "paid_at": shop.now.isoformat(),
    }  # fmt: skip
    answer = shop.api.post("/orders", body)
    assert answer.status_code == 201, answer.content


def of_offer(shop: Shop, code: str) -> Use | None:
    benefit = Benefit(code="b", name={}, use="offer", offer=code)
    (found,) = uses(shop.merchant, [benefit], shop.now)
    return found


def test_of_an_offer_for_every_member_it_is_buyers_and_takers() -> None:
    shop = make_shop()
    members = [enrol(shop) for _ in range(7)]
    buy(shop, members[6], 1_000)
    shop.move(timedelta(days=3))
    code = make_offer(shop, code=unique("ten"), who={"members_only": True})["code"]
    for member in members[:2]:
        buys_with_offers(shop, member)
    for member in members[2:5]:
        buy(shop, member, 5_000)
    found = of_offer(shop, code)
    assert found is not None
    assert (found.could, found.did) == (5, 2), "who bought before the offer was there could not"
    assert round(found.share.value, 2) == 0.4


def test_where_nobody_knows_who_could_use_it_there_is_no_figure() -> None:
    shop = make_shop()
    for _ in range(6):
        buys_with_offers(shop, enrol(shop))
    for given in (
        {"requires_code": True},
        {"who": {"members_only": True}, "held_out_bps": 2_000},
        {"who": {"tiers": ["gold"]}},
        {"when": {"weekdays": [1]}},
    ):
        assert of_offer(shop, make_offer(shop, code=unique("some"), **given)["code"]) is None
    assert of_offer(shop, "never-was") is None
    few = make_shop()
    buys_with_offers(few, enrol(few))
    assert of_offer(few, make_offer(few, code=unique("ten"))["code"]) is None
