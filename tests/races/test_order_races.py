"""Many at once on one order and one member: nothing is settled twice, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from makers.merchants import make_merchant
from makers.threads import at_once, refusals
from regulars.infra.writes import Answer, Asked, fingerprint_of
from regulars.kernel.ids import parse
from regulars.modules.ledger.queries import balances
from regulars.modules.ledger.verification import verify
from regulars.modules.members.lookup import count_members
from regulars.modules.orders import services as orders
from regulars.modules.orders.errors import OverRefund
from regulars.modules.orders.jobs import apply_parked_refunds
from regulars.modules.orders.models import Order, ParkedRefund, ParkedStep, Refund
from regulars.modules.orders.placing import place
from regulars.modules.orders.refunds import RefundAsked
from regulars.modules.orders.returning import refund
from regulars.modules.orders.settlement import Scope
from regulars.modules.orders.tally import tally
from regulars.modules.orders.types import Draft, DraftLine
from regulars.modules.programmes.services import start
from regulars.modules.tiers.gather import load_standings

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
CROWDS = [2, 8, 32]


@pytest.fixture
def scope() -> Scope:
    merchant = make_merchant(zone="Asia/Shanghai", currency="CNY")
    start(merchant.id, "plain", NOW)
    return Scope(merchant.id, ZoneInfo("Asia/Shanghai"), "CNY", "test", NOW)


def asked(scope: Scope, operation: str, key: str, body: object = None) -> Asked:
    return Asked(
        merchant_id=scope.merchant_id,
        actor="test",
        operation=operation,
        key=key,
        fingerprint=fingerprint_of(body),
        now=scope.now,
    )


def draft(name: str, *, quantity: int = 1) -> Draft:
    line = DraftLine("A", quantity, 10_000, 10_000 * quantity)
    return Draft(name, (line,), NOW, NOW, line.total_minor, identity=("external", "one and only"))


def placed(scope: Scope, name: str, key: str) -> Answer:
    return place(scope, asked(scope, "orders.place", key), draft(name))


def owner(answer: Answer) -> UUID:
    member_id = parse("mem", json.loads(answer.text)["member_id"])
    assert member_id is not None
    return member_id


@pytest.mark.parametrize("crowd", CROWDS)
def test_one_order_sent_by_many_is_settled_once(scope: Scope, crowd: int) -> None:
    """Half with one key, half each with a key of its own."""
    keys = ["same" if n % 2 else f"own-{n}" for n in range(crowd)]

    answers = at_once(*(partial(placed, scope, "o1", key) for key in keys))

    assert refusals(answers) == []
    ids = {json.loads(a.text)["id"] for a in answers if isinstance(a, Answer)}
    assert len(ids) == 1
    assert (tally(scope.merchant_id).orders, count_members(scope.merchant_id)) == (1, 1)
    assert verify(scope.merchant_id) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_many_orders_of_one_member_all_count(scope: Scope, crowd: int) -> None:
    answers = at_once(*(partial(placed, scope, f"o{n}", f"k{n}") for n in range(crowd)))

    assert refusals(answers) == []
    first = answers[0]
    assert isinstance(first, Answer)
    member_id = owner(first)
    found = balances(merchant_id=scope.merchant_id, member_id=member_id, now=NOW)
    assert found["points"].posted == found["growth_value"].posted == 100 * crowd
    assert count_members(scope.merchant_id) == 1
    tier = load_standings(scope.merchant_id, [member_id])[member_id].standing.tier
    assert tier == ("silver" if crowd >= 10 else "basic")
    assert verify(scope.merchant_id) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_no_unit_goes_back_twice(scope: Scope, crowd: int) -> None:
    """Five units, many refunds of one unit each: as many win as there are units."""
    answer = place(scope, asked(scope, "orders.place", "k"), draft("o", quantity=5))
    order_id = parse("ord", json.loads(answer.text)["id"])
    assert order_id is not None

    def back(number: int) -> Answer:
        sent = RefundAsked(f"r{number}", {1: 1}, None)
        return refund(scope, asked(scope, "orders.refund", f"r{number}"), order_id, sent)

    answers = at_once(*(partial(back, n) for n in range(crowd)))

    lost = refusals(answers)
    assert len(answers) - len(lost) == min(5, crowd)
    assert all(isinstance(error, OverRefund) for error in lost)
    member_id = owner(answer)
    found = balances(merchant_id=scope.merchant_id, member_id=member_id, now=NOW)
    assert found["points"].posted == 500 - 100 * min(5, crowd)
    assert verify(scope.merchant_id) == []


@pytest.mark.parametrize("copies", [1, 3])
def test_all_events_of_an_order_at_once_leave_the_books_of_their_order(
    scope: Scope, copies: int
) -> None:
    """Created, paid, returned in two parts and cancelled, each by several workers at a time."""
    lines = (DraftLine("A", 5, 10_000, 50_000),)
    sent = Draft("o", lines, NOW, None, 50_000, identity=("external", "one and only"))
    events: list[Callable[[str], Answer]] = [
        lambda key: orders.place(scope, asked(scope, "place", key), sent),
        lambda key: orders.pay_by_external_id(scope, asked(scope, "pay", key), "o", NOW),
        lambda key: orders.refund_by_external_id(
            scope, asked(scope, "refund", key), "o", RefundAsked("r1", {1: 2}, None)
        ),
        lambda key: orders.refund_by_external_id(
            scope, asked(scope, "refund", key), "o", RefundAsked("r2", {1: 3}, None)
        ),
        lambda key: orders.cancel_by_external_id(scope, asked(scope, "cancel", key), "o"),
    ]

    answers = at_once(
        *(partial(e, f"{c}-{n}") for c in range(copies) for n, e in enumerate(events))
    )

    assert refusals(answers) == []
    apply_parked_refunds()  # what met its order between looking and parking
    order = Order.objects.of(scope.merchant_id).get()
    assert (order.status, order.paid_at, order.refunded_minor, order.units_left, order.points) == (
        "cancelled", NOW, 50_000, 0, 0,
    )  # fmt: skip
    refunds = Refund.objects.of(scope.merchant_id).order_by("external_id")
    assert [(r.external_id, r.cash_minor) for r in refunds] == [("r1", 20_000), ("r2", 30_000)]
    assert order.member_id is not None
    found = balances(merchant_id=scope.merchant_id, member_id=order.member_id, now=NOW)
    assert (found["points"].posted, found["points"].debt) == (0, 0)
    assert not ParkedRefund.objects.of(scope.merchant_id).exists()
    assert not ParkedStep.objects.of(scope.merchant_id).exists()
    assert verify(scope.merchant_id) == []
