"""An offer may be stronger for some by what they did: in its band, alike for twins, in a log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import unique
from makers.offers import make_offer
from makers.orders import Shop, buy, enrol, give_back, make_shop, uuid
from regulars.modules.members.services import record_consent
from regulars.modules.members.types import ConsentDraft

BAND = {
    "most_bps": 1_500,
    "steps": [
        {"bps": 1_200, "rule": {"fact": "orders", "op": ">=", "value": 1}},
        {"bps": 1_500, "rule": {"fact": "spend_minor", "op": ">=", "value": 50_000}},
    ],
}


@pytest.fixture
def shop() -> Shop:
    made = make_shop()
    make_offer(made, code="back", params={"bps": 800}, personal=BAND)
    return made


def cart(member: str | None = None, price: int = 10_000, quantity: int = 1) -> dict[str, Any]:
    lines = [{"sku": "tea", "quantity": quantity, "unit_price": price}]
    return {"lines": lines, "member_id": member}


def off(shop: Shop, member: str | None, price: int = 10_000) -> int:
    told = shop.api.post("/evaluations", cart(member, price)).json()
    assert 0 <= told["payable"] <= told["gross"]
    return int(told["discount"])


def say(shop: Shop, member: str, granted: bool) -> None:
    shop.move(timedelta(seconds=1), due=False)
    record_consent(
        merchant_id=shop.merchant_id,
        member_id=uuid(member),
        consent=ConsentDraft("personalisation", granted),
        now=shop.now,
    )


def log(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.api.get("/strength-decisions?offer=back").json()["data"])


def test_the_strongest_step_that_is_met_counts(shop: Shop) -> None:
    new, once, regular = enrol(shop), enrol(shop), enrol(shop)
    buy(shop, once, 1_000)
    buy(shop, regular, 60_000)
    assert [off(shop, who) for who in (None, new, once, regular)] == [800, 800, 1_200, 1_500]


def test_whoever_says_no_gets_what_everybody_gets(shop: Shop) -> None:
    member = enrol(shop)
    buy(shop, member, 60_000)
    say(shop, member, False)
    assert off(shop, member) == off(shop, None) == 800
    say(shop, member, True)
    assert off(shop, member) == 1_500


def test_the_no_of_one_record_is_the_persons(shop: Shop) -> None:
    old, new = enrol(shop), enrol(shop)
    buy(shop, old, 60_000)
    say(shop, old, False)
    merge = shop.api.post(f"/members/{new}/merge", {"from": old}).json()
    assert off(shop, new) == 800
    assert shop.api.post(f"/merges/{merge['id']}/undo", {}).status_code == 200
    assert (off(shop, old), off(shop, new)) == (800, 800)


@pytest.mark.parametrize("spent", [0, 100, 49_999, 50_000, 90_000])
def test_twins_pay_the_same(shop: Shop, spent: int) -> None:
    """Equal in all that they did, and not in who they are."""
    twins = []
    for name in ("Ann Lee", "王小明"):
        body = {"identities": [{"type": "external", "value": unique("twin")}], "name": name}
        answer = shop.api.post("/members", body)
        assert answer.status_code == 201, answer.content
        twins.append(str(answer.json()["id"]))
    for twin in twins:
        if spent:
            buy(shop, twin, spent)
    for price in (1, 999, 10_000, 123_457):
        first, second = (shop.api.post("/evaluations", cart(twin, price)).json() for twin in twins)
        assert first == second
        assert (
            first["payable"] <= shop.api.post("/evaluations", cart(None, price)).json()["payable"]
        )


def test_what_was_decided_stands_in_the_log_and_in_the_order(shop: Shop) -> None:
    member = enrol(shop)
    buy(shop, member, 60_000)
    quote = shop.api.post("/quotes", cart(member, 5_000, 2)).json()
    say(shop, member, False)
    again = shop.api.post("/quotes", cart(member)).json()
    newest, first = log(shop)
    assert (newest["quote_id"], first["quote_id"]) == (again["id"], quote["id"])
    assert {key: first[key] for key in ("bps", "own_bps", "most_bps", "step", "personal")} == {
        "bps": 1_500, "own_bps": 800, "most_bps": 1_500, "step": 1, "personal": True,
    }  # fmt: skip
    assert (newest["bps"], newest["step"], newest["personal"]) == (800, None, False)
    assert first["member_id"] == member


def test_a_return_is_reckoned_with_the_strength_of_the_purchase() -> None:
    """15 percent of two at 50.00, requalified: the kept one keeps its 15 percent, not 8."""
    shop = make_shop()
    make_offer(shop, code="back", params={"bps": 800}, personal=BAND, on_return="requalify")
    member = enrol(shop)
    buy(shop, member, 60_000)
    quote = shop.api.post("/quotes", cart(member, 5_000, 2)).json()
    assert quote["due"] == 8_500
    at = shop.now.isoformat().replace("+00:00", "Z")
    order = shop.api.post(
        "/orders",
        {
            "external_id": unique("o"), "quote_id": quote["id"], "placed_at": at, "paid_at": at,
            "lines": cart(None, 5_000, 2)["lines"], "paid": 8_500,
        },
    ).json()  # fmt: skip
    assert give_back(shop, order["id"], (1, 1)).json()["lines"][0]["cash"] == 4_250
    assert give_back(shop, order["id"], (1, 1)).json()["lines"][0]["cash"] == 4_250


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"params": {"bps": 1_600}, "personal": BAND}, "/personal/most_bps", "too_small"),
        ({"params": {"bps": 1_300}, "personal": BAND}, "/personal/steps/0/bps",
         "outside_the_band"),
        ({"params": {"bps": 1}, "personal": {**BAND, "most_bps": 1_400}},
         "/personal/steps/1/bps", "outside_the_band"),
        ({"kind": "amount_off", "params": {"each": 5}, "personal": BAND}, "/personal",
         "not_of_this_kind"),
        ({"params": {"bps": 1}, "personal": {"most_bps": 9, "steps": [
            {"bps": 9, "rule": {"fact": "name", "op": "=", "value": "Ann"}}]}},
         "/personal/steps/0/rule/fact", "unknown_fact"),
    ],
)  # fmt: skip
def test_nothing_leaves_the_band_and_no_rule_knows_a_name(
    shop: Shop, given: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"code": unique("o"), "kind": "percent_off", **given}
    answer = shop.api.post("/offers", body)
    assert answer.status_code == 422, answer.content
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


def test_the_linter_reckons_with_the_strongest(shop: Shop) -> None:
    report = shop.api.post("/programmes/lint", {}).json()
    assert report["bound_bps"] == 1_500
