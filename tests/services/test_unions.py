"""Two records of one person become one and apart again, and nothing is lost or made on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from makers.orders import (
    DAY,
    HOUR,
    Shop,
    asked,
    buy,
    changed,
    enrol,
    give_back,
    make_shop,
    uuid,
)
from makers.threads import at_once, refusals
from regulars.infra.db import is_postgres, retrying
from regulars.kernel.errors import Invalid, NotFound, Refusal
from regulars.kernel.ids import new_id, parse, show
from regulars.modules.ledger import services as ledger
from regulars.modules.ledger.gather import Purses
from regulars.modules.ledger.types import ASSETS, GROWTH_VALUE, POINTS
from regulars.modules.members.models import Consent, Identity, Member
from regulars.modules.orders import grouped, placing
from regulars.modules.orders import services as orders
from regulars.modules.programmes import services as programmes
from regulars.modules.tiers.models import Standing, TierChange
from regulars.modules.tiers.services import Board, set_floor
from regulars.modules.unions import services as unions
from regulars.modules.unions.errors import AlreadyMerged, AlreadyUndone, MergedFurther
from regulars.modules.unions.models import Merge

#: Points that wait and expire, tiers that are held for a period.
BUSY = changed(
    "shop",
    tiers__counter="growth_value",
    tiers__window={"span": "months", "count": 12},
    tiers__ladder=[
        {"code": code, "name": {"en": code, "zh-hans": code, "zh-hant": code}, "from": start}
        for code, start in (("basic", 0), ("silver", 300), ("gold", 900))
    ],
    earning__points={"pending_days": 3, "expiry": {"kind": "days", "count": 20}, "tier_bps": {}},
)
#: The same, with points at once.
BRISK = changed(
    "shop",
    tiers=BUSY["tiers"],
    earning__points={
        "pending_days": 0, "expiry": {"kind": "days", "count": 20}, "tier_bps": {},
    },
)  # fmt: skip


def merge(shop: Shop, into: str, source: str) -> unions.Done:
    with transaction.atomic():
        return unions.merge(shop.scope, into=uuid(into), source=uuid(source))


def undo(shop: Shop, done: unions.Done) -> unions.Done:
    with transaction.atomic():
        return unions.undo(shop.scope, done.merge_id)


def purse_of(shop: Shop, member: str, asset: int) -> Mapping[str, Any]:
    """What a purse holds, however its lots are cut and numbered."""
    purse = Purses(shop.merchant_id, [uuid(member)]).of(uuid(member), asset)
    lots: Counter[tuple[Any, ...]] = Counter()
    pinned: Counter[tuple[Any, ...]] = Counter()
    for lot in purse.lots.values():
        like = (lot.cause_id, lot.earned_at, lot.expires_at)
        lots[like] += lot.remaining
        pinned[like] += lot.held
    return {
        "sums": (purse.balance, purse.held, purse.pending, purse.debt),
        "lots": dict(lots),
        "pinned": +pinned,
        "promises": Counter(
            (p.cause_id, p.earned_at, p.available_at, p.expires_at, p.amount)
            for p in purse.pendings.values()
        ),
        "holds": {h.id: (h.amount, h.expires_at, h.created_at) for h in purse.holds.values()},
    }


def as_they_are(shop: Shop, *members: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member in members:
        row = Member.objects.of(shop.merchant_id).get(id=uuid(member))
        tier = {name: part for name, part in shop.tier(member).items() if name != "history"}
        found[member] = {
            "purses": [purse_of(shop, member, asset) for asset in ASSETS],
            "tier": tier,
            "identities": set(
                Identity.objects.of(shop.merchant_id)
                .filter(member_id=uuid(member))
                .values_list("type", "key")
            ),
            "row": (row.status, row.joined_at, row.merged_into, bool(row.name_sealed)),
        }
    return found


def net(shop: Shop, *members: str) -> tuple[int, ...]:
    """Held, promised and owed of each asset by all of them: no merge changes that."""
    sums = [
        Purses(shop.merchant_id, [uuid(member)]).of(uuid(member), asset)
        for member in members
        for asset in ASSETS
    ]
    return tuple(
        sum(p.balance + p.pending - p.debt for p in sums if p.asset == asset) for asset in ASSETS
    )


def adjust(shop: Shop, member: str, amount: int) -> None:
    ledger.adjust(
        merchant_id=shop.merchant_id, member_id=uuid(member), amount=amount, reason="test",
        now=shop.now,
    )  # fmt: skip


def hold(shop: Shop, member: str, amount: int, *, seconds: int = 10**7) -> UUID:
    view, _ = ledger.hold(
        merchant_id=shop.merchant_id, member_id=uuid(member), amount=amount,
        expires_in_seconds=seconds, now=shop.now,
    )  # fmt: skip
    found = parse("hold", view.id)
    assert found is not None
    return found


# ── what moves ────────────────────────────────────────────────────────────────────────────


def test_everything_is_theirs_who_carries_on() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    buy(shop, into, 60_000)
    buy(shop, source, 50_000)
    adjust(shop, source, 7)

    done = merge(shop, into, source)

    assert shop.balance(into).available == 600 + 500 + 7
    assert shop.balance(source) == shop.balance(into), "asked by the old id, answered as one"
    assert purse_of(shop, source, POINTS)["sums"] == (0, 0, 0, 0)
    assert shop.balance(into, "growth_value").posted == 1_100
    assert shop.tier(into)["tier"]["code"] == "silver", "1,100 together, neither alone"
    assert shop.tier(source)["tier"]["code"] == "silver"
    told = [event.topic for event in done.events]
    assert told[0] == "member.merged"
    assert "tier.upgraded" in told
    assert shop.faults() == []


def test_lots_keep_when_they_were_earned_and_when_they_expire() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, into, 10_000)
    shop.move(5 * DAY)
    buy(shop, source, 20_000)
    theirs = purse_of(shop, source, POINTS)["lots"]

    merge(shop, into, source)

    assert theirs.items() <= purse_of(shop, into, POINTS)["lots"].items()
    amounts = [one.amount for one in shop.balance(into).expiring]
    assert amounts == [100, 200]
    shop.move(16 * DAY)
    assert shop.balance(into).available == 200, "the older expired on its own day"
    shop.move(5 * DAY)
    assert shop.balance(into).available == 0
    assert shop.faults() == []


def test_a_refund_finds_the_lots_of_its_order_after_a_merge() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, into, 10_000)
    order = buy(shop, source, 20_000)
    merge(shop, into, source)

    answer = give_back(shop, order, (1, 1)).json()

    assert answer["taken_back"] == {"points": 200, "growth_value": 200}
    assert answer["debt"] == 0
    assert shop.balance(into).available == 100
    assert purse_of(shop, into, POINTS)["lots"].keys() != set()
    assert shop.faults() == []


def test_what_expired_before_a_merge_is_not_asked_for_again() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    order = buy(shop, source, 20_000)
    shop.move(21 * DAY)
    buy(shop, into, 10_000)
    assert shop.balance(source).available == 0
    merge(shop, into, source)

    preview = shop.api.post(
        f"/orders/{order['id']}/refunds/preview", {"lines": [{"line": 1, "quantity": 1}]}, key=""
    ).json()
    answer = give_back(shop, order, (1, 1)).json()

    assert (preview["taken_back"], preview["debt"]) == (answer["taken_back"], answer["debt"])
    assert answer["taken_back"]["points"] == 0, "time took them"
    assert answer["debt"] == 0
    assert shop.balance(into).available == 100
    assert shop.faults() == []


def test_open_holds_go_along_and_can_be_captured() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 20_000)
    first, second = hold(shop, source, 50), hold(shop, source, 30)

    merge(shop, into, source)

    assert shop.balance(into).held == 80
    assert shop.balance(into).available == 120
    ledger.capture(merchant_id=shop.merchant_id, hold_id=first, now=shop.now)
    ledger.release(merchant_id=shop.merchant_id, hold_id=second, now=shop.now)
    assert shop.balance(into).posted == 150
    assert shop.balance(into).held == 0
    assert shop.faults() == []


def test_promises_become_real_where_they_went() -> None:
    shop = make_shop(BUSY)
    into, source = enrol(shop), enrol(shop)
    order = buy(shop, source, 20_000)
    assert shop.balance(source).pending == 200

    merge(shop, into, source)
    assert shop.balance(into).pending == 200
    shop.move(4 * DAY)

    assert (shop.balance(into).pending, shop.balance(into).available) == (0, 200)
    assert give_back(shop, order, (1, 1)).json()["taken_back"]["points"] == 200
    assert shop.faults() == []


def test_a_debt_goes_along_and_is_repaid_by_what_the_other_has() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    order = buy(shop, source, 20_000)
    adjust(shop, source, -150)
    give_back(shop, order, (1, 1))
    assert shop.balance(source).debt == 150
    buy(shop, into, 40_000)
    before = net(shop, into, source)

    merge(shop, into, source)

    assert (shop.balance(into).available, shop.balance(into).debt) == (250, 0)
    assert net(shop, into, source) == before
    assert shop.faults() == []


# ── people ────────────────────────────────────────────────────────────────────────────────


def test_identities_find_who_carries_on_and_orders_keep_their_record() -> None:
    shop = make_shop()
    phone = {"type": "phone", "value": "+8613800138000"}
    into, source = enrol(shop), enrol(shop, identities=[phone], name="Mei")
    merge(shop, into, source)

    by_phone = buy(shop, None, 10_000, identity=phone)
    by_old_id = buy(shop, source, 20_000)

    assert by_phone["member_id"] == into
    assert by_old_id["member_id"] == source
    assert shop.balance(into).available == 300
    found = shop.api.post("/members", {"identities": [phone]}).json()
    assert found["id"] == into
    told = shop.api.get(f"/members/{source}").json()
    assert (told["status"], told["merged_into"]) == ("merged", into)
    own = Member.objects.of(shop.merchant_id).get(id=uuid(into))
    assert own.name_sealed, "the name comes along where there was none"


def test_the_earlier_of_two_days_is_when_they_joined() -> None:
    shop = make_shop()
    into = enrol(shop, joined_at="2026-02-01T00:00:00Z")
    source = enrol(shop, joined_at="2025-02-01T00:00:00Z")
    done = merge(shop, into, source)
    assert shop.api.get(f"/members/{into}").json()["joined_at"] == "2025-02-01T00:00:00Z"
    undo(shop, done)
    assert shop.api.get(f"/members/{into}").json()["joined_at"] == "2026-02-01T00:00:00Z"


def test_merges_undone_out_of_turn_leave_each_as_they_were() -> None:
    shop = make_shop()
    into = enrol(shop, joined_at="2026-02-01T00:00:00Z")
    one = enrol(shop, joined_at="2025-02-01T00:00:00Z")
    other = enrol(shop, joined_at="2024-02-01T00:00:00Z")
    before = as_they_are(shop, into, one, other)
    first, second = merge(shop, into, one), merge(shop, into, other)
    undo(shop, first)
    assert shop.api.get(f"/members/{into}").json()["joined_at"] == "2024-02-01T00:00:00Z"
    undo(shop, second)
    assert as_they_are(shop, into, one, other) == before


def test_the_strictest_word_on_a_consent_counts_until_the_merge_is_undone() -> None:
    shop = make_shop()

    def consents(*words: tuple[str, bool]) -> list[dict[str, Any]]:
        return [{"purpose": purpose, "granted": granted} for purpose, granted in words]

    into = enrol(shop, consents=consents(("sms", True), ("email", True), ("profiling", False)))
    source = enrol(shop, consents=consents(("sms", False), ("profiling", True), ("mail", True)))
    done = merge(shop, into, source)

    assert latest(shop, into) == {"sms": False, "email": True, "profiling": False}
    undo(shop, done)
    assert latest(shop, into) == {"sms": True, "email": True, "profiling": False}
    assert latest(shop, source) == {"sms": False, "profiling": True, "mail": True}


def latest(shop: Shop, member: str) -> dict[str, bool]:
    rows = Consent.objects.of(shop.merchant_id).filter(member_id=uuid(member))
    return {row.purpose: row.granted for row in rows.order_by("at", "id")}


# ── tiers ─────────────────────────────────────────────────────────────────────────────────


def test_a_tier_that_either_was_to_keep_is_kept() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 95_000)
    assert shop.tier(source)["tier"]["code"] == "gold"
    merge(shop, into, source)
    assert shop.tier(into)["tier"]["code"] == "gold"
    assert shop.tier(into)["history"][0]["cause"]["type"] == "merge"


def test_a_floor_goes_along_and_comes_back() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    now = shop.now
    programme = programmes.Schedule(shop.merchant_id).at(now)
    board = Board(shop.merchant_id, programme.ladder, programme.number, shop.scope.zone)
    until = (now + 40 * DAY).date()
    set_floor(board, member_id=uuid(source), tier="gold", until=until, reason="vip", now=now)

    done = merge(shop, into, source)
    assert shop.tier(into)["floor"]["tier"] == "gold"
    undo(shop, done)

    assert shop.tier(into)["floor"] is None
    assert shop.tier(source)["floor"]["tier"] == "gold"


def test_a_floor_set_while_merged_stays_with_who_carried_on() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    done = merge(shop, into, source)
    programme = programmes.Schedule(shop.merchant_id).at(shop.now)
    board = Board(shop.merchant_id, programme.ladder, programme.number, shop.scope.zone)
    set_floor(
        board, member_id=uuid(into), tier="silver", until=(shop.now + 9 * DAY).date(),
        reason="vip", now=shop.now,
    )  # fmt: skip
    undo(shop, done)
    assert shop.tier(into)["tier"]["code"] == "silver"
    assert shop.tier(source)["tier"]["code"] == "basic"


def test_who_went_on_as_somebody_else_stands_nowhere_and_stops_no_job() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 95_000)
    merge(shop, into, source)
    assert not Standing.objects.of(shop.merchant_id).filter(member_id=uuid(source)).exists()

    Standing.objects.of(shop.merchant_id).create(
        merchant_id=shop.merchant_id, member_id=uuid(source), tier="basic",
        since=shop.now.date(), evaluated_on=shop.now.date(), review_on=shop.now.date(),
        programme=99,
    )  # fmt: skip
    shop.move(400 * DAY)
    assert shop.tier(into)["tier"]["code"] != "gold", "reviewed all the same"


# ── undoing ───────────────────────────────────────────────────────────────────────────────


def test_what_was_spent_meanwhile_stays_spent() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 10_000)
    shop.move(HOUR)
    buy(shop, into, 20_000)
    done = merge(shop, into, source)
    adjust(shop, into, -130)

    undo(shop, done)

    assert shop.balance(source).available == 0, "theirs expire first, so they were spent first"
    assert shop.balance(into).available == 170
    assert shop.faults() == []


def test_orders_made_under_the_old_id_meanwhile_come_back_too() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    done = merge(shop, into, source)
    order = buy(shop, source, 95_000)
    buy(shop, into, 31_000)
    assert shop.balance(into).available == 950 + 310

    undo(shop, done)

    assert (shop.balance(source).available, shop.balance(into).available) == (950, 310)
    assert shop.tier(source)["tier"]["code"] == "gold"
    assert shop.tier(into)["tier"]["code"] == "silver"
    assert give_back(shop, order, (1, 1)).json()["debt"] == 0
    assert shop.faults() == []


def test_what_another_hold_has_set_aside_stays_with_it() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    buy(shop, source, 10_000)
    theirs = hold(shop, source, 20)
    done = merge(shop, into, source)
    later = hold(shop, into, 30)

    undo(shop, done)

    assert (shop.balance(source).posted, shop.balance(source).held) == (70, 20)
    assert (shop.balance(into).posted, shop.balance(into).held) == (30, 30)
    for id_ in (theirs, later):
        ledger.capture(merchant_id=shop.merchant_id, hold_id=id_, now=shop.now)
    assert (shop.balance(source).posted, shop.balance(into).posted) == (50, 0)
    assert shop.faults() == []


def test_a_repayment_is_taken_back_but_not_for_what_would_have_expired() -> None:
    shop = make_shop(BRISK)
    into, source = enrol(shop), enrol(shop)
    order = buy(shop, into, 10_000)
    adjust(shop, into, -100)
    give_back(shop, order, (1, 1))
    assert shop.balance(into).debt == 100
    buy(shop, source, 30_000)
    before = as_they_are(shop, into, source)

    done = merge(shop, into, source)
    assert (shop.balance(into).available, shop.balance(into).debt) == (200, 0)
    undo(shop, done)
    assert as_they_are(shop, into, source) == before

    done = merge(shop, into, source)
    shop.move(21 * DAY)
    undo(shop, done)
    assert shop.balance(into).debt == 0, "the points that repaid it are gone either way"
    assert shop.faults() == []


def test_a_merge_of_the_merged_is_undone_from_the_last() -> None:
    shop = make_shop()
    a, b, c = enrol(shop), enrol(shop), enrol(shop)
    for number, member in enumerate((a, b, c), 1):
        buy(shop, member, number * 10_000)
    before = as_they_are(shop, a, b, c)
    first, second = merge(shop, b, a), merge(shop, c, b)

    assert shop.balance(a).available == 600, "flattened: a goes on as c at once"
    with pytest.raises(MergedFurther):
        undo(shop, first)
    undo(shop, second)
    assert shop.balance(a).available == 300
    assert Member.objects.of(shop.merchant_id).get(id=uuid(a)).merged_into == uuid(b)
    undo(shop, first)

    assert as_they_are(shop, a, b, c) == before
    assert shop.faults() == []


# ── refusals ──────────────────────────────────────────────────────────────────────────────


def test_what_is_refused() -> None:
    shop, other = make_shop(), make_shop()
    a, b, c, foreign = enrol(shop), enrol(shop), enrol(shop), enrol(other)
    cases: list[tuple[str, str, type[Refusal]]] = [
        (a, a, Invalid),
        (a, foreign, NotFound),
        (foreign, a, NotFound),
        (show("mem", new_id()), a, NotFound),
    ]
    for into, source, refusal in cases:
        with pytest.raises(refusal):
            merge(shop, into, source)
    done = merge(shop, b, a)
    for into, source in ((c, a), (a, c), (b, a)):
        with pytest.raises(AlreadyMerged):
            merge(shop, into, source)
    with pytest.raises(NotFound):
        undo(other, done)
    undo(shop, done)
    with pytest.raises(AlreadyUndone):
        undo(shop, done)
    assert Merge.objects.of(shop.merchant_id).count() == 1


# ── races ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("spending", [False, True])
def test_orders_beside_a_merge_strand_nothing(spending: bool) -> None:
    """Whatever comes first, every point is in the purse of who carries on."""
    for _ in range(6):
        shop = make_shop(BRISK)
        into, source = enrol(shop), enrol(shop)
        if spending:
            buy(shop, source, 50_000)

        def merging(shop: Shop = shop, into: str = into, source: str = source) -> None:
            retrying(lambda: merge(shop, into, source))

        def using(shop: Shop = shop, source: str = source) -> None:
            buy(shop, source, 10_000)
            if spending:
                adjust(shop, source, -10)

        assert refusals(at_once(merging, *[using] * 4)) == []

        assert purse_of(shop, source, POINTS)["sums"] == (0, 0, 0, 0)
        assert purse_of(shop, source, GROWTH_VALUE)["sums"] == (0, 0, 0, 0)
        expected = 500 + 4 * (100 - 10) if spending else 4 * 100
        assert shop.balance(into).posted == expected
        assert shop.faults() == []


@pytest.mark.skipif(not is_postgres(), reason="SQLite lets no writer in between")
@pytest.mark.parametrize("net", [10_000, 10])
def test_an_order_that_looked_before_the_merge_looks_again(
    net: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order of somebody: there is no row yet that could tell it lost the race."""
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    merged: list[object] = []
    decide = placing.decide

    def meanwhile(*seen: Any) -> Any:
        if not merged:
            merged.extend(at_once(lambda: merge(shop, into, source)))
        return decide(*seen)

    for way in (placing, grouped):
        monkeypatch.setattr(way, "decide", meanwhile)
    order = buy(shop, source, net)

    assert refusals(merged) == []
    assert order["member_id"] == source
    assert purse_of(shop, source, POINTS)["sums"] == (0, 0, 0, 0)
    assert shop.balance(into).posted == net // 100
    assert not Standing.objects.of(shop.merchant_id).filter(member_id=uuid(source)).exists()
    assert shop.faults() == []


