"""The same acts through the database: recorded, dropped, loaded anew, and raced."""

from __future__ import annotations

import copy
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from secrets import randbelow
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import IntegrityError
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from regulars.infra.db import LostRace, Sql, fetch_one, is_postgres, write_transaction
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.ledger import recorder
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import ACCOUNT_COLUMNS, Purses, purse_of_row
from regulars.modules.ledger.restoring import last_spent_first, restore
from regulars.modules.ledger.types import GROWTH_VALUE, POINTS, Cause, Pending
from stateful import rows
from stateful.machine import (
    AMOUNTS,
    LIVES,
    SHARES,
    WHICH,
    LedgerMachine,
    midnight_after,
    now_and_then,
    share_of,
)
from stateful.twin import Twin

ACTS = st.sampled_from(
    ["credit", "promise", "spend", "hold", "capture", "release", "clawback", "give back"]
)
_ACCOUNT = Sql(
    f"SELECT {ACCOUNT_COLUMNS} FROM ledger_account WHERE merchant_id = :merchant_id "
    "AND member_id = :member_id AND asset = :asset"
)


@dataclass
class Beside:
    """A purse that somebody else loaded, and the rows as they were then."""

    twin: Twin
    purse: Purse
    purses: Purses
    rows: list[list[tuple[Any, ...]]]


def has_beside(self: RecordedMachine) -> bool:
    return self.beside is not None


class RecordedMachine(LedgerMachine):
    """Two members, three purses; one unit of work holds one act or several."""

    races: ClassVar[Counter[str]] = Counter()

    def open_twins(self) -> list[Twin]:
        # Not from `random`: Hypothesis seeds that anew for every example.
        self.merchant_id = 10**9 + randbelow(2**52 - 10**9)
        first, second = new_id(), new_id()
        self.acts = 0
        self.acts_per_unit = 1
        self.beside: Beside | None = None
        twins = [
            Twin(merchant_id=self.merchant_id, member_id=member_id, asset=asset)
            for member_id, asset in ((first, POINTS), (first, GROWTH_VALUE), (second, POINTS))
        ]
        self.committed = [_state(twin) for twin in twins]
        return twins

    @initialize(acts=st.sampled_from([1, 1, 3]))
    def size_of_units(self, acts: int) -> None:
        self.acts_per_unit = acts

    # ── units of work ─────────────────────────────────────────────────────────────────────

    def end(self) -> None:
        self.absorb()
        self.acts += 1
        if self.acts >= self.acts_per_unit:
            self.commit()

    def commit(self) -> None:
        self.acts = 0
        self._write(self.journal)
        recorder.settled(self.journal)
        self.journal, self.followed = Journal(), (0, 0)
        self.committed = [_state(twin) for twin in self.twins]
        for twin in self.twins:
            rows.agree(twin)

    def _write(self, journal: Journal) -> None:
        writes = Writes()
        recorder.add_to(writes, journal)
        # One statement is a unit by itself on PostgreSQL; both shapes are used in turn.
        alone = is_postgres() and self.steps % 2 == 0
        with nullcontext() if alone else write_transaction():
            writes.record()

    def reload(self, twin: Twin) -> None:
        purses = Purses(self.merchant_id, [twin.member_id], causes=list(twin.earned_left))
        twin.purse = purses.of(twin.member_id, twin.asset)
        twin.lots = {
            lot.number: lot
            for cause_id in twin.earned_left
            for lot in purses.own_lots(twin.asset, cause_id)
        }

    @precondition(now_and_then(6))
    @rule(which=WHICH)
    def close_and_reopen(self, which: int) -> None:
        twin = self.begin("close and reopen", which)
        self.commit()
        self.reload(twin)

    @precondition(now_and_then(9))
    @rule(which=WHICH)
    def crash(self, which: int) -> None:
        """What was not recorded has never been."""
        self.begin("crash", which)
        self.journal, self.followed, self.acts = Journal(), (0, 0), 0
        self.settled = set()
        for twin, state in zip(self.twins, self.committed, strict=True):
            twin.__dict__.update(copy.deepcopy(state))
            self.reload(twin)
            rows.agree(twin)

    # ── other ways in ─────────────────────────────────────────────────────────────────────

    @precondition(now_and_then(4))
    @rule(which=WHICH, amount=AMOUNTS, life=LIVES, wait=LIVES)
    def earn_blind(self, which: int, amount: int, life: int | None, wait: int | None) -> None:
        """A credit on the account row alone, as an order is settled when nothing is due."""
        twin = self.begin("earn blind", which)
        self.commit()
        place = {
            "merchant_id": self.merchant_id, "member_id": twin.member_id, "asset": twin.asset,
        }  # fmt: skip
        row = fetch_one(_ACCOUNT, place)
        if row is None:
            return
        twin.purse = purse_of_row(self.merchant_id, twin.member_id, row, complete=False)
        twin.credit(
            self.journal,
            amount,
            cause=self.cause("order"),
            at=self.now,
            available_at=midnight_after(self.now, wait),
            expires_at=midnight_after(self.now, life),
            promise_id=self.uuid(),
        )
        self.absorb()
        self._write(self.journal)
        self._start_over(twin)

    def _start_over(self, twin: Twin) -> None:
        """Go on from the rows, which somebody else wrote."""
        self.journal, self.followed, self.acts = Journal(), (0, 0), 0
        self.reload(twin)
        self.committed = [_state(twin) for twin in self.twins]
        rows.agree(twin)

    # ── races ─────────────────────────────────────────────────────────────────────────────

    @precondition(now_and_then(5))
    @rule(which=WHICH)
    def load_beside(self, which: int) -> None:
        twin = self.begin("load beside", which)
        self.commit()
        purses = Purses(self.merchant_id, [twin.member_id], causes=list(twin.earned_left))
        purse = purses.of(twin.member_id, twin.asset)
        self.beside = Beside(twin, purse, purses, rows.fingerprint(self.merchant_id, twin))

    @precondition(has_beside)
    @rule(act=ACTS, share=SHARES)
    def write_from_beside(self, act: str, share: int) -> None:
        """Who writes from rows that have changed since loses, and leaves no trace."""
        assert self.beside is not None
        beside, self.beside = self.beside, None
        twin, other = beside.twin, Journal()
        self.begin("write from beside", self.twins.index(twin))
        self.commit()
        if rows.fingerprint(self.merchant_id, twin) == beside.rows:
            self._win(beside, share)
            return
        beside.purse.catch_up(other, self.now)
        _act(beside, other, act, share, at=self.now, id_=self.uuid(), cause=self.cause("order"))
        everything = rows.fingerprint(self.merchant_id)
        with pytest.raises((LostRace, IntegrityError)):
            self._write(other)
        assert rows.fingerprint(self.merchant_id) == everything, "a loser left a trace"
        self._count("lost")

    def _win(self, beside: Beside, amount: int) -> None:
        """Nobody wrote meanwhile: what was loaded beside is as good as the first."""
        twin, other = beside.twin, Journal()
        twin.purse = beside.purse
        twin.credit(
            other,
            amount,
            cause=self.cause("order"),
            at=self.now,
            available_at=None,
            expires_at=None,
            promise_id=self.uuid(),
        )
        self._write(other)
        twin.absorb(other.postings, [])
        self._start_over(twin)
        self._count("won")

    def _count(self, verdict: str) -> None:
        event(f"race {verdict}")
        self.races[verdict] += 1


