"""What may be taken, what counts, and when it is free again: told one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from makers.ledger import fresh_merchant
from regulars.infra.db import LostRace
from regulars.infra.recording import Writes
from regulars.modules.budgets.errors import BudgetTaken, ClaimEnded
from regulars.modules.budgets.gather import MOST_RUN_OUT, claims_of_owner, look
from regulars.modules.budgets.models import Claim, Counter
from regulars.modules.budgets.services import free_run_out
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.verification import verify

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
END = NOON + timedelta(minutes=15)
JUST_BEFORE = END - timedelta(microseconds=1)


@pytest.fixture
def shop() -> int:
    return fresh_merchant()


def sheet_of(shop: int, *keys: str, now: datetime = NOON) -> Sheet:
    return Sheet(shop, look(shop, keys, now), now)


def record(sheet: Sheet) -> None:
    writes = Writes()
    sheet.add_to(writes)
    with transaction.atomic():
        writes.record()


def take(
    shop: int,
    owner: str,
    *,
    key: str = "k",
    amount: int = 1,
    most: int | None = 3,
    now: datetime = NOON,
    until: datetime | None = END,
    beside: tuple[str, ...] = (),
) -> None:
    sheet = sheet_of(shop, key, *beside, now=now)
    sheet.claim(owner=owner, key=key, amount=amount, most=most, expires_at=until, beside=beside)
    record(sheet)


def taken(shop: int, key: str = "k") -> int:
    return Counter.objects.of(shop).get(key=key).taken


def test_a_limit_is_reached_and_never_passed(shop: int) -> None:
    take(shop, "q1", amount=2)
    with pytest.raises(BudgetTaken):
        take(shop, "q2", amount=2)
    take(shop, "q3", amount=1)
    assert taken(shop) == 3
    assert look(shop, ["k", "other"], NOON).used("k") == 3
    assert look(shop, ["k", "other"], NOON).used("other") == 0


def test_without_a_limit_it_is_only_counted(shop: int) -> None:
    for owner in ("q1", "q2"):
        take(shop, owner, amount=10**12, most=None)
    assert taken(shop) == 2 * 10**12


def test_a_stale_look_writes_nothing(shop: int) -> None:
    stale = sheet_of(shop, "k")
    stale.claim(owner="slow", key="k", amount=3, most=3, expires_at=END)
    take(shop, "fast")
    with pytest.raises(LostRace):
        record(stale)
    assert (taken(shop), Claim.objects.of(shop).count()) == (1, 1)


def test_the_same_owner_takes_a_key_once(shop: int) -> None:
    take(shop, "q1")
    with pytest.raises(IntegrityError):
        take(shop, "q1")
    assert taken(shop) == 1


def test_an_open_claim_counts_until_its_end_and_not_at_it(shop: int) -> None:
    take(shop, "q1", amount=3)
    with pytest.raises(BudgetTaken):
        take(shop, "q2", now=JUST_BEFORE)
    assert look(shop, ["k"], END).used("k") == 0, "nothing ran, and it is free"
    take(shop, "q2", now=END, until=None)
    assert taken(shop) == 1
    states = dict(Claim.objects.of(shop).values_list("owner", "state"))
    assert states == {"q1": "released", "q2": "committed"}
    assert verify(shop) == []


def test_a_committed_claim_stays_and_can_be_given_back_once(shop: int) -> None:
    take(shop, "q1", amount=2)
    sheet = sheet_of(shop, now=JUST_BEFORE)
    sheet.commit(claims_of_owner(shop, "q1"), owner="o1")
    record(sheet)
    assert free_run_out(shop, END + timedelta(days=9)) == 0
    assert claims_of_owner(shop, "q1") == ()
    (claim,) = claims_of_owner(shop, "o1")
    assert (claim.state, claim.amount, claim.expires_at) == ("committed", 2, None)
    again = sheet_of(shop)
    with pytest.raises(ClaimEnded):
        again.commit([claim], owner="o2")
    for _ in range(2):
        back = sheet_of(shop)
        back.release(claims_of_owner(shop, "o1"))
        record(back)
        assert taken(shop) == 0
    stale = sheet_of(shop)
    stale.release([claim])
    with pytest.raises(LostRace):
        record(stale)
    assert verify(shop) == []


def test_a_claim_that_ran_out_cannot_be_committed(shop: int) -> None:
    take(shop, "q1")
    claims = claims_of_owner(shop, "q1")
    with pytest.raises(ClaimEnded):
        sheet_of(shop, now=END).commit(claims, owner="o1")


def test_the_job_frees_what_ran_out(shop: int) -> None:
    for number in range(3):
        take(shop, f"q{number}")
    take(shop, "later", key="other", until=END + timedelta(hours=1))
    assert free_run_out(shop, JUST_BEFORE) == 0
    assert free_run_out(shop, END) == 3
    assert (taken(shop), taken(shop, "other")) == (0, 1)
    assert free_run_out(shop, END) == 0
    assert verify(shop) == []


def test_more_than_one_batch_runs_out(shop: int) -> None:
    sheet = sheet_of(shop)
    for number in range(MOST_RUN_OUT + 5):
        sheet.claim(owner=f"q{number}", key="k", amount=1, most=None, expires_at=END)
    record(sheet)
    assert look(shop, ["k"], END).used("k") == 5, "the rest counts until it is freed"
    assert free_run_out(shop, END) == MOST_RUN_OUT + 5
    assert taken(shop) == 0


def test_a_limit_that_was_lowered_stops_new_claims_and_no_returns(shop: int) -> None:
    take(shop, "q1", amount=3)
    with pytest.raises(BudgetTaken):
        take(shop, "q2", most=1)
    back = sheet_of(shop)
    back.release(claims_of_owner(shop, "q1"))
    record(back)
    take(shop, "q2", most=1)
    assert taken(shop) == 1


def test_records_of_one_person_count_together(shop: int) -> None:
    take(shop, "q1", key="old")
    take(shop, "q2", key="new", most=2, beside=("old",))
    with pytest.raises(BudgetTaken):
        take(shop, "q3", key="new", most=2, beside=("old",))
    seen = look(shop, ["old", "new"], NOON)
    assert (seen.used("old"), seen.used("new")) == (1, 1)
    take(shop, "q3", key="new", most=2, beside=("old",), now=END)
    assert (taken(shop, "old"), taken(shop, "new")) == (0, 1), "both old claims were freed"
    assert verify(shop) == []


def test_a_sheet_moves_a_counter_in_one_row(shop: int) -> None:
    take(shop, "q1", amount=2)
    sheet = sheet_of(shop, "k")
    sheet.release(claims_of_owner(shop, "q1"))
    sheet.claim(owner="q2", key="k", amount=2, most=3, expires_at=END)
    sheet.claim(owner="q3", key="k", amount=1, most=3, expires_at=END)
    with pytest.raises(BudgetTaken):
        sheet.claim(owner="q4", key="k", amount=1, most=3, expires_at=END)
    record(sheet)
    assert taken(shop) == 3
    assert verify(shop) == []


def test_verification_sees_a_counter_that_says_something_else(shop: int) -> None:
    take(shop, "q1")
    Counter.objects.of(shop).filter(key="k").update(taken=2)
    (fault,) = verify(shop)
    assert (fault.key, fault.detail) == ("k", "2 is counted, 1 is claimed")
    Counter.objects.of(shop).filter(key="k").update(taken=1)
    Claim.objects.of(shop).update(state="released")
    assert len(verify(shop)) == 1


def test_merchants_count_apart(shop: int) -> None:
    take(shop, "q1", amount=3)
    take(fresh_merchant(), "q1", amount=3)
    assert taken(shop) == 3