# ── the law ───────────────────────────────────────────────────────────────────────────────


ACTS = ("buy", "return", "spend", "give", "hold", "release", "wait")


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), document=st.sampled_from(["plain", "brisk", "busy"]))
def test_merge_and_undo_is_as_if_nothing_had_been(seed: int, document: str) -> None:
    chance = random.Random(seed)
    acts = [(chance.choice(ACTS), chance.randrange(2), chance.randint(1, 400)) for _ in range(12)]
    shop = make_shop({"plain": "plain", "brisk": BRISK, "busy": BUSY}[document])
    members = [enrol(shop), enrol(shop)]
    live(shop, members, [("buy", 0, 300), *acts[:4], ("buy", 1, 150), *acts[4:]])
    programmes.run_due(shop.merchant_id, shop.now)
    before, owned = as_they_are(shop, *members), net(shop, *members)
    event(f"debt: {any(purse['sums'][3] for m in before.values() for purse in m['purses'])}")

    done = merge(shop, *members)
    assert net(shop, *members) == owned
    assert shop.faults() == []
    for asset in ASSETS:
        purse = Purses(shop.merchant_id, [uuid(members[0])]).of(uuid(members[0]), asset)
        assert not (purse.debt and purse.available), "points are free while debt is open"
    undo(shop, done)

    assert as_they_are(shop, *members) == before
    assert net(shop, *members) == owned
    assert shop.faults() == []


