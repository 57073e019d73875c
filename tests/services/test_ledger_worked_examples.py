"""The figures of docs/algorithms/ledger.md and expiry.md, worked out by the code."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from regulars.kernel.canonical import canonical_json
from regulars.kernel.merkle import tree_root
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.errors import HoldEnded, InsufficientPoints
from regulars.modules.ledger.seals import HeadTree
from regulars.modules.ledger.types import GENESIS, POINTS, Cause, Lot, Pending

DOCS = Path(__file__).parents[2] / "docs" / "algorithms"
ANN = UUID(int=0xA)


def day(month: int, number: int, hour: int = 12) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def order(letter: str) -> Cause:
    return Cause("order", f"ord_{ord(letter):032x}")


class Story:
    """One purse in memory, told act by act; remembers every lot that there ever was."""

    def __init__(self) -> None:
        self.purse = Purse(merchant_id=1, member_id=ANN, asset=POINTS)
        self.journal = Journal()

    @property
    def lots(self) -> dict[int, Lot]:
        return {lot.number: lot for _, lot in self.journal.new_lots}

    def earn(self, amount: int, *, of: str, at: datetime, expires: datetime | None = None) -> None:
        self.purse.catch_up(self.journal, at)
        self.purse.credit(
            self.journal, amount, kind="earn", cause=order(of), at=at, earned_at=at,
            expires_at=expires,
        )  # fmt: skip

    def promise(self, amount: int, *, of: str, at: datetime, real: datetime) -> None:
        self.purse.catch_up(self.journal, at)
        pending = Pending(UUID(int=ord(of)), POINTS, amount, at, real, None, *order(of))
        self.purse.promise(self.journal, pending)

    def spend(self, amount: int, *, at: datetime) -> None:
        self.purse.catch_up(self.journal, at)
        self.purse.debit(self.journal, amount, kind="redeem", cause=order("Z"), at=at)

    def hold(self, amount: int, *, at: datetime, until: datetime):
        self.purse.catch_up(self.journal, at)
        return self.purse.hold(self.journal, amount, id=UUID(int=99), at=at, expires_at=until)

    def refund(self, amount: int, *, of: str, at: datetime):
        self.purse.catch_up(self.journal, at)
        own = [lot for lot in self.lots.values() if lot.cause_id == order(of).id]
        return self.purse.clawback(
            self.journal, amount, order=order(of), cause=Cause("refund", "ref_1"), at=at,
            own_lots=own,
        )  # fmt: skip

    def until(self, at: datetime) -> None:
        self.purse.catch_up(self.journal, at)

    def says(self) -> tuple[int, int, int, int, int]:
        """posted, held, available, pending, debt"""
        purse = self.purse
        return purse.balance, purse.held, purse.available, purse.pending, purse.debt

    def left(self) -> dict[int, int]:
        return {number: lot.remaining for number, lot in self.lots.items()}


def told(file: str, *figures: object) -> None:
    """The page says these words."""
    page = (DOCS / file).read_text()
    for figure in figures:
        assert str(figure) in page, f"{file} does not say {figure}"


def test_ledger_ann_earns_spends_holds_and_captures():
    ann = Story()
    ann.earn(100, of="A", at=day(3, 1), expires=day(5, 1))
    ann.earn(60, of="B", at=day(3, 5), expires=day(4, 10))
    assert ann.says() == (160, 0, 160, 0, 0)

    ann.spend(70, at=day(3, 10))
    assert ann.left() == {1: 90, 2: 0}

    ann.promise(40, of="C", at=day(3, 12), real=day(3, 26))
    held = ann.hold(50, at=day(3, 20), until=day(3, 21))
    assert ann.says() == (90, 50, 40, 40, 0)
    with pytest.raises(InsufficientPoints):
        ann.spend(41, at=day(3, 20))

    ann.purse.capture(ann.journal, held, 30, at=day(3, 20, 13))
    assert ann.says() == (60, 0, 60, 40, 0)
    with pytest.raises(HoldEnded):
        ann.purse.release(ann.journal, held, at=day(3, 20, 14))

    ann.until(day(3, 26))
    assert ann.says() == (100, 0, 100, 0, 0)
    assert ann.left() == {1: 60, 2: 0, 5: 40}


def test_ledger_a_refund_takes_its_own_then_others_then_owes():
    ann = Story()
    ann.earn(100, of="A", at=day(3, 1))
    ann.earn(20, of="B", at=day(3, 2))
    ann.spend(90, at=day(3, 3))
    assert ann.left() == {1: 10, 2: 20}

    taken = ann.refund(50, of="A", at=day(3, 4))

    assert (taken.taken, taken.debt) == (30, 20)
    assert ann.says() == (0, 0, 0, 0, 20)
    ann.earn(25, of="D", at=day(3, 5))
    assert ann.says() == (5, 0, 5, 0, 0)
    kinds = [(p.account, p.kind, p.amount) for p in ann.journal.postings[3:]]
    assert kinds == [(1, "clawback", -30), (11, "debt", -20), (11, "debt_repaid", 20),
                     (1, "earn", 5)]  # fmt: skip


def test_ledger_a_refund_takes_what_is_pending_first():
    ann = Story()
    ann.earn(10, of="A", at=day(3, 1))
    ann.promise(40, of="C", at=day(3, 2), real=day(3, 16))

    taken = ann.refund(40, of="C", at=day(3, 3))

    assert (taken.taken, taken.debt, ann.says()) == (40, 0, (10, 0, 10, 0, 0))


def test_ledger_the_entry_and_the_root_that_the_page_shows():
    ann = Story()
    ann.earn(100, of="A", at=day(3, 1))
    (posting,) = ann.journal.postings
    entry = {
        "account": f"acc_{ANN.hex}_p",
        "version": 1,
        "asset": "points",
        "member_id": f"mem_{ANN.hex}",
        "at": "2026-03-01T12:00:00Z",
        "amount": 100,
        "balance_after": 100,
        "kind": "earn",
        "cause": {"type": "order", "id": order("A").id},
        "reverses": None,
        "prev_hash": GENESIS,
    }
    assert posting.hash == sha256(canonical_json(entry)).hexdigest()
    leaf = canonical_json({"account": entry["account"], "version": 1, "hash": posting.hash})
    tree = HeadTree()
    tree.add(account=str(entry["account"]), version=1, head=posting.hash)
    assert tree.root() == tree_root([leaf]).hex()
    told("ledger.md", canonical_json(entry).decode(), posting.hash, tree.root())


def test_expiry_the_boundary_and_the_order():
    ann = Story()
    ann.earn(30, of="A", at=day(3, 1))
    ann.earn(20, of="B", at=day(3, 2), expires=day(6, 1, 0))
    ann.earn(50, of="C", at=day(3, 3), expires=day(4, 1, 0))

    ann.spend(55, at=day(3, 31, 23))
    assert ann.left() == {1: 30, 2: 15, 3: 0}
    ann.until(day(6, 1, 0))
    assert ann.left() == {1: 30, 2: 0, 3: 0}
    assert ann.journal.postings[-1].amount == -15


def test_expiry_a_hold_over_an_expired_lot():
    for capture, posted in ((50, 0), (20, 0)):
        ann = Story()
        ann.earn(80, of="A", at=day(3, 1), expires=day(4, 1, 0))
        held = ann.hold(50, at=day(3, 31, 23), until=day(4, 2))
        ann.until(day(4, 1, 0))
        assert ann.says() == (50, 50, 0, 0, 0)
        ann.purse.capture(ann.journal, held, capture, at=day(4, 1))
        assert ann.says()[0] == posted
        assert ann.lots[1].expired == 30 + 50 - capture


def test_expiry_a_refund_after_expiry_owes_nothing_for_what_time_took():
    ann = Story()
    ann.earn(50, of="A", at=day(3, 1), expires=day(4, 1, 0))
    ann.spend(10, at=day(3, 2))
    ann.earn(5, of="B", at=day(3, 3))

    taken = ann.refund(50, of="A", at=day(4, 5))

    assert (taken.taken, taken.debt) == (5, 5)
    assert ann.lots[1].forgone == 40


@pytest.mark.parametrize("expires", [day(4, 1, 0), day(6, 1, 0), None])
def test_a_refund_takes_the_orders_own_points_from_under_a_hold(expires):
    ann = Story()
    ann.earn(50, of="A", at=day(3, 1), expires=expires)
    held = ann.hold(50, at=day(3, 5), until=day(4, 5))
    ann.earn(50, of="B", at=day(3, 6))
    assert held.parts == [[1, 50]]

    taken = ann.refund(50, of="A", at=day(3, 25))

    assert (taken.taken, taken.debt) == (50, 0)
    assert ann.says() == (50, 50, 0, 0, 0)
    assert (ann.lots[1].remaining, ann.lots[1].reversed, held.parts) == (0, 50, [[2, 50]])
    ann.until(day(4, 5))
    assert ann.says() == (50, 0, 50, 0, 0)


def test_a_moved_hold_is_pinned_in_the_lots_a_new_one_would_choose():
    ann = Story()
    ann.earn(30, of="A", at=day(3, 1), expires=day(4, 1, 0))
    ann.earn(10, of="C", at=day(3, 1), expires=day(4, 2, 0))
    held = ann.hold(40, at=day(3, 5), until=day(4, 5))
    ann.earn(50, of="B", at=day(3, 6))
    ann.earn(5, of="D", at=day(3, 7), expires=day(3, 30, 0))

    taken = ann.refund(20, of="A", at=day(3, 25))

    assert (taken.taken, taken.debt) == (20, 0)
    assert held.parts == [[4, 5], [1, 10], [2, 10], [3, 15]]
    ann.purse.capture(ann.journal, held, 12, at=day(4, 4))
    assert [ann.lots[number].expired for number in (1, 2, 3, 4)] == [3, 10, 0, 0]
    assert ann.says() == (50, 0, 50, 0, 0)


def test_what_no_other_lot_can_take_over_becomes_debt():
    ann = Story()
    ann.earn(60, of="A", at=day(3, 1))
    held = ann.hold(60, at=day(3, 20), until=day(4, 20))
    ann.earn(10, of="B", at=day(3, 21))

    taken = ann.refund(25, of="A", at=day(3, 25))

    assert (taken.taken, taken.debt) == (10, 15)
    assert held.parts == [[1, 50], [2, 10]]
    assert ann.says() == (60, 60, 0, 0, 15)


def test_expiry_what_a_hold_frees_repays_before_time_takes_it():
    ann = Story()
    ann.earn(60, of="A", at=day(3, 1), expires=day(4, 1, 0))
    held = ann.hold(60, at=day(3, 20), until=day(4, 20))
    taken = ann.refund(25, of="A", at=day(3, 25))
    assert (taken.taken, taken.debt) == (0, 25)

    ann.until(day(4, 1, 0))
    ann.purse.release(ann.journal, held, at=day(4, 5))

    assert ann.says() == (0, 0, 0, 0, 0)
    assert ann.lots[1].expired == 35
