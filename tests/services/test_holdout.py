"""Offers with a holdout at the till: who gets them, what is promised, what is given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from makers.merchants import member as member_pages
from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, enrol, give_back, make_shop, uuid
from regulars.infra import db
from regulars.kernel.chance import is_held_out, salt_of_offer
from regulars.kernel.instants import show_instant
from regulars.modules.promotions.services import set_standing_holdout

LINES = [{"sku": "tea", "quantity": 2, "unit_price": 10_000}]


def campaign(shop: Shop, **more: Any) -> str:
    given = {"who": {"members_only": True}, "held_out_bps": 5_000, **more}
    return str(make_offer(shop, code=unique("spring"), **given)["code"])


def two_members(shop: Shop, offer: str, bps: int = 5_000) -> tuple[str, str]:
    """One who gets the offer, and one who is held out."""
    found: dict[bool, str] = {}
    while len(found) < 2:
        one = enrol(shop)
        found[is_held_out(shop.merchant_id, salt_of_offer(offer), uuid(one), bps)] = one
    return found[False], found[True]


def priced(shop: Shop, member: str | None, **more: Any) -> dict[str, Any]:
    body = {"lines": LINES, "member_id": member, **more}
    answer = shop.api.post("/evaluations", {k: v for k, v in body.items() if v is not None})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def why(told: dict[str, Any], offer: str) -> str | None:
    return next((one["code"] for one in told["rejected"] if one.get("offer") == offer), None)


def bought(shop: Shop, member: str) -> tuple[dict[str, Any], dict[str, Any]]:
    quote = shop.api.post("/quotes", {"lines": LINES, "member_id": member}).json()
    at = show_instant(shop.now)
    order = shop.api.post(
        "/orders",
        {
            "external_id": unique("o"),
            "member_id": member,
            "placed_at": at,
            "paid_at": at,
            "lines": LINES,
            "quote_id": quote["id"],
            "paid": quote["due"],
        },
    )
    assert order.status_code == 201, order.content
    return quote, order.json()


def test_only_who_is_not_held_out_gets_it_and_why_is_told() -> None:
    shop = make_shop()
    offer = campaign(shop)
    treated, held_out = two_members(shop, offer)
    assert priced(shop, treated)["applied"] == [{"offer": offer, "amount": 2_000}]
    told = priced(shop, held_out)
    assert (told["applied"], why(told, offer)) == ([], "held_out")
    assert why(priced(shop, None), offer) == "not_for_member"
    assert why(priced(shop, None, as_new_member=True), offer) == "held_out"


def test_the_standing_holdout_gets_no_campaign_but_every_standing_promise() -> None:
    shop = make_shop()
    promise = make_offer(shop, "member_price", who={"members_only": True})["code"]
    offers = [campaign(shop, held_out_bps=100, priority=place) for place in (1, 2)]
    member = enrol(shop)
    with transaction.atomic():
        set_standing_holdout(merchant_id=shop.merchant_id, held_out_bps=10_000)
    told = priced(shop, member)
    assert [one["offer"] for one in told["applied"]] == [promise]
    assert {why(told, offer) for offer in offers} == {"held_out"}
    with transaction.atomic():
        set_standing_holdout(merchant_id=shop.merchant_id, held_out_bps=0)
    out = [o for o in offers if is_held_out(shop.merchant_id, salt_of_offer(o), uuid(member), 100)]
    told = priced(shop, member)
    assert [o for o in offers if why(told, o) == "held_out"] == out


def test_a_quote_is_charged_as_it_was_made_and_goes_back_whole() -> None:
    shop = make_shop()
    offer = campaign(shop, on_return="requalify")
    treated, held_out = two_members(shop, offer)
    for member, due in ((treated, 18_000), (held_out, 20_000)):
        before = shop.balance(member)
        quote, order = bought(shop, member)
        assert (quote["due"], order["paid"]) == (due, due)
        assert priced(shop, member)["due"] == due
        # The arms are others by the time of the return: the purchase's own holds.
        with transaction.atomic():
            set_standing_holdout(merchant_id=shop.merchant_id, held_out_bps=10_000)
        first = give_back(shop, order, (1, 1))
        second = give_back(shop, order, (1, 1))
        assert (first.status_code, second.status_code) == (201, 201)
        cash = [answer.json()["lines"][0]["cash"] for answer in (first, second)]
        assert cash == [due // 2, due // 2]
        with transaction.atomic():
            set_standing_holdout(merchant_id=shop.merchant_id, held_out_bps=0)
        assert shop.balance(member) == before
    assert shop.faults() == []


def test_a_quote_made_holds_though_the_offer_is_taken_away() -> None:
    shop = make_shop()
    offer = campaign(shop)
    treated, _ = two_members(shop, offer)
    quote = shop.api.post("/quotes", {"lines": LINES, "member_id": treated}).json()
    assert shop.api.patch(f"/offers/{offer}", {"status": "paused"}).status_code == 200
    shop.move(timedelta(minutes=1), due=False)
    at = show_instant(shop.now)
    order = shop.api.post(
        "/orders",
        {
            "external_id": unique("o"), "member_id": treated, "placed_at": at, "paid_at": at,
            "lines": LINES, "quote_id": quote["id"], "paid": quote["due"],
        },
    )  # fmt: skip
    assert (order.status_code, order.json()["paid"]) == (201, 18_000)


def test_a_holdout_costs_no_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    member = enrol(shop)
    executed, reads = db._executed, []

    def counted(sql: db.Sql, params: Any) -> Any:
        reads.append(sql)
        return executed(sql, params)

    monkeypatch.setattr(db, "_executed", counted)

    def reads_of_a_price() -> int:
        priced(shop, member)  # the book of this version is read once
        reads.clear()
        priced(shop, member)
        return len(reads)

    make_offer(shop)
    without = reads_of_a_price()
    for _ in range(5):
        campaign(shop)
    assert reads_of_a_price() == without


def test_the_published_share_stays_and_may_be_taken_off() -> None:
    shop = make_shop()
    draft = campaign(shop, status="draft")
    assert shop.api.patch(f"/offers/{draft}", {"held_out_bps": 1_000}).status_code == 200
    assert shop.api.patch(f"/offers/{draft}", {"status": "active"}).status_code == 200
    told = shop.api.patch(f"/offers/{draft}", {"held_out_bps": 2_000})
    assert told.status_code == 422
    assert told.json()["errors"][0]["pointer"] == "/held_out_bps"
    assert told.json()["errors"][0]["code"] == "immutable"
    assert shop.api.patch(f"/offers/{draft}", {"held_out_bps": None}).status_code == 200
    member = enrol(shop)
    assert priced(shop, member)["applied"] == [{"offer": draft, "amount": 2_000}]


def test_members_pages_do_not_tell_of_a_campaign() -> None:
    shop = make_shop()
    offer, promise = campaign(shop), make_offer(shop)["code"]
    _, held_out = two_members(shop, offer)
    pages = member_pages(shop.merchant, uuid(held_out))
    told = pages.get(f"/offers?codes={offer}/{promise}").json()
    assert [one["code"] for one in told["data"]] == [promise]
