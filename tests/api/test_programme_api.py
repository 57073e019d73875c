"""The programme over HTTP: read, published in versions, looked at before."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from makers.orders import (
    DAY,
    NO_INTEGERS,
    buy,
    changed,
    enrol,
    make_shop,
    staff,
    traces,
    with_raw,
)
from regulars.modules.programmes.templates import template

MARK = 123_456_789


def test_what_is_read_can_be_published_again() -> None:
    shop = make_shop()
    read = shop.api.get("/programme").json()
    assert (read["current"]["number"], read["upcoming"], read["past"]) == (1, [], [])
    document = read["current"]["document"]
    put = shop.api.put("/programme", {"document": document, "effective_at": "2026-03-11T00:00:00Z"})
    assert put.status_code == 200
    assert put.json() == {
        "number": 2, "effective_at": "2026-03-11T00:00:00Z", "document": document,
        "created_by": put.json()["created_by"],
        "effects": [
            {"type": "programme.published", "number": 2, "effective_at": "2026-03-11T00:00:00Z"}
        ],
    }  # fmt: skip
    assert put.json()["created_by"].startswith("key:")
    read = shop.api.get("/programme").json()
    assert [one["number"] for one in read["upcoming"]] == [2]
    assert read["upcoming"][0]["document"] == document
    shop.move(DAY)
    read = shop.api.get("/programme").json()
    assert (read["current"]["number"], read["upcoming"]) == (2, [])
    assert [one["number"] for one in read["past"]] == [1]


def test_without_an_instant_it_holds_from_now_on() -> None:
    shop = make_shop()
    member = enrol(shop)
    put = shop.api.put("/programme", {"document": changed("plain", earning__points={"amount": 3})})
    assert put.json()["effective_at"] == "2026-03-10T12:00:00Z"
    assert buy(shop, member, 10_000)["points"] == 300
    a_moment_ago = {"document": template("plain"), "effective_at": "2026-03-10T11:59:00Z"}
    assert shop.api.put("/programme", a_moment_ago).json()["effective_at"] == "2026-03-10T12:00:00Z"


def test_the_same_key_the_same_version() -> None:
    shop = make_shop()
    body = {"document": template("shop"), "effective_at": "2026-04-01T00:00:00Z"}
    first = shop.api.put("/programme", body, key="k")
    replay = shop.api.put("/programme", body, key="k")
    assert replay.content == first.content
    assert replay["Idempotent-Replayed"] == "true"
    other = shop.api.put("/programme", {"document": template("shop")}, key="k")
    assert other.json()["code"] == "idempotency_key_reused"
    assert shop.api.put("/programme", body, key="").status_code == 400
    assert len(shop.api.get("/programme").json()["upcoming"]) == 1


def with_change(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(template("plain"))
    *way, last = path.split("/")
    place: Any = document
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("tiers/counter", "visits"),
        ("tiers/ladder", []),
        ("tiers/ladder/0/from", 1),
        ("tiers/ladder/1/from", 5_000),
        ("tiers/ladder/1/code", "basic"),
        ("tiers/ladder/1/code", "Silver!"),
        ("tiers/ladder/1/keep_from", 1_001),
        ("tiers/ladder/1/name", "Silver"),
        ("tiers/ladder/1/name/en", ""),
        ("tiers/window/count", 0),
        ("tiers/keep/mode", "always"),
        ("tiers/crossing", "split"),
        ("earning/points/per_minor", 0),
        ("earning/points/tier_bps", {"iron": 10_000}),
        ("earning/points/expiry", {"kind": "days"}),
        ("earning/points/rates", [{"name": "x", "bps": -1}]),
        ("earning/points/rates", [{"name": "x", "bps": 1, "weekdays": [8]}]),
        ("earning/points/rates", [{"name": "x", "bps": 1, "from_day": "soon"}]),
        ("earning/growth_value/expiry", {"kind": "days", "count": 5}),
    ],
    ids=str,
)
def test_a_document_that_does_not_hold_together_leaves_no_trace(path: str, value: Any) -> None:
    shop = make_shop()
    before = traces(shop)
    answer = shop.api.put("/programme", {"document": with_change(path, value)})
    assert answer.status_code == 422, answer.content
    assert all(e["pointer"].startswith("/document") for e in answer.json()["errors"])
    assert traces(shop) == before


@pytest.mark.parametrize("why", NO_INTEGERS)
@pytest.mark.parametrize(
    "path", ["earning/points/per_minor", "tiers/ladder/1/from", "earning/points/tier_bps/silver"]
)
def test_numbers_are_whole_numbers(path: str, why: str) -> None:
    shop = make_shop()
    document = with_change("earning/points/tier_bps", {"silver": 1})
    *way, last = path.split("/")
    place: Any = document
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = MARK
    before = traces(shop)
    raw = with_raw({"document": document}, MARK, NO_INTEGERS[why])
    assert shop.api.put("/programme", raw).status_code == 422
    assert traces(shop) == before


@pytest.mark.parametrize("at", ["2026-03-10T11:54:59Z", "2020-01-01T00:00:00Z", "soon", 5])
def test_the_past_is_refused(at: Any) -> None:
    shop = make_shop()
    body = {"document": template("plain"), "effective_at": at}
    answer = shop.api.put("/programme", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/effective_at")


def test_each_merchant_has_a_programme_of_their_own() -> None:
    shop, other = make_shop(), make_shop("grocery")
    shop.api.put("/programme", {"document": changed("plain", name="mine")})
    assert other.api.get("/programme").json()["current"]["document"]["name"] == "grocery"


# ── console ───────────────────────────────────────────────────────────────────────────────


def test_the_console_has_what_its_form_is_drawn_from() -> None:
    shop = make_shop()
    told = staff(shop).get("/programme").json()
    assert told["current"]["number"] == 1
    assert {one["name"] for one in told["templates"]} >= {"plain", "shop", "grocery"}
    assert told["schema"]["$defs"]["TierPart"]["properties"]["from"]["type"] == "integer"
    put = staff(shop).put("/programme", {"document": template("shop")})
    assert put.json()["created_by"].startswith("staff:")
    told = staff(shop).get("/programme").json()
    assert told["past"] == [
        {"number": 1, "effective_at": "1970-01-01T00:00:00Z", "created_by": "template:plain"}
    ]


def test_the_preview_tells_who_would_move_and_writes_nothing() -> None:
    shop = make_shop()
    for net in (50_000, 120_000):
        buy(shop, enrol(shop), net)
    draft = changed("plain", tiers__ladder=template("plain")["tiers"]["ladder"][:2])
    draft["tiers"]["ladder"][1]["from"] = 400
    manager = staff(shop)
    before = traces(shop)
    told = manager.post("/programme/preview", {"document": draft}, key="").json()
    assert told == {
        "tiers": [
            {"code": "basic", "members_now": 1, "members_then": 0},
            {"code": "silver", "members_now": 1, "members_then": 2},
            {"code": "gold", "members_now": 0, "members_then": 0},
            {"code": "diamond", "members_now": 0, "members_then": 0},
        ],
        "moves": {"up": 1, "down": 0, "same": 1},
    }
    assert manager.post("/programme/preview", {"document": {}}, key="").status_code == 422
    assert traces(shop) == before


@pytest.mark.parametrize(("role", "status"), [("analyst", 403), ("cashier", 403), ("owner", 200)])
def test_who_may_publish(role: str, status: int) -> None:
    shop = make_shop()
    person = staff(shop, role)
    assert person.get("/programme").status_code == 200
    assert person.put("/programme", {"document": template("shop")}).status_code == status
