"""Tiers over HTTP: a member's statement, the ladder with everybody on it, floors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from makers.orders import DAY, NOON, buy, changed, enrol, give_back, make_shop, staff, traces
from regulars.kernel.ids import new_id, show
from regulars.modules.programmes.templates import template

FLOOR = {"tier": "gold", "until": "2026-04-30", "reason": "a regular of twenty years"}


def test_a_statement_over_http() -> None:
    shop = make_shop(currency="CNY", locale="zh-hans")
    member = enrol(shop)
    order = buy(shop, member, 120_099)
    told = shop.api.get(f"/members/{member}/tier").json()
    assert told["tier"] == {"code": "silver", "name": "银卡会员"}
    assert told["counter"] == {"name": "growth_value", "value": 1_200}
    assert told["window"] == {"span": "lifetime", "count": 1, "from": None, "until": None}
    assert (told["threshold_next"], told["gap"], told["gap_money_minor"]) == (5_000, 3_800, 380_000)
    assert (told["keep_until"], told["keep_gap"]) == (None, None)
    assert told["history"][0]["cause"] == {"type": "order", "id": order["id"]}
    give_back(shop, order, (1, 1))
    told = shop.api.get(f"/members/{member}/tier").json()
    assert (told["tier"]["code"], told["counter"]["value"]) == ("basic", 0)
    assert [move["to"] for move in told["history"]] == ["basic", "silver"]


def test_the_plain_ladder_to_the_unit() -> None:
    shop = make_shop()
    for net, code in (
        (99_999, "basic"), (100_000, "silver"), (499_999, "silver"), (500_000, "gold"),
        (1_999_999, "gold"), (2_000_000, "diamond"),
    ):  # fmt: skip
        member = enrol(shop)
        buy(shop, member, net)
        assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == code, net


def test_a_statement_is_as_of_the_day_though_no_job_ran() -> None:
    ladder = template("plain")["tiers"]["ladder"][:2]
    shop = make_shop(
        changed("plain", tiers__ladder=ladder, tiers__window={"span": "days", "count": 10})
    )
    member = enrol(shop)
    buy(shop, member, 100_000)
    shop.move(9 * DAY, due=False)
    assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == "silver"
    shop.move(DAY, due=False)
    told = shop.api.get(f"/members/{member}/tier").json()
    assert (told["tier"]["code"], told["window"]["from"]) == ("basic", "2026-03-11")
    assert told["history"][0]["reason"] == "recounted"


def test_another_merchants_member_is_as_one_that_never_was() -> None:
    shop, other = make_shop(), make_shop()
    theirs = enrol(other)
    answers = [
        shop.api.get(f"/members/{id_}/tier") for id_ in (theirs, show("mem", new_id()), "mem_1")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


# ── console ───────────────────────────────────────────────────────────────────────────────


def test_the_ladder_with_everybody_on_it() -> None:
    shop = make_shop("grocery")
    for net in (10_000, 60_000, 130_000):
        buy(shop, enrol(shop), net)
    enrol(shop)
    told = staff(shop).get("/tiers").json()
    shown = ("code", "from", "points_bps", "members")
    assert [tuple(rung[name] for name in shown) for rung in told["ladder"]] == [
        ("basic", 0, 10_000, 2), ("silver", 500, 12_000, 1), ("gold", 1_200, 15_000, 1),
        ("diamond", 2_500, 20_000, 0),
    ]  # fmt: skip
    assert told["ladder"][1]["benefits"][0]["name"] == "1.2 times the points"
    names = [
        staff(shop).get("/tiers", **{"Accept-Language": tag}).json()["ladder"][1]["name"]
        for tag in ("zh-TW", "zh-CN", "en")
    ]
    assert names == ["銀卡會員", "银卡会员", "Silver"], "in the language of whoever looks"
    assert told["counter"] == "growth_value"
    assert told["window"] == {
        "span": "months", "count": 6, "from": "2025-09-11", "until": "2026-03-10",
    }  # fmt: skip
    assert told["keep"]["grace_days"] == 30
    assert told["at_risk"] == {"count": 0}
    assert told["moves"] == [
        {"from": "basic", "to": "gold", "members": 1},
        {"from": "basic", "to": "silver", "members": 1},
    ]
    # Held to the end of 30 September; the review warns 30 days before.
    shop.move(timedelta(days=(NOON.replace(month=9, day=1) - NOON).days))
    assert staff(shop).get("/tiers").json()["at_risk"] == {"count": 2}


def test_a_floor_over_http() -> None:
    shop = make_shop()
    member = enrol(shop)
    manager = staff(shop)
    path = f"/members/{member}/floor"
    first = manager.post(path, FLOOR, key="k")
    replay = manager.post(path, FLOOR, key="k")
    assert first.status_code == 200
    assert (replay.content, replay["Idempotent-Replayed"]) == (first.content, "true")
    told = first.json()
    assert told["tier"]["tier"]["code"] == "gold"
    assert told["tier"]["floor"] == {name: FLOOR[name] for name in ("tier", "until", "reason")}
    assert told["effects"][0]["type"] == "tier.upgraded"
    other = manager.post(path, {**FLOOR, "tier": "silver"}, key="k")
    assert other.json()["code"] == "idempotency_key_reused"
    shop.move(timedelta(days=51))
    assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == "gold", "30 April"
    shop.move(timedelta(hours=12))
    assert shop.api.get(f"/members/{member}/tier").json()["tier"]["code"] == "basic"


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "iron"}, {"tier": 1}, {"until": "2026-03-09"}, {"until": "2026-02-30"},
        {"until": 5}, {"reason": ""}, {"reason": "x" * 201}, {"x": 1},
    ],
    ids=str,
)  # fmt: skip
def test_floors_that_are_refused_leave_no_trace(change: dict[str, Any]) -> None:
    shop = make_shop()
    path = f"/members/{enrol(shop)}/floor"
    manager = staff(shop)
    before = traces(shop)
    assert manager.post(path, {**FLOOR, **change}).status_code == 422
    assert manager.post(path, FLOOR, key="").status_code == 400
    assert traces(shop) == before


def test_floors_are_for_who_may_and_for_ones_own_members() -> None:
    shop, other = make_shop(), make_shop()
    member, theirs = enrol(shop), enrol(other)
    assert staff(shop, "cashier").post(f"/members/{member}/floor", FLOOR).status_code == 403
    manager = staff(shop)
    foreign = manager.post(f"/members/{theirs}/floor", FLOOR)
    unknown = manager.post(f"/members/{show('mem', new_id())}/floor", FLOOR)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)


def test_a_floor_today_holds_today() -> None:
    shop = make_shop()
    member = enrol(shop)
    staff(shop).post(f"/members/{member}/floor", {**FLOOR, "until": "2026-03-10"})
    assert shop.tier(member)["tier"]["code"] == "gold"
    shop.move(DAY)
    assert shop.tier(member)["tier"]["code"] == "basic"
