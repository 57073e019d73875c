"""Standings over time: statements, reviews, floors, and everybody at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from makers.orders import DAY, Shop, buy, changed, enrol, give_back, make_shop, uuid
from regulars.infra.models import OutboxRow
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.periods import program_day
from regulars.modules.programmes import services as programmes
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.statements import statement
from regulars.modules.tiers import queries
from regulars.modules.tiers.models import Standing, TierChange
from regulars.modules.tiers.services import Board, set_floor

KEPT = changed(
    "shop",
    tiers__ladder=[
        {
            "code": code, "name": {"en": code.title(), "zh-hans": zh, "zh-hant": zh},
            "from": start, "keep_from": keep,
        }
        for code, zh, start, keep in (
            ("basic", "普通", 0, None), ("silver", "银卡", 50_000, 40_000),
            ("gold", "金卡", 200_000, 180_000),
        )
    ],
    earning__points={"pending_days": 0, "expiry": {"kind": "never", "count": 0}},
)  # fmt: skip


def board(shop: Shop) -> Board:
    programme = programme_at(shop.merchant_id, shop.now)
    return Board(shop.merchant_id, programme.ladder, programme.number, ZoneInfo(shop.merchant.zone))


def floor(shop: Shop, member: str, tier: str, days: int = 30) -> list[Any]:
    until = (shop.now + days * DAY).date()
    return set_floor(
        board(shop), member_id=uuid(member), tier=tier, until=until, reason="vip", now=shop.now
    )


# ── one member ────────────────────────────────────────────────────────────────────────────


def test_a_statement_tells_all_that_is_asked() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    order = buy(shop, member, 60_000)
    told = shop.tier(member)
    assert {name: told[name] for name in told if name not in ("history", "ladder")} == {
        "tier": {"code": "silver", "name": "Silver"},
        "counter": {"name": "spend", "value": 60_000},
        "window": {"span": "months", "count": 12, "from": "2025-03-11", "until": "2026-03-10"},
        "next": {"code": "gold", "name": "Gold"},
        "threshold_next": 200_000,
        "gap": 140_000,
        "gap_money_minor": 140_000,
        "keep_until": "2027-03-10",
        "keep_from": 40_000,
        "keep_gap": 40_000,
        "grace_until": None,
        "floor": None,
    }
    assert told["ladder"][2] == {"code": "gold", "name": "Gold", "from": 200_000}
    assert told["history"] == [
        {
            "at": "2026-03-10T12:00:00Z", "from": "basic", "to": "silver", "reason": "reached",
            "counter": 60_000, "threshold": 50_000, "cause": {"type": "order", "id": order["id"]},
        }
    ]  # fmt: skip


def test_names_are_in_the_language_asked_for() -> None:
    shop = make_shop(KEPT, locale="zh-hans")
    member = enrol(shop)
    assert shop.tier(member)["tier"]["name"] == "普通"
    told = statement(shop.merchant, uuid(member), shop.now, locale="en")
    assert told["tier"]["name"] == "Basic"


def test_who_never_bought_stands_on_the_first_rung() -> None:
    shop = make_shop()
    told = shop.tier(enrol(shop))
    assert (told["tier"]["code"], told["gap"], told["gap_money_minor"]) == ("basic", 1_000, 100_000)
    assert told["history"] == []
    with pytest.raises(NotFound):
        statement(shop.merchant, new_id(), shop.now)


def test_a_statement_is_right_while_the_jobs_are_late() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    buy(shop, member, 210_000)
    shop.move(timedelta(days=365 + 31), due=False)
    late = shop.tier(member)
    assert Standing.objects.of(shop.merchant_id).get().tier == "gold", "nothing is written"
    assert (late["tier"]["code"], late["history"][0]["reason"]) == ("silver", "not_kept")
    programmes.run_due(shop.merchant_id, shop.now)
    on_time = shop.tier(member)
    assert Standing.objects.of(shop.merchant_id).get().tier == "silver"
    assert late == on_time


def test_a_statement_under_a_new_programme_needs_no_job_either() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    buy(shop, member, 60_000)
    ladder = KEPT["tiers"]["ladder"][:2]
    easier = changed(
        "shop", tiers__ladder=ladder, tiers__keep={"mode": "follow"}, earning=KEPT["earning"]
    )
    easier["earning"]["points"]["tier_bps"] = {}
    easier["tiers"]["ladder"][1].update({"from": 60_001, "keep_from": None})
    programmes.put_programme(
        merchant_id=shop.merchant_id, document=easier, effective_at=shop.now, now=shop.now, by="t"
    )
    told = shop.tier(member)
    assert (told["tier"]["code"], told["history"][0]["reason"]) == ("basic", "programme")
    programmes.run_due(shop.merchant_id, shop.now)
    assert shop.tier(member) == told
    assert shop.faults() == []


def test_reviews_run_twice_do_nothing_twice() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    buy(shop, member, 210_000)
    shop.move(800 * DAY)
    steps = TierChange.objects.of(shop.merchant_id).count()
    events = OutboxRow.objects.filter(merchant_id=shop.merchant_id).count()
    programmes.run_due(shop.merchant_id, shop.now)
    assert TierChange.objects.of(shop.merchant_id).count() == steps
    assert OutboxRow.objects.filter(merchant_id=shop.merchant_id).count() == events
    assert shop.tier(member)["tier"]["code"] == "basic"
    assert shop.faults() == []


def test_a_refund_is_held_to_the_review_and_then_told() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    order = buy(shop, member, 60_000, 150_000)
    give_back(shop, order, (2, 1))
    told = shop.tier(member)
    assert (told["tier"]["code"], told["counter"]["value"]) == ("gold", 60_000)
    assert told["floor"] == {"tier": "gold", "until": "2027-03-10", "reason": "held_to_review"}
    assert (told["keep_from"], told["keep_gap"]) == (200_000, 140_000)
    shop.move(400 * DAY)
    assert "floor_ended" in [move["reason"] for move in shop.tier(member)["history"]]
    assert shop.tier(member)["tier"]["code"] == "basic"
    assert shop.faults() == []


# ── floors ────────────────────────────────────────────────────────────────────────────────


def test_a_floor_lifts_is_told_and_ends() -> None:
    shop = make_shop()
    member = enrol(shop)
    buy(shop, member, 30_000)
    (event,) = floor(shop, member, "gold")
    assert (event.topic, event.counter) == ("tier.upgraded", 300)
    told = shop.tier(member)
    assert told["tier"]["code"] == "gold"
    assert told["floor"] == {"tier": "gold", "until": "2026-04-08", "reason": "vip"}
    assert told["history"][0]["cause"] == {"type": "floor", "id": "2026-04-09"}
    shop.move(29 * DAY)
    assert shop.tier(member)["tier"]["code"] == "gold"
    shop.move(DAY)
    told = shop.tier(member)
    assert (told["tier"]["code"], told["floor"]) == ("basic", None)
    assert told["history"][0]["reason"] == "floor_ended"
    told_events = OutboxRow.objects.filter(merchant_id=shop.merchant_id).values_list("events")
    assert any("tier.downgraded" in events for (events,) in told_events)


def test_a_floor_for_who_never_bought_and_one_that_lifts_nobody() -> None:
    shop = make_shop()
    member = enrol(shop)
    assert floor(shop, member, "basic") == []
    assert len(floor(shop, member, "silver")) == 1
    buy(shop, member, 100_000)
    assert shop.tier(member)["tier"]["code"] == "silver"


@pytest.mark.parametrize(
    ("tier", "days", "code"), [("iron", 9, "unknown_tier"), ("gold", 0, "in_the_past")]
)
def test_floors_that_do_not_fit(tier: str, days: int, code: str) -> None:
    shop = make_shop()
    member = enrol(shop)
    with pytest.raises(Invalid) as refusal:
        floor(shop, member, tier, days)
    assert [error.code for error in refusal.value.errors] == [code]
    assert not Standing.objects.of(shop.merchant_id).exists()


def test_a_floor_set_before_the_job_does_not_hide_a_new_programme() -> None:
    shop = make_shop(KEPT)
    member = enrol(shop)
    buy(shop, member, 60_000)
    easier = changed("shop", tiers__ladder=KEPT["tiers"]["ladder"])
    easier["tiers"]["ladder"][2].update({"from": 60_000, "keep_from": 50_000})
    programmes.put_programme(
        merchant_id=shop.merchant_id, document=easier, effective_at=shop.now, now=shop.now, by="t"
    )
    floor(shop, member, "silver")
    programmes.run_due(shop.merchant_id, shop.now)
    assert shop.tier(member)["tier"]["code"] == "gold"
    assert shop.faults() == []


# ── everybody ─────────────────────────────────────────────────────────────────────────────


def people(shop: Shop) -> dict[str, str]:
    """One on each rung by what counts, one lifted by a floor, one who never bought."""
    found = {name: enrol(shop) for name in ("basic", "silver", "gold", "lifted", "never")}
    for name, net in (("basic", 100), ("silver", 60_000), ("gold", 210_000), ("lifted", 100)):
        buy(shop, found[name], net)
    floor(shop, found["lifted"], "gold", 30)
    return found


def test_how_many_stand_where() -> None:
    shop = make_shop(KEPT)
    people(shop)
    ladder = board(shop).ladder
    day = shop.now.date()
    assert queries.members_by_tier(shop.merchant_id, ladder=ladder, day=day) == {
        "basic": 2, "silver": 1, "gold": 2,
    }  # fmt: skip
    after = day + timedelta(days=30)
    assert queries.members_by_tier(shop.merchant_id, ladder=ladder, day=after)["gold"] == 1


def test_the_tier_of_each_of_some() -> None:
    shop = make_shop(KEPT)
    found = people(shop)
    ids = [uuid(member) for member in found.values()]
    tiers = queries.tiers_of(shop.merchant_id, ids, ladder=board(shop).ladder, day=shop.now.date())
    assert [tiers[one].code for one in ids] == ["basic", "silver", "gold", "gold", "basic"]


def test_who_is_about_to_drop_and_who_moved() -> None:
    shop = make_shop(KEPT)
    found = people(shop)
    kept = enrol(shop)
    buy(shop, kept, 60_000)
    shop.move(300 * DAY)
    buy(shop, kept, 45_000)
    shop.move(40 * DAY)
    on = board(shop)
    day = program_day(shop.now, on.zone)
    risk = queries.at_risk(shop.merchant_id, ladder=on.ladder, zone=on.zone, day=day)
    assert set(risk) == {uuid(found["silver"]), uuid(found["gold"])}
    moves = queries.moves_since(shop.merchant_id, shop.now - 350 * DAY)
    assert ("basic", "silver", 2) in moves
    assert ("basic", "gold", 2) in moves
    assert queries.moves_since(shop.merchant_id, shop.now + DAY) == []


def test_who_left_is_not_warned_and_their_tier_goes_its_way() -> None:
    shop = make_shop(KEPT)
    there, gone, warned = (enrol(shop) for _ in range(3))
    for member in (there, gone, warned):
        buy(shop, member, 60_000)

    def leaves(member: str) -> None:
        assert shop.api.post(f"/members/{member}/leave", {"channel": "till"}).status_code == 200

    def told(topic: str) -> set[str]:
        rows = OutboxRow.objects.filter(merchant_id=shop.merchant_id)
        events = [event for row in rows for event in json.loads(row.events)]
        return {show("mem", UUID(one["member_id"])) for one in events if one["topic"] == topic}

    shop.move(300 * DAY)
    leaves(gone)
    shop.move(40 * DAY)
    assert told("tier.at_risk") == {there, warned}
    leaves(warned)
    on = board(shop)
    day = program_day(shop.now, on.zone)
    risk = queries.at_risk(shop.merchant_id, ladder=on.ladder, zone=on.zone, day=day)
    assert risk == [uuid(there)]
    shop.move(100 * DAY)
    assert told("tier.downgraded") == {there, gone, warned}


def test_another_merchants_members_are_nobodys_business() -> None:
    shop, other = make_shop(KEPT), make_shop(KEPT)
    people(shop)
    ladder = board(other).ladder
    assert queries.members_by_tier(other.merchant_id, ladder=ladder, day=other.now.date()) == {
        "basic": 0, "silver": 0, "gold": 0,
    }  # fmt: skip
    assert queries.moves_since(other.merchant_id, other.now - 99 * DAY) == []
    assert queries.at_risk(
        other.merchant_id, ladder=ladder, zone=ZoneInfo("UTC"), day=other.now.date()
    ) == []  # fmt: skip
    assert isinstance(uuid(enrol(other)), UUID)
