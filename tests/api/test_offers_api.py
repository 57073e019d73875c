"""Offers and pricing settings over HTTP: what is kept, what is refused and where, what it tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from makers.offers import PARAMS, make_offer, offer_body
from makers.orders import NO_INTEGERS, make_shop, staff, traces, with_raw
from regulars.infra.audit import entries
from regulars.infra.models import OutboxRow
from regulars.modules.promotions.queries import book, offers
from regulars.modules.promotions.types import (
    BudgetTerms,
    BuyGet,
    Limit,
    NthWeekday,
    Saving,
    SpendSave,
)

FULL: dict[str, Any] = {
    "code": "full-200-30",
    "name": "满200减30",
    "kind": "spend_save",
    "params": {"steps": [{"spend": 20000, "save": 3000}]},
    "scope": {"skus": [], "categories": [], "tags": [], "exclude_skus": []},
    "when": {
        "from": None,
        "until": None,
        "weekdays": [],
        "days_of_month": [],
        "hours": None,
    },
    "who": {"tiers": [], "segments": [], "channels": [], "stores": [], "members_only": False},
    "stage": "order",
    "priority": 100,
    "group": None,
    "exclusive": False,
    "requires_code": False,
    "limit": {"per_order": None, "per_member": None, "total": None},
    "budget": None,
    "on_return": "keep",
    "status": "active",
}
MARK = 123_456_789


def test_the_document_of_the_contract_is_kept_as_written() -> None:
    shop = make_shop()
    answer = shop.api.post("/offers", FULL)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    for name, value in FULL.items():
        if isinstance(value, dict):
            assert {**told[name], **value} == told[name], name
        else:
            assert told[name] == value, name
    assert told["effects"] == [
        {
            "type": "offer.created",
            "offer": "full-200-30",
            "kind": "spend_save",
            "status": "active",
        }
    ]
    read = shop.api.get("/offers/full-200-30").json()
    assert read == {name: value for name, value in told.items() if name != "effects"}
    assert shop.api.get("/offers").json()["data"] == [read]
    (offer,) = offers(shop.merchant_id)
    assert (offer.code, offer.name, offer.stage) == ("full-200-30", "满200减30", "order")
    assert offer.params == SpendSave((Saving(20_000, 3_000),))
    assert (offer.limit, offer.budget, offer.status) == (Limit(), None, "active")


def test_nulls_do_not_restrict() -> None:
    shop = make_shop()
    bare = make_offer(shop, "percent_off", code="bare")
    parts: dict[str, Any] = dict.fromkeys(("scope", "when", "who", "limit"))
    fields = {
        part: {name: None for name, value in bare[part].items() if value in (None, [], False)}
        for part in parts
    }
    for code, given in (("parts", parts), ("fields", fields)):
        told = make_offer(shop, "percent_off", code=code, **given)
        assert {part: told[part] for part in parts} == {part: bare[part] for part in parts}
    shop.api.patch("/offers/bare", {"who": {"members_only": True}, "scope": {"skus": ["tea"]}})
    told = shop.api.patch("/offers/bare", {"who": None, "scope": None}).json()
    assert (told["who"], told["scope"]) == (bare["who"], bare["scope"])


@pytest.mark.parametrize("kind", PARAMS)
def test_every_kind_needs_no_more_than_its_params(kind: str) -> None:
    shop = make_shop()
    told = make_offer(shop, kind)
    (offer,) = offers(shop.merchant_id)
    assert offer.kind == kind
    assert told["name"] == told["code"]
    own = {"member_price": "price", "spend_save": "order", "spend_percent": "order",
           "free_shipping": "shipping", "points_multiplier": "earn", "gift": "gift"}  # fmt: skip
    assert told["stage"] == offer.stage == own.get(kind, "item")


def test_all_that_can_be_said_reaches_the_evaluator() -> None:
    shop = make_shop(zone="Asia/Shanghai")
    make_offer(
        shop,
        "buy_get",
        code="B",
        params={"buy": 1, "get": 1, "off_bps": 5_000, "pick": "overall", "same_item": True},
        scope={"categories": ["tea"], "exclude_skus": ["x"]},
        when={
            "from": "2026-03-01T00:00:00+08:00",
            "until": "2026-04-01T00:00:00Z",
            "weekdays": [1, 7],
            "nth_weekdays": [{"nth": -1, "weekday": 5}],
            "hours": ["10:00", "24:00"],
            "except_days": ["2026-03-08"],
        },
        who={"tiers": ["gold"], "members_only": True, "cel": "orders > 2"},
        requires_code=True,
        group="g",
        limit={"per_order": 2, "per_member": 1, "total": 100, "member_period": "year"},
        budget=5_000,
        budget_terms={"stop": "soft", "per": "day", "funder": "brand"},
    )
    (offer,) = offers(shop.merchant_id)
    assert offer.params == BuyGet(1, 1, 5_000, "overall", same_item=True)
    assert offer.stage == "coupon", "a code moves goods to the coupon stage"
    assert offer.when.hours == (600, 1_440)
    assert offer.when.nth_weekdays == (NthWeekday(-1, 5),)
    assert offer.when.begins is not None
    assert offer.when.begins.isoformat() == "2026-02-28T16:00:00+00:00"
    assert offer.who.cel == "orders > 2"
    assert offer.limit == Limit(2, 1, 100, "year")
    assert offer.budget_terms == BudgetTerms("soft", "day", "brand")
    assert (offer.budget, offer.group, offer.scope.categories) == (5_000, "g", {"tea"})


def test_a_day_means_from_its_start_and_through_its_end() -> None:
    """Pain 13: an offer until the 31st does not die hours early."""
    shop = make_shop(zone="Europe/Berlin")
    when = {"from": "2026-03-29", "until": "2026-03-29"}
    told = make_offer(shop, code="A", when=when)["when"]
    assert (told["from"], told["until"]) == ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    (offer,) = offers(shop.merchant_id)
    assert offer.when.begins is not None
    assert offer.when.ends is not None
    assert offer.when.ends - offer.when.begins == timedelta(hours=23), "the day of the change"
    moved = shop.api.patch("/offers/A", {"when": {"until": "2026-04-30"}}).json()["when"]
    assert (moved["from"], moved["until"]) == (None, "2026-04-30T22:00:00Z")
    refused = shop.api.patch(
        "/offers/A", {"when": {"from": "2026-05-01", "until": "2026-04-30T22:00:00Z"}}
    )
    assert refused.json()["errors"][0]["pointer"] == "/when/until"


def test_a_code_moves_goods_alone_and_a_named_stage_stays() -> None:
    shop = make_shop()
    assert make_offer(shop, "free_shipping", requires_code=True)["stage"] == "shipping"
    assert make_offer(shop, "percent_off", requires_code=True, stage="item")["stage"] == "item"


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("percent_off", {"params": {"bps": 10_001}}, "/params/bps", "too_large"),
    ("percent_off", {"params": {"bps": -1}}, "/params/bps", "too_small"),
    ("percent_off", {"params": {}}, "/params/bps", "required"),
    ("percent_off", {"params": {"bps": 1, "x": 1}}, "/params/x", "unknown_field"),
    ("percent_off", {"params": None}, "/params", "object_required"),
    ("percent_off", {"kind": "half_off"}, "/kind", "unknown_value"),
    ("amount_off", {"params": {"each": -1}}, "/params/each", "too_small"),
    ("unit_price", {"params": {"price": -1}}, "/params/price", "too_small"),
    ("member_price", {"params": {"prices": {"a": -1}}}, "/params/prices/a", "too_small"),
    ("buy_get", {"params": {"buy": 0, "get": 1}}, "/params/buy", "too_small"),
    ("buy_get", {"params": {"buy": 1, "get": 0}}, "/params/get", "too_small"),
    ("buy_get", {"params": {"buy": 1, "get": 1, "pick": "x"}}, "/params/pick", "unknown_value"),
    ("gift", {"params": {"sku": "a", "quantity": 0, "spend": 0}}, "/params/quantity", "too_small"),
    ("points_multiplier", {"params": {"bps": 9_999}}, "/params/bps", "too_small"),
    ("spend_save", {"params": {"steps": []}}, "/params/steps", "too_short"),
    (
        "spend_save",
        {"params": {"steps": [{"spend": 5, "save": 1}, {"spend": 5, "save": 2}]}},
        "/params/steps/1/spend",
        "not_rising",
    ),
    (
        "spend_percent",
        {"params": {"steps": [{"spend": 5, "bps": 2}, {"spend": 6, "bps": 1}]}},
        "/params/steps/1/bps",
        "falling",
    ),
    (
        "spend_save",
        {"params": {"steps": [{"spend": 1, "save": 1}, {"spend": 2, "save": 2}], "every": True}},
        "/params/steps",
        "too_long",
    ),
    (
        "spend_save",
        {"params": {"steps": [{"spend": 0, "save": 1}], "every": True}},
        "/params/steps/0/spend",
        "too_small",
    ),
    ("percent_off", {"limit": {"per_order": 1}}, "/limit/per_order", "not_of_this_kind"),
    ("spend_save", {"limit": {"per_order": 1}}, "/limit/per_order", "not_of_this_kind"),
    ("percent_off", {"limit": {"total": -1}}, "/limit/total", "too_small"),
    ("percent_off", {"stage": "earn"}, "/stage", "unknown_value"),
    ("free_shipping", {"stage": "coupon"}, "/stage", "unknown_value"),
    ("gift", {"stage": "order"}, "/stage", "unknown_value"),
    ("percent_off", {"budget": -1}, "/budget", "too_small"),
    ("percent_off", {"status": "running"}, "/status", "unknown_value"),
    ("percent_off", {"when": {"weekdays": [0]}}, "/when/weekdays/0", "too_small"),
    ("percent_off", {"when": {"days_of_month": [32]}}, "/when/days_of_month/0", "too_large"),
    ("percent_off", {"when": {"hours": ["10:00"]}}, "/when/hours", "too_short"),
    ("percent_off", {"when": {"hours": ["10:00", "10:00"]}}, "/when/hours", "too_small"),
    ("percent_off", {"when": {"hours": ["24:00", "24:00"]}}, "/when/hours", "too_small"),
    ("percent_off", {"when": {"hours": ["1:00", "2:00"]}}, "/when/hours/0", "malformed"),
    ("percent_off", {"when": {"from": "2026-01-01T00"}}, "/when/from", "instant_required"),
    ("percent_off", {"when": {"from": "2026-02-30"}}, "/when/from", "day_required"),
    ("percent_off", {"when": {"from": 5}}, "/when/from", "instant_required"),
    (
        "percent_off",
        {"when": {"from": "2026-01-02", "until": "2026-01-01"}},
        "/when/until",
        "too_small",
    ),
    (
        "percent_off",
        {"when": {"from": "2026-01-02T00:00:00Z", "until": "2026-01-02T00:00:00Z"}},
        "/when/until",
        "too_small",
    ),
    ("percent_off", {"when": {"begins": None}}, "/when/begins", "unknown_field"),
    ("percent_off", {"who": {"rule": {"fact": "age", "op": "=", "value": 1}}},
     "/who/rule/fact", "unknown_fact"),
    ("percent_off", {"who": {"rule": {"all": [{"fact": "orders", "op": "in", "value": 1}]}}},
     "/who/rule/all/0/op", "unknown_value"),
    ("percent_off", {"who": {"rule": {"not": {"fact": "orders", "op": "=", "value": True}}}},
     "/who/rule/not/value", "integer_required"),
    ("percent_off", {"who": {"rule": []}}, "/who/rule", "object_required"),
    ("percent_off", {"who": {"cel": "orders >"}}, "/who/cel", "malformed"),
    ("percent_off", {"who": {"cel": "age > 3"}}, "/who/cel", "unknown_fact"),
    ("percent_off", {"who": {"cel": "x" * 501}}, "/who/cel", "too_long"),
    ("percent_off", {"code": "a/b"}, "/code", "malformed"),
    ("percent_off", {"code": "kinds"}, "/code", "reserved"),
    ("percent_off", {"code": ""}, "/code", "too_short"),
    ("percent_off", {"x": 1}, "/x", "unknown_field"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given", "pointer", "code"), REFUSED, ids=lambda value: str(value)[:50]
)
def test_what_is_out_of_bounds_is_named_and_leaves_no_trace(
    kind: str, given: dict[str, Any], pointer: str, code: str
) -> None:
    shop = make_shop()
    before = traces(shop)
    answer = shop.api.post("/offers", {**offer_body(kind), **given})
    assert answer.status_code == 422, answer.content
    faults = {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}
    assert (pointer, code) in faults, faults
    assert traces(shop) == before


@pytest.mark.parametrize("why", [why for why in NO_INTEGERS if why != "a list"])
@pytest.mark.parametrize(
    ("given", "pointer"),
    [({"params": {"bps": MARK}}, "/params/bps"), ({"priority": MARK}, "/priority")],
)
def test_numbers_are_whole(why: str, given: dict[str, Any], pointer: str) -> None:
    if pointer == "/priority" and why == "below zero":
        return
    shop = make_shop()
    answer = shop.api.post("/offers", with_raw(offer_body(**given), MARK, NO_INTEGERS[why]))
    assert answer.status_code == 422
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}


def test_a_code_is_taken_once() -> None:
    shop, other = make_shop(), make_shop()
    make_offer(shop, code="A")
    again = shop.api.post("/offers", offer_body(code="A"))
    assert (again.status_code, again.json()["code"]) == (409, "offer_exists")
    assert shop.api.post("/offers", offer_body(code="a")).status_code == 201, "by code point"
    make_offer(other, code="A")
    assert len(offers(shop.merchant_id)) == 2
    assert [row.operation for row in entries(shop.merchant_id, limit=9)] == ["offers.create"] * 2


def test_the_same_key_gets_the_first_answer() -> None:
    shop = make_shop()
    first = shop.api.post("/offers", offer_body(code="A"), key="k")
    replay = shop.api.post("/offers", offer_body(code="A"), key="k")
    assert (replay.status_code, replay.content) == (201, first.content)
    assert replay["Idempotent-Replayed"] == "true"
    other = shop.api.post("/offers", offer_body(code="B"), key="k")
    assert other.json()["code"] == "idempotency_key_reused"
    assert shop.api.post("/offers", offer_body(), key="").status_code == 400


def test_a_change_replaces_the_fields_given_and_turns_the_books_page() -> None:
    shop = make_shop()
    make_offer(shop, code="A", limit={"total": 5}, scope={"skus": ["tea"]})
    before = book(shop.merchant_id).version
    answer = shop.api.patch("/offers/A", {"params": {"bps": 2_500}, "limit": {"per_member": 1}})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert told["version"] == 2
    assert told["effects"] == [
        {
            "type": "offer.changed",
            "offer": "A",
            "number": 2,
            "fields": ["limit", "params"],
            "status": "active",
        }
    ]
    assert told["scope"]["skus"] == ["tea"], "the rest stays"
    after = book(shop.merchant_id)
    assert after.version > before
    assert after.offers[0].limit == Limit(per_member=1), "a field given is replaced whole"
    same = shop.api.patch("/offers/A", {"code": "A", "priority": 100}).json()
    assert (same["version"], same["effects"]) == (2, [])


def test_a_change_is_judged_as_a_whole() -> None:
    shop = make_shop()
    make_offer(shop, "buy_get", code="A", limit={"per_order": 1})
    before = traces(shop)
    for body, pointer in (
        ({"code": "B"}, "/code"),
        ({"kind": "percent_off"}, "/params/bps"),
        ({"kind": "percent_off", "params": {"bps": 5}}, "/limit/per_order"),
        ({"params": {"buy": 0, "get": 1}}, "/params/buy"),
        ({"params": None}, "/params"),
        ({"exclusive": None}, "/exclusive"),
        ({"x": 1}, "/x"),
    ):
        answer = shop.api.patch("/offers/A", body)
        assert answer.status_code == 422, body
        assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}, answer.content
    assert traces(shop) == before
    assert shop.api.patch("/offers/nobody", {"priority": 1}).status_code == 404


def test_the_kind_may_change_with_its_params() -> None:
    shop = make_shop()
    make_offer(shop, "buy_get", code="A")
    told = shop.api.patch("/offers/A", {"kind": "gift", "params": PARAMS["gift"]}).json()
    assert (told["kind"], told["stage"]) == ("gift", "gift")


def test_an_archived_offer_is_out_of_the_book_for_ever() -> None:
    shop = make_shop()
    make_offer(shop, code="A", status="draft")
    for status in ("active", "paused", "active", "archived"):
        assert shop.api.patch("/offers/A", {"status": status}).status_code == 200
    assert offers(shop.merchant_id) == ()
    refused = shop.api.patch("/offers/A", {"status": "active"})
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_archived")
    listed = shop.api.get("/offers?status=archived").json()["data"]
    assert [offer["code"] for offer in listed] == ["A"]
    assert shop.api.get("/offers?status=active").json()["data"] == []


def test_offers_come_in_pages_by_code() -> None:
    shop = make_shop()
    for code in ("c", "a", "b"):
        make_offer(shop, code=code)
    first = shop.api.get("/offers?limit=2").json()
    assert [offer["code"] for offer in first["data"]] == ["a", "b"]
    rest = shop.api.get(f"/offers?limit=2&starting_after={first['next_cursor']}").json()
    assert [offer["code"] for offer in rest["data"]] == ["c"]
    assert rest["has_more"] is False


def test_a_code_in_any_script_has_an_address() -> None:
    shop = make_shop()
    make_offer(shop, code="满 200%?#")
    read = shop.api.get("/offers/%E6%BB%A1%20200%25%3F%23")
    assert read.json()["code"] == "满 200%?#"


def test_news_goes_out_once_for_each_change() -> None:
    shop = make_shop()
    make_offer(shop, code="A")
    shop.api.patch("/offers/A", {"status": "paused"})
    shop.api.patch("/offers/A", {"status": "paused"})
    rows = OutboxRow.objects.filter(merchant_id=shop.merchant_id, aggregate="offers")
    assert rows.count() == 2


def test_pricing_settings_are_set_one_by_one() -> None:
    shop = make_shop()
    whole = {"max_discount_bps": 10_000, "points_max_bps": 10_000, "growth_max_bps": 10_000}
    assert shop.api.get("/settings/pricing").json() == whole
    before = book(shop.merchant_id).version
    answer = shop.api.put("/settings/pricing", {"points_max_bps": 5_000})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        **whole,
        "points_max_bps": 5_000,
        "effects": [{"type": "pricing.settings_changed", **whole, "points_max_bps": 5_000}],
    }
    again = shop.api.put("/settings/pricing", {"max_discount_bps": 0}).json()
    assert (again["max_discount_bps"], again["points_max_bps"]) == (0, 5_000)
    after = book(shop.merchant_id)
    assert after.version == before + 2
    assert (after.settings.max_discount_bps, after.settings.points_max_bps) == (0, 5_000)
    assert shop.api.put("/settings/pricing", {"points_max_bps": 5_000}).json()["effects"] == []


@pytest.mark.parametrize(
    "body", [{"points_max_bps": 10_001}, {"growth_max_bps": -1}, {"x": 1}, {"points_max_bps": "1"}]
)
def test_settings_out_of_bounds_are_refused(body: dict[str, Any]) -> None:
    assert make_shop().api.put("/settings/pricing", body).status_code == 422


def test_the_console_draws_the_form_from_the_kinds() -> None:
    shop = make_shop()
    manager = staff(shop)
    told = manager.get("/offers/kinds").json()
    assert [kind["kind"] for kind in told["kinds"]] == list(PARAMS)
    steps = next(kind for kind in told["kinds"] if kind["kind"] == "spend_save")
    assert steps["params_schema"]["properties"]["steps"]["minItems"] == 1
    for preset in told["presets"]:
        body = offer_body(who={"rule": preset["rule"]})
        made = manager.post("/offers", body)
        assert made.status_code == 201, made.content
    assert {fact["name"] for fact in told["facts"]} >= {"orders", "tier", "birthday_today"}
    assert "kind" in told["document_schema"]["properties"]