def _state(twin: Twin) -> dict[str, Any]:
    """What a twin knows besides the rows."""
    names = ("oracle", "audit", "earned_left", "paid", "entries_compared")
    return copy.deepcopy({name: getattr(twin, name) for name in names})


def _act(
    beside: Beside,
    journal: Journal,
    act: str,
    share: int,
    *,
    at: datetime,
    id_: UUID,
    cause: Cause,
) -> None:
    """Do ``act`` on the purse loaded beside; where it cannot be, credit instead."""
    purse, asset = beside.purse, beside.twin.asset
    amount = share_of(purse.available, share)
    hold = next(iter(purse.holds.values()), None)
    order = next((Cause("order", id_) for id_ in beside.twin.earned_left), cause)
    later = at + timedelta(hours=1)
    paid = next((paid for paid in beside.twin.paid if paid.left), None)
    if act == "spend" and purse.available:
        purse.debit(journal, amount, kind="redeem", cause=cause, at=at)
    elif act == "hold" and purse.available:
        purse.hold(journal, amount, id=id_, at=at, expires_at=later)
    elif act == "capture" and hold is not None:
        purse.capture(journal, hold, share_of(hold.amount, share), at=at)
    elif act == "release" and hold is not None:
        purse.release(journal, hold, at=at)
    elif act == "clawback":
        own = beside.purses.own_lots(asset, order.id)
        purse.clawback(journal, share, order=order, cause=cause, at=at, own_lots=own)
    elif act == "give back" and paid is not None:
        parts = last_spent_first(paid.parts, before=paid.returned, after=paid.returned + 1)
        known = partial(beside.purses.lot, beside.twin.member_id, asset)
        restore(
            purse, journal, parts, known=known, reverses=paid.entry, cause=cause, at=at,
            least_until=later,
        )  # fmt: skip
    elif act == "promise":
        purse.promise(journal, Pending(id_, asset, share, at, later, None, *cause))
    else:
        purse.credit(journal, share, kind="earn", cause=cause, at=at, earned_at=at, expires_at=None)
