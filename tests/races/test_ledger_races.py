"""Many at once on one purse: exactly as much is given as there is, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from makers.ledger import DAY, NOON, earn, fresh_merchant, make_member, order_cause
from makers.threads import at_once, refusals
from regulars.infra.db import LostRace, is_postgres, retrying
from regulars.infra.recording import Writes
from regulars.infra.writes import Asked, Outcome, once
from regulars.modules.ledger import queries, recorder, seals, services
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.errors import HoldEnded, InsufficientPoints
from regulars.modules.ledger.gather import load_purse
from regulars.modules.ledger.models import Account, Hold, Posting
from regulars.modules.ledger.types import POINTS, Cause
from regulars.modules.ledger.verification import verify

CROWDS = [2, 8, 32]


@pytest.fixture
def shop():
    merchant_id = fresh_merchant()
    return merchant_id, make_member(merchant_id)


def points(shop, now=NOON):
    return queries.balances(merchant_id=shop[0], member_id=shop[1], now=now)["points"]


def adjust(shop, amount, now=NOON):
    return services.adjust(
        merchant_id=shop[0], member_id=shop[1], amount=amount, reason="race", now=now
    )


def hold(shop, amount, seconds=3600):
    view, _ = services.hold(
        merchant_id=shop[0],
        member_id=shop[1],
        amount=amount,
        expires_in_seconds=seconds,
        now=NOON,
    )
    return UUID(view.id.removeprefix("hold_"))


def at_the_till(shop, amount, number):
    """As orders settle: seen without a lock, recorded where nobody was faster."""
    cause = Cause("order", f"ord_{number:032x}")

    def attempt():
        purse, journal, writes = load_purse(*shop, POINTS), Journal(), Writes()
        purse.catch_up(journal, NOON)
        if amount > 0:
            purse.credit(
                journal, amount, kind="earn", cause=cause, at=NOON, earned_at=NOON, expires_at=None
            )
        else:
            purse.debit(journal, -amount, kind="redeem", cause=cause, at=NOON)
        recorder.add_to(writes, journal)
        writes.record()

    def unit():
        if is_postgres():
            return attempt()
        with transaction.atomic():
            return attempt()

    return retrying(unit, tries=60)


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.parametrize("way", ["adjust", "hold", "till"])
def test_ten_points_and_many_spenders(shop, crowd, way):
    earn(*shop, 4, expires_at=NOON + DAY)
    earn(*shop, 6)
    acts = {
        "adjust": [partial(adjust, shop, -1)] * crowd,
        "hold": [partial(hold, shop, 1)] * crowd,
        "till": [partial(at_the_till, shop, -1, number) for number in range(crowd)],
    }

    found = at_once(*acts[way])

    refused = refusals(found)
    assert crowd - len(refused) == min(crowd, 10)
    assert {type(error) for error in refused} <= {InsufficientPoints}
    assert points(shop).available == 10 - min(crowd, 10)
    assert verify(shop[0]) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_holds_against_holds_against_adjustments_and_tills(shop, crowd):
    earn(*shop, 30)
    kinds = [
        partial(hold, shop, 3),
        partial(adjust, shop, -3),
        partial(at_the_till, shop, -3, 7),
        partial(adjust, shop, 3),
    ]

    found = at_once(*[kinds[number % 4] for number in range(crowd)])

    assert {type(error) for error in refusals(found)} <= {InsufficientPoints}
    now = points(shop)
    spent = [kind for kind, one in enumerate(found) if not isinstance(one, Exception)]
    moved = sum(3 if kind % 4 == 3 else -3 for kind in spent if kind % 4)
    assert now.posted == 30 + moved
    assert now.held == 3 * Hold.objects.of(shop[0]).count()
    assert now.available >= 0
    assert verify(shop[0]) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_hold_ends_once_however_many_capture_and_release_it(shop, crowd):
    earn(*shop, 30)
    hold_id = hold(shop, 10)
    kinds = [
        lambda: services.capture(merchant_id=shop[0], hold_id=hold_id, amount=4, now=NOON),
        lambda: services.release(merchant_id=shop[0], hold_id=hold_id, now=NOON),
    ]

    found = at_once(*[kinds[number % 2] for number in range(crowd)])

    refused = refusals(found)
    assert len(refused) == crowd - 1
    assert {type(error) for error in refused} == {HoldEnded}
    ended = Hold.objects.of(shop[0]).get()
    now = points(shop)
    assert (now.posted, now.held) == (26 if ended.status == "captured" else 30, 0)
    assert verify(shop[0]) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_hold_that_runs_out_is_captured_or_expires_never_both(shop, crowd):
    """The captures come a microsecond before its end, the jobs at it."""
    earn(*shop, 30, expires_at=NOON + timedelta(seconds=30))
    hold_id = hold(shop, 10, seconds=60)
    ends = NOON + timedelta(seconds=60)
    just_before = ends - timedelta(microseconds=1)
    kinds = [
        lambda: services.capture(merchant_id=shop[0], hold_id=hold_id, now=just_before),
        lambda: services.expire_and_activate(merchant_id=shop[0], now=ends),
    ]

    found = at_once(*[kinds[number % 2] for number in range(crowd)])

    assert {type(error) for error in refusals(found)} <= {HoldEnded}
    captured = len([one for one in found if isinstance(one, tuple)])
    ended = Hold.objects.of(shop[0]).get()
    assert (captured, ended.status) in ((1, "captured"), (0, "expired"))
    kinds_posted = Posting.objects.of(shop[0]).values_list("kind", "amount")
    spent = -sum(amount for kind, amount in kinds_posted if kind == "redeem")
    expired = -sum(amount for kind, amount in kinds_posted if kind == "expire")
    assert (spent, expired) == ((10, 20) if captured else (0, 30))
    assert points(shop, ends).posted == 0
    assert verify(shop[0]) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_one_reference_is_spent_once_and_everyone_gets_the_same_answer(shop, crowd):
    earn(*shop, 100)
    asked = Asked(
        merchant_id=shop[0],
        actor="key:1",
        operation="points.adjust",
        key="till-7",
        fingerprint="f" * 32,
        now=NOON,
    )

    def act():
        view, _ = adjust(shop, -10)
        return Outcome(status=201, body={"id": view.id}, subject=view.id)

    found = at_once(*[partial(once, asked, act)] * crowd)

    assert refusals(found) == []
    assert len({answer.text for answer in found}) == 1
    assert [answer.replayed for answer in found].count(False) == 1
    assert points(shop).posted == 90
    assert verify(shop[0]) == []


@pytest.mark.parametrize("crowd", CROWDS)
def test_the_first_points_of_a_member_come_from_everywhere_at_once(shop, crowd):
    kinds = [partial(adjust, shop, 1), partial(at_the_till, shop, 1, 3)]

    found = at_once(*[kinds[number % 2] for number in range(crowd)])

    assert refusals(found) == []
    assert points(shop).posted == crowd
    assert verify(shop[0]) == []


def test_the_sweep_beside_tills_posts_every_expiry_once(monkeypatch):
    monkeypatch.setattr(services, "DUE_BATCH", 7)
    merchant_id = fresh_merchant()
    members = [make_member(merchant_id) for _ in range(30)]
    for member_id in members:
        earn(merchant_id, member_id, 5, at=NOON - 2 * DAY, expires_at=NOON)
    sweep = partial(services.expire_and_activate, merchant_id=merchant_id, now=NOON)
    tills = [
        partial(at_the_till, (merchant_id, member_id), 2, number)
        for number, member_id in enumerate(members[:12])
    ]

    found = at_once(sweep, sweep, sweep, sweep, *tills)

    assert refusals(found) == []
    assert Posting.objects.of(merchant_id).filter(kind="expire").count() == 30
    balances = Account.objects.of(merchant_id).values_list("balance", flat=True)
    assert sorted(balances) == [0] * 18 + [2] * 12
    assert verify(merchant_id) == []


def test_seals_number_themselves_without_gap_while_others_write_and_verify(shop):
    earn(*shop, 5)
    seal = partial(seals.seal, merchant_id=shop[0], now=NOON)
    tills = [partial(at_the_till, shop, 1, number) for number in range(8)]
    checks = [partial(verify, shop[0])] * 4

    found = at_once(*[seal] * 6, *tills, *checks)

    assert refusals(found) == []
    assert found[-4:] == [[]] * 4
    assert [sealed.number for sealed in seals.seals(shop[0])] == [1, 2, 3, 4, 5, 6]
    seal()
    assert verify(shop[0]) == []


def test_two_orders_of_one_member_cannot_use_one_posting_number(shop):
    """Sabotage in reverse: without the guard the second would write over the first."""
    earn(*shop, 10)
    one, two = load_purse(*shop, POINTS), load_purse(*shop, POINTS)
    for purse, expect in ((one, True), (two, False)):
        journal, writes = Journal(), Writes()
        purse.debit(journal, 10, kind="redeem", cause=order_cause(1), at=NOON)
        recorder.add_to(writes, journal)
        try:
            with transaction.atomic():
                writes.record()
        except Exception:
            assert not expect
        else:
            assert expect
    assert points(shop).posted == 0
    assert verify(shop[0]) == []


def test_a_large_unit_that_loses_leaves_nothing(shop):
    """Hundreds of rows go in as a statement of their own: still all or nothing."""
    earn(*shop, 10)
    purse, journal, writes = load_purse(*shop, POINTS), Journal(), Writes()
    for number in range(300):
        purse.credit(
            journal,
            1,
            kind="earn",
            cause=order_cause(number),
            at=NOON,
            earned_at=NOON,
            expires_at=None,
        )
    hold(shop, 1)  # changes the account and no posting: only the guard can tell
    recorder.add_to(writes, journal)

    def unit():
        if is_postgres():
            writes.record()
            return
        with transaction.atomic():
            writes.record()

    with pytest.raises((LostRace, IntegrityError)):
        unit()

    assert points(shop).posted == 10
    assert Posting.objects.of(shop[0]).count() == 1
    assert verify(shop[0]) == []
