"""The invariants that hold of every purse after every step, told without the oracle's help."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from regulars.modules.ledger.engine import Purse
from regulars.modules.ledger.types import Lot
from stateful.twin import OWED, Audit, Twin

Key = tuple[bool, float, datetime, int]


def check(twin: Twin, *, settled_at: datetime | None) -> None:
    """Everything; ``settled_at`` is set where the purse was brought up to that instant."""
    derived_from_postings(twin.purse, twin.audit)
    never_negative(twin.purse)
    lots_add_up(twin)
    holds_add_up(twin)
    due_is_not_late(twin)
    if settled_at is not None:
        nothing_overdue(twin.purse, settled_at)


def derived_from_postings(purse: Purse, audit: Audit) -> None:
    main, debt = audit.account(purse.asset), audit.account(purse.asset + OWED)
    assert (purse.balance, purse.version, purse.head) == (main.balance, main.version, main.head)
    assert (-purse.debt, purse.debt_version, purse.debt_head) == (
        debt.balance,
        debt.version,
        debt.head,
    )
    assert purse.available == main.balance - purse.held, "available = posted - held (I-02)"


def never_negative(purse: Purse) -> None:
    assert purse.available >= 0, "I-05"
    assert min(purse.balance, purse.held, purse.pending, purse.debt) >= 0, "I-05"
    assert not (purse.debt and purse.available), "points are free while debt is open"


def lots_add_up(twin: Twin) -> None:
    purse, taken = twin.purse, twin.audit.taken_of_lot
    assert sum(lot.remaining for lot in twin.lots.values()) == purse.balance, "I-06"
    for number, lot in twin.lots.items():
        consumed = lot.original - lot.remaining - lot.expired - lot.reversed
        assert min(consumed, lot.expired, lot.reversed) >= 0, "I-06"
        assert 0 <= lot.held <= lot.remaining <= lot.original, "I-06"
        assert 0 <= lot.forgone <= lot.expired
        assert taken[number] == lot.original - lot.remaining, "a lot differs from its postings"
    still_open = {number for number, lot in twin.lots.items() if lot.remaining}
    assert still_open == set(purse.lots)


def holds_add_up(twin: Twin) -> None:
    purse = twin.purse
    pinned: Counter[int] = Counter()
    for hold in purse.holds.values():
        assert (hold.status, hold.captured) == ("open", 0)
        assert sum(units for _, units in hold.parts) == hold.amount, "I-09"
        for number, units in hold.parts:
            pinned[number] += units
    assert sum(hold.amount for hold in purse.holds.values()) == purse.held, "I-02"
    assert all(lot.held == pinned[number] for number, lot in twin.lots.items()), "I-09"
    assert sum(pending.amount for pending in purse.pendings.values()) == purse.pending
    for row in twin.oracle.holds:
        still = row["amount"] if row["status"] == "open" else 0
        assert row["captured"] + row["voided"] + still == row["amount"], "I-09"


def due_is_not_late(twin: Twin) -> None:
    due = twin.oracle.next_due_at()
    if due is not None:
        assert twin.purse.next_due_at is not None
        assert twin.purse.next_due_at <= due, "something falls due before the purse says so"


def nothing_overdue(purse: Purse, now: datetime) -> None:
    for lot in purse.lots.values():
        usable = lot.expires_at is None or now < lot.expires_at
        assert usable or lot.remaining == lot.held, "an expired lot is still free (I-08)"
    assert all(now < pending.available_at for pending in purse.pendings.values())
    assert all(now < hold.expires_at for hold in purse.holds.values()), "I-09"


def soonest_first(lots: dict[int, Lot], touched: set[int]) -> None:
    """None of ``touched`` was used while an earlier lot still had something free (I-07)."""
    latest = max(_spend_key(lots[number]) for number in touched)
    for number, lot in lots.items():
        if number not in touched and lot.remaining > lot.held:
            assert _spend_key(lot) > latest, "a later lot was used before an earlier one (I-07)"
    for number in touched:
        if _spend_key(lots[number]) != latest:
            assert lots[number].remaining == lots[number].held, "an earlier lot was left (I-07)"


def _spend_key(lot: Lot) -> Key:
    if lot.expires_at is None:
        return (True, 0.0, lot.earned_at, lot.number)
    return (False, lot.expires_at.timestamp(), lot.earned_at, lot.number)
