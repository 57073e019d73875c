"""Units of work so large that the recorder writes them another way are still all or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError

from makers.ledger import fresh_merchant
from regulars.infra.db import LostRace, is_postgres, write_transaction
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.ledger import recorder
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import Purses
from regulars.modules.ledger.types import POINTS, Cause, Pending
from stateful import rows

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MANY = 450
LATER = START + DAY * 500


def write(journal: Journal, *, alone: bool) -> None:
    writes = Writes()
    recorder.add_to(writes, journal)
    if alone and is_postgres():
        writes.record()
        return
    with write_transaction():
        writes.record()


def load(merchant_id: int, member_id: UUID) -> Purse:
    return Purses(merchant_id, [member_id]).of(member_id, POINTS)


@pytest.mark.parametrize("alone", [True, False])
def test_a_large_unit_that_loses_its_race_leaves_no_trace(alone: bool) -> None:
    merchant_id, member_id = fresh_merchant(), new_id()
    purse, journal = load(merchant_id, member_id), Journal()
    for number in range(MANY):
        cause = Cause("order", f"ord_{number:032x}")
        due = START + DAY * (number + 1)
        pending = Pending(new_id(), POINTS, 5, START, due, due + DAY * 30, *cause)
        purse.promise(journal, pending)
    write(journal, alone=alone)

    slow, fast = load(merchant_id, member_id), load(merchant_id, member_id)
    late, early = Journal(), Journal()
    slow.catch_up(late, LATER)
    assert len(late.postings) > MANY
    cause = Cause("order", f"ord_{MANY:032x}")
    fast.credit(early, 1, kind="earn", cause=cause, at=START, earned_at=START, expires_at=None)
    write(early, alone=alone)

    before = rows.fingerprint(merchant_id)
    with pytest.raises((LostRace, IntegrityError)):
        write(late, alone=alone)
    assert rows.fingerprint(merchant_id) == before


@pytest.mark.parametrize("alone", [True, False])
def test_a_large_unit_is_written_whole(alone: bool) -> None:
    merchant_id, member_id = fresh_merchant(), new_id()
    purse, journal = load(merchant_id, member_id), Journal()
    for number in range(MANY):
        cause = Cause("order", f"ord_{number:032x}")
        at = START + DAY * number
        purse.credit(
            journal, 5, kind="earn", cause=cause, at=at, earned_at=at, expires_at=at + DAY * 30
        )
    purse.catch_up(journal, LATER)
    figures = (purse.balance, purse.version, purse.head, sorted(purse.lots))
    write(journal, alone=alone)

    again = load(merchant_id, member_id)
    assert (again.balance, again.version, again.head, sorted(again.lots)) == figures


@pytest.mark.parametrize("alone", [True, False])
def test_a_hold_from_rows_that_changed_since_is_lost(alone: bool) -> None:
    """A hold posts nothing, so no key stands in the way of a second one: the guard alone does."""
    merchant_id, member_id = fresh_merchant(), new_id()
    purse, journal = load(merchant_id, member_id), Journal()
    cause = Cause("order", f"ord_{1:032x}")
    purse.credit(journal, 100, kind="earn", cause=cause, at=START, earned_at=START, expires_at=None)
    write(journal, alone=alone)

    slow, fast = load(merchant_id, member_id), load(merchant_id, member_id)
    late, early = Journal(), Journal()
    for held, into in ((fast, early), (slow, late)):
        held.hold(into, 80, id=new_id(), at=START, expires_at=LATER)
    write(early, alone=alone)

    before = rows.fingerprint(merchant_id)
    with pytest.raises(LostRace):
        write(late, alone=alone)
    assert rows.fingerprint(merchant_id) == before
