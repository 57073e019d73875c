"""A return is the exact inverse of its purchase, whatever happened in between (I-11, T-07)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from earning_orders import Order, kept, orders
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.earning.rules import earned
from regulars.modules.earning.types import Frozen
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import POINTS, Cause, Lot, Pending
from stateful.oracle import Oracle

EXAMPLES = settings(max_examples=300, deadline=None, database=None)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ORDER = Cause("order", f"ord_{1:032x}")
OTHER = Cause("order", f"ord_{2:032x}")
REFUND = Cause("refund", f"ref_{3:032x}")


class Returns:
    """One order on a purse, and its return in steps; checks I-11 after each."""

    def __init__(self, order: Order, purse: Purse, journal: Journal) -> None:
        self.frozen, self.nets, self.quantities = order
        self.purse, self.journal = purse, journal
        self.back = [0] * len(self.nets)
        self.first = self.net = earned(self.frozen, self.nets)

    def earn(
        self, at: datetime, *, available_at: datetime | None, expires_at: datetime | None
    ) -> None:
        if not self.first:
            return
        if available_at is not None:
            id_ = UUID(int=9)
            self.purse.promise(
                self.journal, Pending(id_, POINTS, self.first, at, available_at, expires_at, *ORDER)
            )
            return
        self.purse.credit(
            self.journal,
            self.first,
            kind="earn",
            cause=ORDER,
            at=at,
            earned_at=at,
            expires_at=expires_at,
        )

    def own_lots(self) -> list[Lot]:
        return [lot for _, lot in self.journal.new_lots if lot.cause_id == ORDER.id]

    def whole(self) -> bool:
        return self.back == self.quantities

    def give_back(self, line: int, units: int, at: datetime) -> int:
        """Return units of a line; what the clawback took from others or told as debt."""
        self.back[line] += units
        still = earned(self.frozen, kept(self.nets, self.quantities, self.back))
        amount = self.net - still
        assert amount >= 0, "a return earned something"
        self.net = still
        if not amount:
            return 0
        before = self._own_value()
        self.purse.clawback(
            self.journal, amount, order=ORDER, cause=REFUND, at=at, own_lots=self.own_lots()
        )
        return amount - (before - self._own_value())

    def _own_value(self) -> int:
        """What of the order is there still: pending, left in its lots, or expired and uncounted."""
        lots = sum(lot.remaining + lot.expired - lot.forgone for lot in self.own_lots())
        pending = [p for p in self.purse.pendings.values() if p.cause_id == ORDER.id]
        return lots + sum(p.amount for p in pending)


def empty_purse() -> Purse:
    return Purse(merchant_id=1, member_id=UUID(int=7), asset=POINTS)


def open_lines(returns: Returns) -> list[int]:
    return [i for i, q in enumerate(returns.quantities) if returns.back[i] < q]


@pytest.mark.parametrize("ends", ["released", "runs out", "captured"])
@pytest.mark.parametrize("lot_life", [None, 1, 5])
def test_points_held_while_their_order_is_returned(ends: str, lot_life: int | None) -> None:
    purse, journal = empty_purse(), Journal()
    returns = Returns((Frozen(per_minor=1, amount=1, tier_bps=10_000), [100], [1]), purse, journal)
    expires_at = None if lot_life is None else NOON + DAY * lot_life
    returns.earn(NOON, available_at=None, expires_at=expires_at)
    until = NOON + DAY * 3
    hold = purse.hold(journal, 60, id=UUID(int=5), at=NOON, expires_at=until)
    returns.give_back(0, 1, NOON)
    assert (purse.balance, purse.available, purse.debt) == (60, 0, 60)

    moment = until if ends == "runs out" else NOON + DAY * 2
    purse.catch_up(journal, moment)
    if ends == "captured":
        purse.capture(journal, hold, 60, at=moment)
        assert (purse.balance, purse.debt) == (0, 60)
        return
    if ends == "released":
        purse.release(journal, hold, at=moment)
    assert (purse.balance, purse.held, purse.debt) == (0, 0, 0)


def test_what_expired_is_counted_as_gone_once_over_two_returns() -> None:
    """Of 100 points 60 are spent and 40 expire; two returns of 50 leave the 60 owed."""
    purse, journal = empty_purse(), Journal()
    returns = Returns((Frozen(per_minor=1, amount=1, tier_bps=10_000), [100], [2]), purse, journal)
    returns.earn(NOON, available_at=None, expires_at=NOON + DAY)
    purse.debit(journal, 60, kind="redeem", cause=OTHER, at=NOON)
    purse.catch_up(journal, NOON + DAY * 2)
    assert [returns.give_back(0, 1, NOON + DAY * day) for day in (2, 3)] == [10, 50]
    assert (purse.balance, purse.debt) == (0, 60)


@given(data=st.data(), order=orders(max_lines=50), pending=st.booleans())
@EXAMPLES
def test_any_sequence_of_returns_leaves_what_the_kept_part_earns(
    data: st.DataObject, order: Order, pending: bool
) -> None:
    purse = empty_purse()
    returns = Returns(order, purse, Journal())
    returns.earn(NOON, available_at=NOON + DAY if pending else None, expires_at=None)
    while lines := open_lines(returns):
        line = data.draw(st.sampled_from(lines))
        units = data.draw(st.integers(1, returns.quantities[line] - returns.back[line]))
        assert returns.give_back(line, units, NOON) == 0
        assert purse.balance + purse.pending == returns.net
        assert purse.debt == 0
    assert (purse.balance, purse.pending, purse.debt, purse.lots) == (0, 0, 0, {})


@given(order=orders(max_lines=5))
@settings(max_examples=40, deadline=None, database=None)
def test_lines_may_come_back_in_any_order(order: Order) -> None:
    for places in permutations(range(len(order[1]))):
        purse = empty_purse()
        returns = Returns(order, purse, Journal())
        returns.earn(NOON, available_at=None, expires_at=None)
        for line in places:
            returns.give_back(line, returns.quantities[line], NOON)
            assert purse.balance == returns.net
        assert (purse.balance, purse.debt) == (0, 0)


class Lives:
    """A member with the order, and beside it the same member without: an oracle that spends only
    what the other spent of its own, and loses what the return took from others or as debt."""

    def __init__(self, order: Order) -> None:
        self.journal, self.purse, self.without = Journal(), empty_purse(), Oracle()
        self.returns = Returns(order, self.purse, self.journal)
        self.now = NOON
        self.lost = 0

    def until(self, now: datetime) -> None:
        self.now = now
        self.purse.catch_up(self.journal, now)
        self.without.fall_due(now)

    def earn_elsewhere(self, amount: int, expires_at: datetime | None) -> None:
        now = self.now
        self.purse.credit(
            self.journal,
            amount,
            kind="earn",
            cause=OTHER,
            at=now,
            earned_at=now,
            expires_at=expires_at,
        )
        self.without.credit(
            amount=amount,
            kind="earn",
            order=OTHER.id,
            at=now,
            earned_at=now,
            expires_at=expires_at,
        )

    def spend(self, share: int) -> None:
        amount = self.purse.available * share // 100
        if not amount:
            return
        cause = Cause("redemption", f"red_{4:032x}")
        self.purse.debit(self.journal, amount, kind="redeem", cause=cause, at=self.now)
        own = {lot.number for lot in self.returns.own_lots()}
        parts = json.loads(self.journal.postings[-1].parts or "[]")
        rest = sum(units for number, units in parts if number not in own)
        if rest:
            self.without.spend(amount=rest, kind="redeem", at=self.now)

    def give_back(self, line: int, units: int) -> None:
        lost = self.returns.give_back(line, units, self.now)
        if lost:
            self.without.clawback(order="none", amount=lost, at=self.now)
            self.lost += lost

    def spent_of_order(self) -> int:
        return sum(
            lot.original - lot.remaining - lot.expired - lot.reversed
            for lot in self.returns.own_lots()
        )

    def check(self) -> None:
        purse, without = self.purse, self.without
        own = self.returns.own_lots()
        own_left = sum(lot.remaining for lot in own)
        assert purse.balance - own_left == without.balance()
        assert purse.debt == without.debt()
        others = [lot for _, lot in self.journal.new_lots if lot not in own]
        assert [(lot.original, lot.remaining, lot.expired) for lot in others] == [
            (lot["original"], lot["remaining"], lot["expired"]) for lot in without.lots
        ]
        assert self.lost <= self.spent_of_order()


ACTS = st.sampled_from(["earn", "spend", "wait", "return", "return"])


@given(
    data=st.data(),
    order=orders(max_lines=4),
    pending=st.one_of(st.none(), st.integers(1, 3)),
    life=st.one_of(st.none(), st.integers(1, 4)),
    acts=st.lists(st.tuples(ACTS, st.integers(1, 100), st.integers(0, 4)), max_size=14),
)
@settings(max_examples=600, deadline=None, database=None)
def test_after_its_return_an_order_has_taken_what_was_spent_of_it_and_no_more(
    data: st.DataObject,
    order: Order,
    pending: int | None,
    life: int | None,
    acts: list[tuple[str, int, int]],
) -> None:
    lives = Lives(order)
    lives.earn_elsewhere(50, NOON + 2 * DAY)
    lives.earn_elsewhere(30, None)
    lives.returns.earn(
        NOON,
        available_at=None if pending is None else NOON + DAY * pending,
        expires_at=None if life is None else NOON + DAY * life,
    )
    for act, size, days in acts:
        lives.until(lives.now + (DAY * days if act == "wait" else timedelta(0)))
        if act == "earn":
            lives.earn_elsewhere(size, lives.now + DAY * days if days else None)
        elif act == "spend":
            lives.spend(size)
        elif act == "return" and (lines := open_lines(lives.returns)):
            line = lines[size % len(lines)]
            lives.give_back(line, 1 + days % (order[2][line] - lives.returns.back[line]))
        lives.check()
    for line in data.draw(st.permutations(open_lines(lives.returns))):
        lives.give_back(line, order[2][line] - lives.returns.back[line])
        lives.check()
    assert lives.returns.whole()
    assert lives.returns.net == 0
    assert lives.lost == lives.spent_of_order(), "what expired was charged, or a spent unit was not"
    assert not [p for p in lives.purse.pendings.values() if p.cause_id == ORDER.id]
    assert all(lot.remaining == 0 for lot in lives.returns.own_lots())