def live(shop: Shop, members: list[str], acts: list[tuple[str, int, int]]) -> None:
    bought: list[str] = []
    held: list[UUID] = []
    for act, who, amount in acts:
        try:
            _do(shop, act, members[who], amount, bought, held)
        except Refusal:
            event(f"{act} refused")
        else:
            event(act)


def _do(
    shop: Shop, act: str, member: str, amount: int, bought: list[str], held: list[UUID]
) -> None:
    if act == "buy":
        bought.append(buy(shop, member, amount * 100, amount * 3)["id"])
    elif act == "return" and bought:
        give_back(shop, bought[amount % len(bought)], (1, 1))
    elif act == "give":
        adjust(shop, member, amount)
    elif act == "spend":
        adjust(shop, member, -_share(shop, member, amount))
    elif act == "hold":
        held.append(hold(shop, member, _share(shop, member, amount), seconds=86_400 * 4))
    elif act == "release" and held:
        ledger.release(merchant_id=shop.merchant_id, hold_id=held.pop(), now=shop.now)
    elif act == "wait":
        shop.move(timedelta(hours=amount), due=bool(amount % 2))


def _share(shop: Shop, member: str, amount: int) -> int:
    """From nothing to all of what is available."""
    return max(1, shop.balance(member).available * amount // 400)


def test_no_step_is_written_where_the_tier_stays() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    undo(shop, merge(shop, into, source))
    assert not TierChange.objects.of(shop.merchant_id).exists()


def test_an_order_is_settled_for_who_carries_on_when_the_merge_comes_first() -> None:
    shop = make_shop()
    into, source = enrol(shop), enrol(shop)
    merge(shop, into, source)
    order = buy(shop, source, 10_000)
    orders.cancel(shop.scope, asked(shop, "orders.cancel"), uuid(order["id"]))
    assert shop.balance(into).available == 0
    assert shop.faults() == []
