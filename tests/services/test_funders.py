"""A cap over all offers of one funder: counted, shared, given back, and told to that funder."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import ApiClient, console, make_staff, unique
from makers.offers import make_offer
from makers.orders import DAY, Shop, enrol, give_back, make_shop


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def cap(shop: Shop, funder: str, minor: int | None, **given: Any) -> dict[str, Any]:
    answer = shop.api.put(f"/funders/{funder}", {"cap": minor, **given})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def quoted(shop: Shop, member: str | None = None, price: int = 10_000, quantity: int = 1) -> Any:
    lines = [{"sku": "tea", "quantity": quantity, "unit_price": price}]
    answer = shop.api.post("/quotes", {"lines": lines, "member_id": member})
    assert answer.status_code == 201, answer.content
    return answer.json()


def placed(shop: Shop, quote: Any) -> Any:
    at = shop.now.isoformat().replace("+00:00", "Z")
    body = {
        "external_id": unique("o"),
        "quote_id": quote["id"],
        "placed_at": at,
        "paid_at": at,
        "lines": [],
        "paid": quote["due"],
    }
    body.pop("lines")
    answer = shop.api.post("/orders", body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def taken(shop: Shop, funder: str) -> dict[str, int]:
    found = {one["funder"]: one for one in shop.api.get("/funders").json()["data"]}
    return dict(found[funder]["taken"])


def amounts(quote: Any) -> dict[str, int]:
    return {one["offer"]: one["amount"] for one in quote["applied"]}


def statement(shop: Shop, funder: str, **given: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in {"funder": funder, **given}.items())
    answer = shop.api.get(f"/funder-statement?{asked}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


SPLIT = {
    "funders": [
        {"funder": "Acme", "share_bps": 3_333},
        {"funder": "Bolt", "share_bps": 3_333},
        {"funder": "shop", "share_bps": 3_334},
    ]
}


def test_one_cap_over_two_offers(shop: Shop) -> None:
    """15.00 of a cap: a tenth of 100.00, then 5.00 of another offer's tenth, then nothing."""
    make_offer(shop, code="a", budget_terms={"funder": "Acme"}, who={"channels": ["web"]})
    make_offer(shop, code="b", budget_terms={"funder": "Acme"}, who={"channels": ["app"]})
    cap(shop, "Acme", 1_500)
    lines = [{"sku": "tea", "quantity": 1, "unit_price": 10_000}]

    def take(channel: str) -> Any:
        return shop.api.post("/quotes", {"lines": lines, "channel": channel}).json()

    assert amounts(take("web")) == {"a": 1_000}
    assert amounts(take("app")) == {"b": 500}
    third = take("web")
    assert amounts(third) == {}
    assert {one["code"] for one in third["rejected"] if one["offer"] == "a"} == {"budget_spent"}
    assert taken(shop, "Acme") == {"most": 1_500, "used": 0, "held": 1_500, "left": 0}
    assert shop.faults() == []


def test_what_runs_out_counts_no_more(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms={"funder": "Acme"})
    cap(shop, "Acme", 1_000)
    assert amounts(quoted(shop)) == {"a": 1_000}
    assert amounts(quoted(shop)) == {}
    shop.move(timedelta(minutes=15), due=False)
    assert amounts(quoted(shop)) == {"a": 1_000}


def test_a_soft_cap_counts_and_warns(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms={"funder": "Acme"})
    cap(shop, "Acme", 900, stop="soft")
    placed(shop, quoted(shop))
    placed(shop, quoted(shop))
    (found,) = shop.api.get("/funders").json()["data"]
    assert found["taken"] == {"most": 900, "used": 2_000, "held": 0, "left": 0}
    assert found["passed"] is True


def test_a_cap_by_month_begins_anew(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms={"funder": "Acme"})
    cap(shop, "Acme", 1_000, per="month")
    placed(shop, quoted(shop))
    assert amounts(quoted(shop)) == {}
    shop.move(31 * DAY, due=False)
    assert amounts(quoted(shop)) == {"a": 1_000}


def test_a_split_cost_is_exact_and_comes_back(shop: Shop) -> None:
    """10.01 off: 3.34, 3.33 and 3.34; of 33.33 percent 3.3363 each, and of 33.34 3.3373."""
    make_offer(shop, code="a", budget_terms=SPLIT)
    for funder in ("Acme", "Bolt", "shop"):
        cap(shop, funder, 1_000)
    order = placed(shop, quoted(shop, price=10_010))
    used = {name: taken(shop, name)["used"] for name in ("Acme", "Bolt", "shop")}
    assert used == {"Acme": 334, "Bolt": 333, "shop": 334}
    assert shop.api.post(f"/orders/{order['id']}/cancel", {}).status_code == 200
    assert {taken(shop, name)["used"] for name in used} == {0}
    assert shop.faults() == []


def test_the_smallest_cap_of_a_split_decides(shop: Shop) -> None:
    """Acme has 1.00 left and pays 33.33 percent: the offer takes 3.00 and not 10.00."""
    make_offer(shop, code="a", budget_terms=SPLIT)
    cap(shop, "Acme", 100)
    assert amounts(quoted(shop)) == {"a": 300}
    assert taken(shop, "Acme")["left"] == 0


