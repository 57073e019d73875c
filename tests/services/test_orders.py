"""Orders placed, paid and cancelled: once, and right whatever the clocks and repeats."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from makers.merchants import unique
from makers.orders import (
    DAY,
    NOON,
    Shop,
    asked,
    buy,
    changed,
    draft,
    enrol,
    make_shop,
    place,
    uuid,
)
from makers.threads import at_once, refusals
from regulars.infra.models import OutboxRow, WriteRecord
from regulars.infra.writes import Answer, KeyReused
from regulars.kernel.errors import Invalid, NotFound, Refusal
from regulars.kernel.ids import new_id
from regulars.modules.ledger.models import Account
from regulars.modules.ledger.types import AMOUNT_MAX
from regulars.modules.members.models import Member
from regulars.modules.orders import many, paying, placing, services
from regulars.modules.orders.errors import AlreadyPaid, ExternalIdReused, OrderCancelled
from regulars.modules.orders.many import Sent
from regulars.modules.orders.models import Order
from regulars.modules.orders.types import DraftLine
from regulars.modules.programmes import services as programmes

PHONE = ("phone", "+8613800138000")


def body(answer: Answer) -> dict[str, Any]:
    return dict(json.loads(answer.text))


# ── placing ───────────────────────────────────────────────────────────────────────────────


def test_an_order_earns_counts_and_tells() -> None:
    shop = make_shop()
    member = enrol(shop)
    answer = body(place(shop, 100_050, member_id=uuid(member)))
    assert (answer["points"], answer["growth_value"], answer["tier"]) == (1_000, 1_000, "basic")
    assert shop.balance(member).available == 1_000
    assert shop.tier(member)["tier"]["code"] == "silver"
    assert [effect["type"] for effect in answer["effects"]] == [
        "order.created", "order.paid", "points.earned", "growth_value.earned", "tier.upgraded",
    ]  # fmt: skip
    assert shop.faults() == []


def test_the_total_of_a_line_is_the_truth() -> None:
    shop = make_shop()
    lines = (DraftLine("tea", 3, 400, 1_100), DraftLine("tea", 2, 400, 800))
    answer = body(place(shop, lines=lines, paid_minor=1_900, identity=PHONE))
    assert [line["net"] for line in answer["lines"]] == [1_100, 800]
    assert (answer["net"], answer["points"]) == (1_900, 19)


def test_an_unknown_identity_enrols_one_shopper() -> None:
    shop = make_shop()
    first = body(place(shop, 10_000, identity=PHONE))
    second = body(place(shop, 10_000, identity=PHONE))
    assert first["member_id"] == second["member_id"]
    row = Member.objects.of(shop.merchant_id).get()
    assert (row.status, row.joined_at) == ("shopper", NOON)
    assert first["effects"][0]["type"] == "member.enrolled"
    assert second["effects"][0]["type"] == "order.created"


def test_an_order_of_nobody_earns_nothing() -> None:
    shop = make_shop()
    answer = body(place(shop, 10_000))
    assert (answer["member_id"], answer["points"], answer["status"]) == (None, 0, "paid")
    assert not Account.objects.of(shop.merchant_id).exists()


def test_a_clock_that_runs_ahead_makes_no_other_order() -> None:
    """A till two minutes ahead sends the same order twice, a minute apart."""
    shop = make_shop()
    ahead = draft(10_000, at=shop.now + timedelta(minutes=2), identity=PHONE)
    first = services.place(shop.scope, asked(shop, "orders.place"), ahead)
    shop.move(timedelta(minutes=1))
    second = services.place(shop.scope, asked(shop, "orders.place"), ahead)
    assert (first.status, second.status) == (201, 200)
    assert body(first)["id"] == body(second)["id"]
    assert body(first)["paid_at"] == "2026-03-10T12:00:00Z", "never ahead of the merchant's clock"


@pytest.mark.parametrize("field", ["placed_at", "paid_at"])
def test_an_instant_ahead_of_the_clock_is_refused(field: str) -> None:
    shop = make_shop()
    late = {field: shop.now + timedelta(minutes=6)}
    with pytest.raises(Invalid) as refusal:
        place(shop, 10_000, **late)
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [(f"/{field}", "in_the_future")]
    assert not Order.objects.of(shop.merchant_id).exists()


def test_a_member_that_is_not_there_is_refused_without_a_trace() -> None:
    shop, other = make_shop(), make_shop()
    for member_id in (new_id(), uuid(enrol(other))):
        with pytest.raises(NotFound):
            place(shop, 10_000, member_id=member_id)
    assert not Order.objects.of(shop.merchant_id).exists()
    assert not WriteRecord.objects.of(shop.merchant_id).filter(operation="orders.place").exists()
    assert not OutboxRow.objects.filter(
        merchant_id=shop.merchant_id, events__contains="order."
    ).exists()


def test_nobody_comes_to_hold_more_than_an_account_can() -> None:
    shop = make_shop(changed("plain", earning__points={"amount": 1_000_000}))
    member = uuid(enrol(shop))
    place(shop, AMOUNT_MAX // 10_000, member_id=member)
    with pytest.raises(Invalid):
        place(shop, 100, member_id=member)
    order = body(place(shop, 100, member_id=member, paid_at=None))
    with pytest.raises(Invalid):
        paying.pay(shop.scope, asked(shop), uuid(order["id"]), shop.now)
    assert shop.faults() == []


# ── again ─────────────────────────────────────────────────────────────────────────────────


def test_the_same_key_gets_the_same_answer() -> None:
    shop, sent = make_shop(), draft(10_000, identity=PHONE)
    first = services.place(shop.scope, asked(shop, key="k"), sent)
    again = services.place(shop.scope, asked(shop, key="k"), sent)
    assert (first.text, first.status) == (again.text, again.status)
    assert (first.replayed, again.replayed) == (False, True)
    with pytest.raises(KeyReused):
        services.place(shop.scope, asked(shop, "test", "another body", key="k"), sent)
    assert Order.objects.of(shop.merchant_id).count() == 1


def test_the_same_order_under_another_key_is_the_first_one() -> None:
    shop = make_shop()
    sent = draft(10_000, identity=PHONE, external_id="A-1")
    first = services.place(shop.scope, asked(shop), sent)
    again = services.place(shop.scope, asked(shop), sent)
    assert (first.status, again.status) == (201, 200)
    assert {**body(again), "effects": []} == {**body(first), "effects": []}
    with pytest.raises(ExternalIdReused):
        services.place(shop.scope, asked(shop), draft(10_001, identity=PHONE, external_id="A-1"))
    assert Order.objects.of(shop.merchant_id).count() == 1


@pytest.mark.slow
def test_one_order_sent_by_many_at_once_is_one() -> None:
    shop = make_shop()
    sent = draft(10_000, identity=PHONE)
    found = at_once(*[lambda: services.place(shop.scope, asked(shop), sent)] * 8)
    assert refusals(found) == []
    assert sorted(answer.status for answer in found) == [200] * 7 + [201]  # type: ignore[union-attr]
    (member,) = Member.objects.of(shop.merchant_id)
    assert Account.objects.of(shop.merchant_id).get(asset=1).balance == 100
    assert member.status == "shopper"


@pytest.mark.slow
def test_one_key_sent_by_many_at_once_gets_one_answer() -> None:
    shop = make_shop()
    sent = draft(10_000, identity=PHONE)
    found = at_once(*[lambda: services.place(shop.scope, asked(shop, key="k"), sent)] * 8)
    assert refusals(found) == []
    assert len({answer.text for answer in found}) == 1  # type: ignore[union-attr]
    assert sum(not answer.replayed for answer in found) == 1  # type: ignore[union-attr]
    assert Order.objects.of(shop.merchant_id).count() == 1


@pytest.mark.slow
def test_orders_of_one_member_at_once_add_up() -> None:
    shop = make_shop()
    member = enrol(shop)
    acts = [lambda: place(shop, 10_000, member_id=uuid(member)) for _ in range(8)]
    assert refusals(at_once(*acts)) == []
    assert shop.balance(member).posted == 800
    assert shop.tier(member)["counter"]["value"] == 800
    assert shop.faults() == []


# ── late ──────────────────────────────────────────────────────────────────────────────────


def test_a_late_order_leaves_what_it_would_have_left_in_time() -> None:
    """Silver is reached by the late one; what came after it earned at the tier of its own time."""
    document = changed("shop", earning__points={"pending_days": 0, "expiry": {"kind": "never"}})
    late, timely = make_shop(document), make_shop(document)
    a, b = enrol(late), enrol(timely)
    early, later = NOON - 20 * DAY, NOON - 10 * DAY
    buy(timely, b, 50_000, at=early)
    buy(timely, b, 20_000, at=later)
    buy(late, a, 20_000, at=later)
    buy(late, a, 50_000, at=early)

    assert late.tier(a)["counter"] == timely.tier(b)["counter"]
    assert (late.tier(a)["tier"], late.tier(a)["keep_until"]) == (
        timely.tier(b)["tier"], timely.tier(b)["keep_until"],
    )  # fmt: skip
    assert timely.balance(b).available == 500 + 240
    assert late.balance(a).available == 500 + 200, "what was earned before stays as it was told"
    assert late.faults() == []


def test_what_has_expired_when_it_comes_is_gone_at_once() -> None:
    shop = make_shop(changed("plain", earning__points={"expiry": {"kind": "days", "count": 10}}))
    member = enrol(shop)
    buy(shop, member, 10_000, at=shop.now - 30 * DAY)
    assert shop.balance(member).available == 0
    programmes.run_due(shop.merchant_id, shop.now)
    assert shop.balance(member).posted == 0
    assert shop.faults() == []


def test_the_version_in_force_when_it_was_paid_counts() -> None:
    shop = make_shop()
    member = enrol(shop)
    double = changed("plain", earning__points={"amount": 2})
    at = shop.now + DAY
    programmes.put_programme(
        merchant_id=shop.merchant_id, document=double, effective_at=at, now=shop.now, by="test"
    )
    shop.move(2 * DAY)
    assert buy(shop, member, 10_000, at=at - timedelta(microseconds=1))["points"] == 100
    assert buy(shop, member, 10_000, at=at)["points"] == 200


# ── paying ────────────────────────────────────────────────────────────────────────────────


def unpaid(shop: Shop, *net_minor: int, **given: Any) -> dict[str, Any]:
    return body(place(shop, *net_minor, paid_at=None, **given))


def test_nothing_is_earned_until_it_is_paid() -> None:
    shop = make_shop()
    member = enrol(shop)
    order = unpaid(shop, 100_000, member_id=uuid(member))
    assert (order["status"], order["points"]) == ("placed", 0)
    assert shop.balance(member).posted == 0

    shop.move(DAY)
    paid_at = shop.now - timedelta(hours=2)
    answer = services.pay(shop.scope, asked(shop), uuid(order["id"]), paid_at)

    assert (body(answer)["points"], body(answer)["status"]) == (1_000, "paid")
    assert shop.tier(member)["history"][0]["at"] == "2026-03-11T10:00:00Z"
    again = services.pay(shop.scope, asked(shop), uuid(order["id"]), paid_at)
    assert (again.status, body(again)["effects"]) == (200, [])
    with pytest.raises(AlreadyPaid):
        services.pay(shop.scope, asked(shop), uuid(order["id"]), shop.now)
    assert shop.balance(member).posted == 1_000
    assert shop.faults() == []


def test_paying_is_refused_for_the_cancelled_the_unknown_and_the_future() -> None:
    shop, other = make_shop(), make_shop()
    order = uuid(unpaid(shop, 100)["id"])
    cases: list[tuple[Shop, Any, timedelta, type[Refusal]]] = [
        (other, order, timedelta(0), NotFound),
        (shop, new_id(), timedelta(0), NotFound),
        (shop, order, timedelta(minutes=6), Invalid),
    ]
    for where, id_, ahead, refusal in cases:
        with pytest.raises(refusal):
            services.pay(where.scope, asked(where), id_, where.now + ahead)
    services.cancel(shop.scope, asked(shop), order)
    with pytest.raises(OrderCancelled):
        services.pay(shop.scope, asked(shop), order, shop.now)


# ── cancelling ────────────────────────────────────────────────────────────────────────────


def test_a_cancel_releases_everything() -> None:
    shop = make_shop()
    member = enrol(shop)
    order = buy(shop, member, 100_000, 5_000)
    answer = body(services.cancel(shop.scope, asked(shop), uuid(order["id"])))
    assert (answer["status"], answer["points"], answer["refunded"]) == ("cancelled", 0, 105_000)
    assert (shop.balance(member).posted, shop.tier(member)["counter"]["value"]) == (0, 0)
    assert shop.tier(member)["tier"]["code"] == "basic"
    again = services.cancel(shop.scope, asked(shop), uuid(order["id"]))
    assert (again.status, body(again)["effects"]) == (200, [])
    assert shop.faults() == []


def test_what_was_never_paid_has_nothing_to_give_back() -> None:
    shop = make_shop()
    answer = body(services.cancel(shop.scope, asked(shop), uuid(unpaid(shop, 500)["id"])))
    assert (answer["status"], answer["refunded"]) == ("cancelled", 0)


# ── many at once ──────────────────────────────────────────────────────────────────────────


def test_each_of_many_has_its_own_verdict() -> None:
    shop = make_shop()
    good = draft(10_000, identity=PHONE, external_id="A-1")
    orders = [
        Sent("1", good),
        Sent("2", good),
        Sent("3", draft(9_999, identity=PHONE, external_id="A-1")),
        Sent("4", Invalid("unreadable")),
        Sent("5", draft(20_000, identity=PHONE)),
    ]
    wanted = asked(shop, "orders.bulk", key="all")
    first = many.place_many(shop.scope, wanted, orders)
    verdicts = body(first)["orders"]
    assert [(one["index"], one["status"], one.get("code")) for one in verdicts] == [
        (0, 201, None), (1, 200, None), (2, 409, "external_id_reused"), (3, 422, "invalid"),
        (4, 201, None),
    ]  # fmt: skip
    again = many.place_many(shop.scope, wanted, orders)
    assert (again.text, again.replayed) == (first.text, True)
    assert Order.objects.of(shop.merchant_id).count() == 2


def test_what_was_cut_off_in_the_middle_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop()
    first, second = (draft(10_000, identity=PHONE, external_id=unique("o")) for _ in "ab")
    orders = [
        Sent(key, one) for key, one in zip("abc", (first, second, replace(first)), strict=True)
    ]
    wanted = asked(shop, "orders.bulk", key="all")
    placed = many.place

    def fails_at_the_last(scope: Any, one: Any, sent: Any) -> Answer:
        if sent is orders[2].wanted:
            raise RuntimeError("cut off")
        return placed(scope, one, sent)

    monkeypatch.setattr(many, "place", fails_at_the_last)
    with pytest.raises(RuntimeError):
        many.place_many(shop.scope, wanted, orders)
    assert Order.objects.of(shop.merchant_id).count() == 2
    monkeypatch.setattr(many, "place", placed)
    answer = many.place_many(shop.scope, wanted, orders)

    assert [one["status"] for one in body(answer)["orders"]] == [201, 201, 200]
    assert Order.objects.of(shop.merchant_id).count() == 2
    assert Account.objects.of(shop.merchant_id).get(asset=1).balance == 200


def test_placing_alone_and_with_what_waits_are_one() -> None:
    shop = make_shop()
    sent = draft(10_000, identity=PHONE)
    alone = placing.place(shop.scope, asked(shop, key="k"), sent)
    assert services.place(shop.scope, asked(shop, key="k"), sent).text == alone.text
