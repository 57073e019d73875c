"""Points set aside: captured once, released, or run out."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from makers.ledger import (
    DAY,
    NOON,
    change,
    claw_back,
    earn,
    fresh_merchant,
    make_member,
    order_cause,
    spend,
)
from regulars.infra.db import LostRace
from regulars.infra.recording import Writes
from regulars.kernel.errors import Invalid, NotFound
from regulars.modules.ledger import queries, recorder, services
from regulars.modules.ledger.announce import events_of
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.errors import HoldEnded, InsufficientPoints
from regulars.modules.ledger.gather import load_purse
from regulars.modules.ledger.models import Lot
from regulars.modules.ledger.types import POINTS, Cause
from regulars.modules.ledger.verification import verify

HOUR = 3600


def points(merchant_id, member_id, now=NOON):
    return queries.balances(merchant_id=merchant_id, member_id=member_id, now=now)["points"]


def hold(merchant_id, member_id, amount, *, expires_in_seconds=HOUR, now=NOON):
    view, _ = services.hold(
        merchant_id=merchant_id,
        member_id=member_id,
        amount=amount,
        expires_in_seconds=expires_in_seconds,
        now=now,
    )
    return UUID(view.id.removeprefix("hold_"))


def capture(merchant_id, hold_id, amount=None, *, now=NOON):
    return services.capture(merchant_id=merchant_id, hold_id=hold_id, amount=amount, now=now)


def release(merchant_id, hold_id, *, now=NOON):
    return services.release(merchant_id=merchant_id, hold_id=hold_id, now=now)


def told(events):
    return [(event.topic, event.amount) for event in events]


@pytest.fixture
def shop():
    merchant_id = fresh_merchant()
    return merchant_id, make_member(merchant_id)


def test_a_hold_stays_in_the_balance_and_is_not_available(shop):
    earn(*shop, 100)

    hold_id = hold(*shop, 30)

    now = points(*shop)
    assert (now.posted, now.held, now.available) == (100, 30, 70)
    with pytest.raises(InsufficientPoints):
        hold(*shop, 71)
    assert queries.hold_view(merchant_id=shop[0], hold_id=hold_id, now=NOON).status == "open"
    assert verify(shop[0]) == []


def test_a_capture_spends_part_and_frees_the_rest_once(shop):
    earn(*shop, 100)
    hold_id = hold(*shop, 30)

    view, events = capture(shop[0], hold_id, 20)

    assert (view.status, view.captured) == ("captured", 20)
    assert told(events) == [("points.redeemed", -20), ("points.released", 10)]
    now = points(*shop)
    assert (now.posted, now.held, now.available) == (80, 0, 80)
    for again in (lambda: capture(shop[0], hold_id), lambda: release(shop[0], hold_id)):
        with pytest.raises(HoldEnded):
            again()
    assert verify(shop[0]) == []


def test_a_capture_without_an_amount_takes_all_of_it(shop):
    earn(*shop, 100)

    view, events = capture(shop[0], hold(*shop, 30))

    assert view.captured == 30
    assert told(events) == [("points.redeemed", -30)]


def test_a_release_frees_everything(shop):
    earn(*shop, 100)

    view, events = release(shop[0], hold(*shop, 30))

    assert view.status == "released"
    assert told(events) == [("points.released", 30)]
    assert points(*shop).available == 100


def test_a_capture_past_the_hold_is_refused(shop):
    earn(*shop, 100)
    hold_id = hold(*shop, 30)

    with pytest.raises(Invalid):
        capture(shop[0], hold_id, 31)
    with pytest.raises(Invalid):
        capture(shop[0], hold_id, 0)

    assert points(*shop).held == 30


def test_a_hold_runs_out_by_itself_at_its_instant(shop):
    earn(*shop, 100)
    hold_id = hold(*shop, 30)
    ends = NOON + timedelta(seconds=HOUR)

    assert points(*shop, ends - timedelta(microseconds=1)).held == 30
    assert points(*shop, ends).held == 0
    assert queries.hold_view(merchant_id=shop[0], hold_id=hold_id, now=ends).status == "expired"
    with pytest.raises(HoldEnded):
        capture(shop[0], hold_id, now=ends)

    assert services.expire_and_activate(merchant_id=shop[0], now=ends) == 1
    assert queries.hold_view(merchant_id=shop[0], hold_id=hold_id, now=NOON).status == "expired"
    assert verify(shop[0]) == []


def test_a_hold_that_ran_out_frees_points_for_the_next_without_a_job(shop):
    earn(*shop, 10)
    hold(*shop, 10)

    hold(*shop, 10, now=NOON + timedelta(seconds=HOUR))

    assert verify(shop[0]) == []


def test_a_capture_works_though_the_lot_expired_and_the_rest_of_it_expires(shop):
    earn(*shop, 100, expires_at=NOON + DAY)
    hold_id = hold(*shop, 60, expires_in_seconds=72 * HOUR)
    services.expire_and_activate(merchant_id=shop[0], now=NOON + DAY)
    assert points(*shop, NOON + DAY).posted == 60

    _, events = capture(shop[0], hold_id, 50, now=NOON + 2 * DAY)

    assert told(events) == [
        ("points.redeemed", -50),
        ("points.expired", -10),
        ("points.released", 10),
    ]
    assert points(*shop, NOON + 2 * DAY).posted == 0
    assert verify(shop[0]) == []


def test_a_release_of_an_expired_lot_gives_nothing_back(shop):
    earn(*shop, 100, expires_at=NOON + DAY)
    hold_id = hold(*shop, 60, expires_in_seconds=72 * HOUR)

    release(shop[0], hold_id, now=NOON + 2 * DAY)

    assert points(*shop, NOON + 2 * DAY).posted == 0
    lot = Lot.objects.of(shop[0]).get()
    assert (lot.remaining, lot.expired) == (0, 100)
    assert verify(shop[0]) == []


def test_what_a_hold_frees_repays_a_debt_first(shop):
    earn(*shop, 100)
    hold_id = hold(*shop, 80)
    claw_back(*shop, 100, order=order_cause())
    assert (points(*shop).debt, points(*shop).posted) == (80, 80)

    _, events = release(shop[0], hold_id)

    assert told(events) == [("points.debt_repaid", 80), ("points.released", 80)]
    now = points(*shop)
    assert (now.posted, now.debt, now.available) == (0, 0, 0)
    assert verify(shop[0]) == []


def test_holds_pin_the_soonest_to_expire(shop):
    earn(*shop, 10, expires_at=NOON + 9 * DAY)
    earn(*shop, 10, expires_at=NOON + 2 * DAY)
    earn(*shop, 10)

    hold(*shop, 15)

    held = dict(Lot.objects.of(shop[0]).values_list("number", "held"))
    assert held == {1: 5, 2: 10, 3: 0}


def test_bounds_and_strangers(shop):
    earn(*shop, 10)

    with pytest.raises(Invalid):
        hold(*shop, 0)
    with pytest.raises(Invalid):
        hold(*shop, 1, expires_in_seconds=0)
    with pytest.raises(NotFound):
        hold(shop[0], uuid4(), 1)
    with pytest.raises(NotFound):
        capture(shop[0], uuid4())
    hold_id = hold(*shop, 1)
    for act in (capture, release):
        with pytest.raises(NotFound):
            act(fresh_merchant(), hold_id)
    with pytest.raises(NotFound):
        queries.hold_view(merchant_id=fresh_merchant(), hold_id=hold_id, now=NOON)


def test_a_hold_made_and_ended_in_one_unit_is_one_row(shop):
    earn(*shop, 10)

    def act(purse, journal):
        held = purse.hold(journal, 4, id=uuid4(), at=NOON, expires_at=NOON + DAY)
        purse.capture(journal, held, 3, at=NOON)

    change(*shop, act)

    assert points(*shop).posted == 7
    assert verify(shop[0]) == []


def test_who_saw_an_older_purse_has_lost_even_if_its_sums_are_the_same_again(shop):
    """Hold A ends and hold B of the same size comes: versions and sums are as before, lots not."""
    earn(*shop, 5, expires_at=NOON + 2 * DAY)
    earn(*shop, 5, expires_at=NOON + 3 * DAY)
    on_the_first = hold(*shop, 5, expires_in_seconds=100 * HOUR)
    seen = load_purse(*shop, POINTS)
    hold(*shop, 5, expires_in_seconds=100 * HOUR)
    release(shop[0], on_the_first)
    now = load_purse(*shop, POINTS)
    assert (seen.version, seen.held, seen.next_due_at) == (now.version, now.held, now.next_due_at)

    journal, writes = Journal(), Writes()
    seen.debit(journal, 5, kind="redeem", cause=Cause("order", "ord_x"), at=NOON)
    recorder.add_to(writes, journal)
    with pytest.raises(LostRace), transaction.atomic():
        writes.record()

    assert points(*shop).available == 5
    assert verify(shop[0]) == []
    spend(*shop, 5)
    assert verify(shop[0]) == []
    assert not connection.in_atomic_block


def test_a_refund_moves_a_hold_to_other_lots_and_the_rows_say_so(shop):
    """A's points expire under a hold that outlives them; B's must not pay for A's return."""
    earn(*shop, 50, expires_at=NOON + DAY)
    hold_id = hold(*shop, 50, expires_in_seconds=3 * 24 * HOUR)
    earn(*shop, 50, cause=order_cause(2), at=NOON)

    journal = claw_back(*shop, 50, order=order_cause(), at=NOON)

    assert [event.topic for event in events_of(journal)] == ["points.reversed"]
    assert verify(shop[0]) == []
    assert (points(*shop).posted, points(*shop).held) == (50, 50)
    freed = NOON + 2 * DAY
    _, ended = release(shop[0], hold_id, now=freed)
    assert told(ended) == [("points.released", 50)]
    assert points(*shop, now=freed).available == 50
    assert verify(shop[0]) == []


def test_what_a_hold_was_moved_to_is_what_is_captured(shop):
    earn(*shop, 50, expires_at=NOON + DAY)
    hold_id = hold(*shop, 50, expires_in_seconds=3 * 24 * HOUR)
    earn(*shop, 80, cause=order_cause(2), at=NOON)
    claw_back(*shop, 30, order=order_cause(), at=NOON)

    capture(shop[0], hold_id, 40, now=NOON + 2 * DAY)

    left = Lot.objects.of(shop[0]).order_by("number").values_list("remaining", "expired", "held")
    assert list(left) == [(0, 0, 0), (60, 0, 0)]
    assert verify(shop[0]) == []