def test_a_statement_shows_a_funder_its_own_part(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms=SPLIT)
    make_offer(shop, code="b", budget_terms={"funder": "Bolt"}, stage="order")
    member = enrol(shop)
    order = placed(shop, quoted(shop, member, price=2_000, quantity=5))
    assert give_back(shop, order["id"], (1, 2)).status_code == 201

    told = statement(shop, "Acme")
    # A tenth of 100.00 is 10.00, of which 3.33; two of five units are back, 4.00 of 10.00.
    assert told["lines"] == [
        {"day": "2026-03-10", "offer": "a", "orders": 1, "part": 333, "given_back": 133,
         "cost": 200}
    ]  # fmt: skip
    assert (told["part"], told["given_back"], told["cost"]) == (333, 133, 200)
    assert "b" not in {line["offer"] for line in told["lines"]}
    both = statement(shop, "Bolt")
    assert [line["offer"] for line in both["lines"]] == ["a", "b"]
    # Of the 4.00 the parts are 1.332, 1.332 and 1.336: the whole cent left over goes to the last.
    shares = [statement(shop, name)["lines"][0] for name in ("Acme", "Bolt", "shop")]
    assert [share["given_back"] for share in shares] == [133, 133, 134]
    assert sum(share["part"] for share in shares) == 1_000

    text = shop.api.get("/funder-statement?funder=Acme&format=csv").content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {
        "day": "2026-03-10", "offer": "a", "orders": "1", "part_minor": "333",
        "given_back_minor": "133", "cost_minor": "200",
    }  # fmt: skip

    assert give_back(shop, order["id"], (1, 3)).status_code == 201
    assert {statement(shop, name)["cost"] for name in ("Acme", "Bolt", "shop")} == {0}


def test_what_a_requalified_order_no_longer_saves_was_not_paid(shop: Shop) -> None:
    """30.00 off from 200.00; one of two coats comes back, so 70.00 go back and nothing is off."""
    make_offer(
        shop, "spend_save", code="full", on_return="requalify", budget_terms={"funder": "Acme"}
    )
    order = placed(shop, quoted(shop, enrol(shop), quantity=2))
    assert statement(shop, "Acme")["cost"] == 3_000
    assert give_back(shop, order["id"], (1, 1)).json()["lines"][0]["cash"] == 7_000
    assert statement(shop, "Acme")["cost"] == 0


def test_only_days_asked_for(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms={"funder": "Acme"})
    placed(shop, quoted(shop))
    assert statement(shop, "Acme", **{"from": "2026-03-10", "until": "2026-03-10"})["cost"] == 1_000
    assert statement(shop, "Acme", **{"from": "2026-03-01", "until": "2026-03-09"})["cost"] == 0
    assert statement(shop, "nobody")["lines"] == []
    refused = shop.api.get("/funder-statement?funder=Acme&from=2026-03-11&until=2026-03-10")
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("terms", "where", "code"),
    [
        ({"funders": [{"funder": "A", "share_bps": 9_999}]}, "/budget_terms/funders",
         "not_the_whole"),
        ({"funders": [{"funder": "A", "share_bps": 5_000}] * 2},
         "/budget_terms/funders/1/funder", "twice"),
        ({"funder": "B", "funders": [{"funder": "A", "share_bps": 10_000}]},
         "/budget_terms/funders", "one_of_two"),
    ],
)  # fmt: skip
def test_shares_that_do_not_hold_together(
    shop: Shop, terms: dict[str, Any], where: str, code: str
) -> None:
    body = {"code": "x", "kind": "percent_off", "params": {"bps": 1}, "budget_terms": terms}
    answer = shop.api.post("/offers", body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (where, code)


def test_a_cap_is_taken_off_again(shop: Shop) -> None:
    make_offer(shop, code="a", budget_terms={"funder": "Acme"})
    first = cap(shop, "Acme", 0)
    assert [one["type"] for one in first["effects"]] == ["funder.cap_changed"]
    assert amounts(quoted(shop)) == {}
    assert cap(shop, "Acme", 0)["effects"] == []
    cap(shop, "Acme", None)
    assert amounts(quoted(shop)) == {"a": 1_000}
    (found,) = shop.api.get("/funders").json()["data"]
    assert (found["cap"], found["taken"], found["passed"]) == (None, None, False)


def test_the_console_has_the_same(shop: Shop) -> None:
    make_offer(shop, code="a", name="Tenth", budget_terms={"funder": "Acme"})
    analyst: ApiClient = console(make_staff(shop.merchant, "analyst"))
    (found,) = analyst.get("/funders").json()["data"]
    assert found["offers"] == [{"code": "a", "name": "Tenth", "share_bps": 10_000}]
    assert analyst.get("/funder-statement?funder=Acme").status_code == 200
    assert analyst.put("/funders/Acme", {"cap": 5_000}).status_code == 403
