"""What time brings: lots expire, promises become real; right before the job ran and after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from makers.ledger import (
    DAY,
    GROWTH_VALUE,
    NOON,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.infra.models import OutboxRow
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.ledger import queries, recorder, services
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.errors import InsufficientPoints
from regulars.modules.ledger.models import Account, Lot, Pending, Posting
from regulars.modules.ledger.types import POINTS, AssetBalance, ExpiringAmount
from regulars.modules.ledger.verification import verify

INSTANT = timedelta(microseconds=1)


def points(merchant_id, member_id, now=NOON):
    return queries.balances(merchant_id=merchant_id, member_id=member_id, now=now)["points"]


def everything_due(merchant_id, now):
    return services.expire_and_activate(merchant_id=merchant_id, now=now)


@pytest.fixture
def shop():
    merchant_id = fresh_merchant()
    return merchant_id, make_member(merchant_id)


def test_a_lot_is_usable_up_to_its_instant_and_not_at_it(shop):
    earn(*shop, 40, expires_at=NOON + DAY)

    assert points(*shop, NOON + DAY - INSTANT).available == 40
    assert points(*shop, NOON + DAY).available == 0


def test_the_job_posts_what_the_reads_already_said_and_only_once(shop):
    earn(*shop, 40, expires_at=NOON + DAY)
    earn(*shop, 60, expires_at=NOON + 2 * DAY)
    said = points(*shop, NOON + DAY)

    assert everything_due(shop[0], NOON + DAY) == 1
    assert everything_due(shop[0], NOON + DAY) == 0

    assert points(*shop, NOON + DAY) == said == AssetBalance(
        posted=60, held=0, pending=0, available=60, debt=0,
        expiring=(ExpiringAmount(NOON + 2 * DAY, 60),),
    )  # fmt: skip
    assert list(Posting.objects.of(shop[0]).values_list("kind", "amount").order_by("version")) == [
        ("earn", 40),
        ("earn", 60),
        ("expire", -40),
    ]
    assert verify(shop[0]) == []


def test_an_expiry_is_dated_at_its_instant_however_late_the_job(shop):
    earn(*shop, 40, expires_at=NOON + DAY)
    earn(*shop, 60, expires_at=NOON + 2 * DAY)

    everything_due(shop[0], NOON + 30 * DAY)

    dated = Posting.objects.of(shop[0]).filter(kind="expire").order_by("version")
    assert [posting.at for posting in dated] == [NOON + DAY, NOON + 2 * DAY]


def test_the_soonest_to_expire_is_spent_first_then_the_earliest_earned(shop):
    earn(*shop, 10, at=NOON, expires_at=None)
    earn(*shop, 10, at=NOON + 2 * DAY, expires_at=NOON + 9 * DAY)
    earn(*shop, 10, at=NOON + 3 * DAY, expires_at=NOON + 5 * DAY)
    earn(*shop, 10, at=NOON + DAY, expires_at=NOON + 9 * DAY)

    spend(*shop, 25, at=NOON + 3 * DAY)

    left = dict(Lot.objects.of(shop[0]).values_list("number", "remaining"))
    assert left == {1: 10, 2: 5, 3: 0, 4: 0}
    assert verify(shop[0]) == []


def test_pending_becomes_real_with_its_own_expiry(shop):
    earn(*shop, 50, available_at=NOON + DAY, expires_at=NOON + 3 * DAY)

    everything_due(shop[0], NOON + DAY)

    now = points(*shop, NOON + DAY)
    assert (now.posted, now.pending) == (50, 0)
    assert now.expiring == (ExpiringAmount(NOON + 3 * DAY, 50),)
    assert not Pending.objects.of(shop[0]).exists()
    lot = Lot.objects.of(shop[0]).get()
    assert (lot.earned_at, lot.expires_at) == (NOON, NOON + 3 * DAY)
    assert verify(shop[0]) == []


def test_pending_that_expires_before_the_job_ran_comes_and_goes(shop):
    earn(*shop, 50, available_at=NOON + DAY, expires_at=NOON + 2 * DAY)

    everything_due(shop[0], NOON + 5 * DAY)

    assert points(*shop, NOON + 5 * DAY).posted == 0
    kinds = Posting.objects.of(shop[0]).order_by("version").values_list("kind", "at")
    assert list(kinds) == [("earn", NOON + DAY), ("expire", NOON + 2 * DAY)]
    assert verify(shop[0]) == []


def test_pending_repays_a_debt_when_it_becomes_real(shop):
    earn(*shop, 30)
    spend(*shop, 30)
    claw_back(*shop, 30, order=order_cause())
    earn(*shop, 50, available_at=NOON + DAY, cause=order_cause(2))
    assert points(*shop).debt == 30

    everything_due(shop[0], NOON + DAY)

    now = points(*shop, NOON + DAY)
    assert (now.posted, now.debt, now.pending) == (20, 0, 0)
    topics = [event["topic"] for event in _told(shop[0])]
    assert topics == ["points.debt_repaid", "points.activated"]
    assert verify(shop[0]) == []


def test_a_refund_takes_what_is_pending_first_and_owes_nothing(shop):
    earn(*shop, 50, available_at=NOON + DAY)
    claw_back(*shop, 20, order=order_cause())

    everything_due(shop[0], NOON + DAY)

    assert points(*shop, NOON + DAY).posted == 30
    assert verify(shop[0]) == []


def test_a_refund_does_not_make_a_member_pay_for_what_time_took(shop):
    earn(*shop, 50, expires_at=NOON + DAY)
    earn(*shop, 70, cause=order_cause(2))
    everything_due(shop[0], NOON + DAY)

    claw_back(*shop, 50, order=order_cause(), at=NOON + 2 * DAY)

    now = points(*shop, NOON + 2 * DAY)
    assert (now.posted, now.debt) == (70, 0)
    assert Lot.objects.of(shop[0]).get(number=1).forgone == 50
    assert verify(shop[0]) == []


def test_a_refund_of_spent_points_takes_others_and_owes_the_rest(shop):
    earn(*shop, 50)
    spend(*shop, 50)
    earn(*shop, 20, cause=order_cause(2))

    claw_back(*shop, 50, order=order_cause())

    now = points(*shop)
    assert (now.posted, now.debt, now.available) == (0, 30, 0)
    assert verify(shop[0]) == []


def test_time_does_not_run_backwards_on_an_account(shop):
    earn(*shop, 50, at=NOON + DAY)
    earn(*shop, 50, at=NOON)

    assert [p.at for p in Posting.objects.of(shop[0]).order_by("version")] == [NOON + DAY] * 2
    assert verify(shop[0]) == []


def test_both_assets_of_many_members_in_batches(monkeypatch):
    monkeypatch.setattr(services, "DUE_BATCH", 100)
    merchant_id = fresh_merchant()
    members = [new_id() for _ in range(130)]
    _earn_all(merchant_id, members)

    done = services.expire_and_activate(merchant_id=merchant_id, now=NOON + DAY)

    assert done == 260
    assert not Account.objects.of(merchant_id).exclude(balance=0).exists()
    assert not Account.objects.of(merchant_id).filter(next_due_at__lte=NOON + DAY).exists()
    assert OutboxRow.objects.filter(merchant_id=merchant_id).count() >= 130
    assert verify(merchant_id) == []


def test_a_limit_ends_early_and_the_rest_is_done_later(monkeypatch):
    monkeypatch.setattr(services, "DUE_BATCH", 10)
    merchant_id = fresh_merchant()
    _earn_all(merchant_id, [new_id() for _ in range(15)])

    first = services.expire_and_activate(merchant_id=merchant_id, now=NOON + DAY, limit=20)
    rest = services.expire_and_activate(merchant_id=merchant_id, now=NOON + DAY)

    assert (first, rest) == (20, 10)


def test_what_is_not_due_is_left_alone_and_so_are_other_merchants(shop):
    other = fresh_merchant()
    other_member = make_member(other)
    earn(*shop, 40, expires_at=NOON + DAY)
    earn(other, other_member, 40, expires_at=NOON + DAY)

    assert everything_due(shop[0], NOON + DAY - INSTANT) == 0
    assert everything_due(shop[0], NOON + DAY) == 1

    assert Account.objects.of(other).get().balance == 40


def test_a_debit_of_a_lot_not_yet_swept_is_refused(shop):
    earn(*shop, 40, expires_at=NOON + DAY)

    with pytest.raises(InsufficientPoints):
        services.hold(
            merchant_id=shop[0],
            member_id=shop[1],
            amount=1,
            expires_in_seconds=60,
            now=NOON + DAY,
        )


def _earn_all(merchant_id, members):
    journal, writes = Journal(), Writes()
    for member_id in members:
        for asset in (POINTS, GROWTH_VALUE):
            purse = Purse(merchant_id=merchant_id, member_id=member_id, asset=asset)
            purse.credit(
                journal, 9, kind="earn", cause=order_cause(), at=NOON, earned_at=NOON,
                expires_at=NOON + DAY,
            )  # fmt: skip
    recorder.add_to(writes, journal)
    with transaction.atomic():
        writes.record()


def _told(merchant_id):
    import json

    rows = OutboxRow.objects.filter(merchant_id=merchant_id).order_by("id")
    return [event for row in rows for event in json.loads(row.events)]
