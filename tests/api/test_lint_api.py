"""The linter over HTTP: a plan is judged before it is published, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from makers.offers import make_offer, offer_body
from makers.orders import Shop, make_shop, staff, traces


def lint(shop: Shop, **body: Any) -> dict[str, Any]:
    before = traces(shop)
    answer = shop.api.post("/programmes/lint", body)
    assert answer.status_code == 200, answer.content
    assert traces(shop) == before
    return dict(answer.json())


def codes(report: dict[str, Any]) -> set[tuple[str, tuple[str, ...]]]:
    return {(one["code"], tuple(one["offers"])) for one in report["findings"]}


def test_a_programme_without_faults_has_no_findings() -> None:
    shop = make_shop()
    make_offer(shop, code="ten", limit={"per_member": 3})
    report = lint(shop)
    assert report["findings"] == []
    assert report["bound_bps"] == 1_000
    assert report["deepest"]["evaluation"]["applied"] == [
        {"offer": "ten", "amount": report["deepest"]["evaluation"]["discount"]}
    ]


#: What is wrong with an offer, and what the linter calls it.
SILENT: dict[str, dict[str, Any]] = {
    "over": {"when": {"until": "2020-01-01T00:00:00Z"}},
    "never_open": {"when": {"days_of_month": [31], "nth_weekdays": [{"nth": 1, "weekday": 1}]}},
    "unknown_tier": {"who": {"tiers": ["platinum"]}},
    "nothing_in_scope": {"scope": {"skus": ["tea"], "exclude_skus": ["tea"]}},
    "gives_nothing": {"params": {"bps": 0}},
    "no_uses": {"budget": 0},
    "out_of_reach": {"kind": "spend_save", "params": {"steps": [{"spend": 10**7, "save": 1}]}},
}


@pytest.mark.parametrize("code", SILENT)
def test_an_offer_that_never_fires(code: str) -> None:
    shop = make_shop()
    draft = {**offer_body(SILENT[code].get("kind", "percent_off")), **SILENT[code]}
    assert (code, (draft["code"],)) in codes(lint(shop, offers=[draft]))


def test_what_stacks_below_the_floor_comes_with_the_cart_that_shows_it() -> None:
    shop = make_shop()
    make_offer(shop, code="half", params={"bps": 5_000}, limit={"per_member": 1})
    draft = offer_body("percent_off", code="more", params={"bps": 4_000}, limit={"total": 9})
    report = lint(shop, offers=[draft], floor_bps=3_500)
    (finding,) = report["findings"]
    assert (finding["code"], finding["severity"]) == ("below_margin_floor", "error")
    assert set(finding["offers"]) == {"half", "more"}
    # 100.00 less 50 and then 40 percent leave 30.00, and 30 points are 0.30 of it.
    assert finding["facts"]["left_bps"] <= 3_000
    cart = {name: value for name, value in finding["cart"].items() if name != "lines"}
    lines = [
        {name: line[name] for name in ("sku", "quantity", "unit_price")}
        for line in finding["cart"]["lines"]
    ]
    made = shop.api.post("/offers", draft)
    assert made.status_code == 201
    told = shop.api.post("/evaluations", {**cart, "lines": lines}).json()
    assert told["discount"] == report["deepest"]["evaluation"]["discount"]


def test_points_that_buy_themselves_are_a_loop() -> None:
    shop = make_shop()
    draft = offer_body("points_multiplier", params={"bps": 1_000_000})
    report = lint(shop, offers=[draft])
    (finding,) = [one for one in report["findings"] if one["code"] == "money_loop"]
    assert finding["facts"]["back_bps"] == 10_000


def test_exclusives_that_meet_and_shadows() -> None:
    shop = make_shop()
    low = offer_body(code="low", params={"bps": 500}, group="g")
    high = offer_body(code="high", params={"bps": 900}, group="g")
    one = offer_body(code="one", exclusive=True, when={"weekdays": [1, 2]})
    other = offer_body(code="other", exclusive=True, when={"weekdays": [2, 3]})
    apart = offer_body(code="apart", exclusive=True, when={"weekdays": [6]})
    found = codes(lint(shop, offers=[low, high, one, other, apart]))
    assert ("shadowed", ("low", "high")) in found
    assert {c for c in found if c[0] == "exclusives_overlap"} == {
        ("exclusives_overlap", ("one", "other"))
    }


def test_the_dearest_cart_again_and_again_until_limits_end_it() -> None:
    shop = make_shop()
    make_offer(shop, code="twice", params={"bps": 2_000}, limit={"per_member": 2})
    report = lint(shop, most_order_minor=100_000)
    assert report["dearest"]["evaluation"]["discount"] == 20_000
    points = 800
    assert report["a_day"] == [20_000 + points] * 2 + [1_000] * 3


def test_a_steep_offer_that_nothing_stops() -> None:
    shop = make_shop()
    report = lint(shop, offers=[offer_body(code="steep", params={"bps": 3_000})])
    assert ("no_limit", ("steep",)) in codes(report)


def test_what_costs_more_than_the_largest_cart_is_tried_all_the_same() -> None:
    """A jeweller's shop: its ring alone is 12,000.00, and the largest cart thought of 10,000.00."""
    shop = make_shop()
    answer = shop.api.put("/products/ring", {"name": "Ring", "list_price": 1_200_000})
    assert answer.status_code < 300, answer.content
    half = offer_body(code="half", params={"bps": 5_000}, limit={"total": 9})
    steps = {"steps": [{"spend": 1_100_000, "save": 100_000}]}
    step = offer_body("spend_save", code="step", params=steps, limit={"total": 9})
    pair = offer_body("buy_get", code="pair", params={"buy": 1, "get": 1}, limit={"total": 9})
    report = lint(shop, offers=[half, step], floor_bps=6_000)
    assert ("out_of_reach", ("step",)) not in codes(report)
    assert "below_margin_floor" in {code for code, _ in codes(report)}
    assert report["dearest"]["cart"]["lines"][0]["unit_price"] == 1_200_000
    assert report["dearest"]["evaluation"]["discount"] >= 600_000
    pairs = lint(shop, offers=[pair])["dearest"]["cart"]["lines"]
    assert [(line["sku"], line["quantity"]) for line in pairs] == [("ring", 2)]


