"""Points given and taken by hand."""

from __future__ import annotations

from uuid import uuid4

import pytest

from makers.ledger import (
    DAY,
    NOON,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.infra.models import OutboxRow
from regulars.kernel.errors import Invalid, NotFound
from regulars.modules.ledger import queries, services
from regulars.modules.ledger.errors import InsufficientPoints
from regulars.modules.ledger.models import Adjustment
from regulars.modules.ledger.types import AMOUNT_MAX
from regulars.modules.ledger.verification import verify


def points(merchant_id, member_id, now=NOON):
    return queries.balances(merchant_id=merchant_id, member_id=member_id, now=now)["points"]


def adjust(merchant_id, member_id, amount, **more):
    more = {"now": NOON, "reason": "goodwill", **more}
    return services.adjust(merchant_id=merchant_id, member_id=member_id, amount=amount, **more)


def told(events):
    return [(event.topic, event.amount) for event in events]


def test_points_are_given_and_taken_and_the_reason_is_kept():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)

    view, events = adjust(merchant_id, member_id, 120, actor="key:1")
    adjust(merchant_id, member_id, -20, reason="typing error")

    assert points(merchant_id, member_id).posted == 100
    assert told(events) == [("points.adjusted", 120)]
    assert not view.pending
    assert view.available_at == NOON
    kept = Adjustment.objects.of(merchant_id).order_by("amount").values_list("reason", "actor")
    assert list(kept) == [("typing error", ""), ("goodwill", "key:1")]
    assert verify(merchant_id) == []


def test_events_wait_in_the_outbox_under_the_member():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)

    adjust(merchant_id, member_id, 5)

    row = OutboxRow.objects.get(merchant_id=merchant_id)
    assert row.aggregate == member_id.hex
    assert '"topic":"points.adjusted"' in row.events


def test_below_zero_is_refused_and_leaves_no_trace():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    adjust(merchant_id, member_id, 10)

    with pytest.raises(InsufficientPoints):
        adjust(merchant_id, member_id, -11)

    assert points(merchant_id, member_id).posted == 10
    assert Adjustment.objects.of(merchant_id).count() == 1
    assert OutboxRow.objects.filter(merchant_id=merchant_id).count() == 1


def test_what_expired_cannot_be_taken_even_if_the_job_is_late():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    adjust(merchant_id, member_id, 10, expires_at=NOON + DAY)

    with pytest.raises(InsufficientPoints):
        adjust(merchant_id, member_id, -1, now=NOON + DAY)


def test_a_gift_for_later_is_pending_until_its_instant():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)

    view, events = adjust(merchant_id, member_id, 50, available_at=NOON + DAY)

    assert view.pending
    assert told(events) == [("points.pending", 50)]
    now = points(merchant_id, member_id)
    assert (now.posted, now.pending, now.available) == (0, 50, 0)
    then = points(merchant_id, member_id, NOON + DAY)
    assert (then.posted, then.pending, then.available) == (50, 0, 50)


def test_a_gift_repays_a_debt_first():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    earn(merchant_id, member_id, 100)
    spend(merchant_id, member_id, 90)
    claw_back(merchant_id, member_id, 100, order=order_cause())
    assert points(merchant_id, member_id).debt == 90

    _, events = adjust(merchant_id, member_id, 100)

    assert told(events) == [("points.debt_repaid", 90), ("points.adjusted", 10)]
    now = points(merchant_id, member_id)
    assert (now.posted, now.debt) == (10, 0)
    assert verify(merchant_id) == []


@pytest.mark.parametrize(
    ("amount", "more", "pointer"),
    [
        (0, {}, "/amount"),
        (AMOUNT_MAX + 1, {}, "/amount"),
        (-5, {"available_at": NOON}, "/available_at"),
        (-5, {"expires_at": NOON + DAY}, "/expires_at"),
        (5, {"expires_at": NOON}, "/expires_at"),
        (5, {"available_at": NOON + DAY, "expires_at": NOON + DAY}, "/expires_at"),
    ],
)
def test_what_does_not_hold_together_is_refused_with_a_pointer(amount, more, pointer):
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)

    with pytest.raises(Invalid) as refused:
        adjust(merchant_id, member_id, amount, **more)

    assert pointer in [error.pointer for error in refused.value.errors]


def test_nobody_can_hold_more_than_the_bound():
    merchant_id = fresh_merchant()
    member_id = make_member(merchant_id)
    adjust(merchant_id, member_id, AMOUNT_MAX - 1)
    adjust(merchant_id, member_id, 1, available_at=NOON + DAY)

    with pytest.raises(Invalid):
        adjust(merchant_id, member_id, 1)

    assert points(merchant_id, member_id).posted == AMOUNT_MAX - 1


def test_a_merged_member_is_served_by_who_carries_on():
    merchant_id = fresh_merchant()
    carrier = make_member(merchant_id)
    merged = make_member(merchant_id, merged_into=carrier)

    view, _ = adjust(merchant_id, merged, 7)

    assert view.member_id == f"mem_{carrier.hex}"
    assert points(merchant_id, merged) == points(merchant_id, carrier)
    assert points(merchant_id, carrier).posted == 7


def test_an_unknown_member_and_another_merchants_are_the_same_refusal():
    merchant_id = fresh_merchant()
    others = make_member(fresh_merchant())

    for member_id in (uuid4(), others):
        with pytest.raises(NotFound):
            adjust(merchant_id, member_id, 5)
        with pytest.raises(NotFound):
            points(merchant_id, member_id)
        with pytest.raises(NotFound):
            queries.entries(merchant_id=merchant_id, member_id=member_id, limit=5)