def test_a_tier_that_gets_less_than_the_one_below() -> None:
    shop = make_shop()
    draft = offer_body(code="silver", who={"tiers": ["silver"]}, limit={"total": 5})
    report = lint(shop, offers=[draft])
    (finding,) = [one for one in report["findings"] if one["code"] == "tier_pays_more"]
    assert finding["tiers"] == ["silver", "gold"]


def test_the_console_asks_the_same() -> None:
    shop = make_shop()
    answer = staff(shop).post("/programmes/lint", {})
    assert (answer.status_code, answer.json()["findings"]) == (200, [])


@pytest.mark.parametrize("draft", ["x", 1, [], ["ab"], {"tiers": 1}])
def test_a_draft_that_is_no_programme_is_refused(draft: Any) -> None:
    answer = make_shop().api.post("/programmes/lint", {"programme": draft})
    assert answer.status_code == 422, answer.content


#: As a form writes them: days of the shop, of which ``until`` is the last.
BY_DAYS = {
    "from": "2026-03-01",
    "until": "2026-03-10",
    "early": [{"tiers": ["gold"], "from": "2026-02-01"}],
}


def test_days_in_a_draft_are_read_as_in_a_stored_offer() -> None:
    shop = make_shop()
    over = lint(shop, offers=[{**offer_body(code="days"), "when": {"until": "2020-01-01"}}])
    assert ("over", ("days",)) in codes(over)
    draft = {**offer_body(code="draft"), "when": BY_DAYS}
    assert "never_open" not in {one["code"] for one in lint(shop, offers=[draft])["findings"]}


def test_a_draft_whose_days_cannot_be_is_refused_where_it_stands() -> None:
    shop = make_shop()
    backwards = {**offer_body(code="b"), "when": {"from": "2026-03-10", "until": "2026-03-01"}}
    answer = shop.api.post("/programmes/lint", {"offers": [offer_body(code="a"), backwards]})
    assert answer.status_code == 422, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/offers/1/when/until"]


def test_a_cart_is_tried_with_a_draft_by_days() -> None:
    shop = make_shop()
    draft = {**offer_body(code="draft"), "when": {"from": "2020-01-01", "until": "2099-12-31"}}
    cart = {"lines": [{"sku": "tea", "quantity": 1, "unit_price": 1000}], "offers": [draft]}
    answer = staff(shop, "owner").post("/evaluations", cart)
    assert answer.status_code == 200, answer.content
    assert [one["offer"] for one in answer.json()["applied"]] == ["draft"]
