"""Pure: value that moves between two purses of one person, lot by lot, and back again.

Every lot keeps what it is (when and by what it was earned, when it expires), so that a refund
years later finds the lots of its order wherever they are now. What one purse loses the other
gains, to the unit; docs/algorithms/refunds.md tells how a moved lot is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from .engine import Purse
from .journal import Journal
from .lots import pick
from .types import Cause, Hold, Lot, Pending


@dataclass(frozen=True, slots=True)
class MovedLot:
    """``amount`` of lot ``source`` of one purse is now lot ``target`` of the other."""

    source: int
    target: int
    amount: int


@dataclass(frozen=True, slots=True)
class RepaidPart:
    """What of a lot repaid a debt when two purses became one."""

    amount: int
    cause_type: str
    cause_id: str
    earned_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is to move: lots with the amount of each, the holds pinned in them, promises."""

    lots: Sequence[tuple[Lot, int]]
    holds: Sequence[Hold]
    pendings: Sequence[Pending]


def everything(purse: Purse) -> Cargo:
    """All that a purse has."""
    return Cargo(
        [(lot, lot.remaining) for lot in purse.lots.values()],
        list(purse.holds.values()),
        list(purse.pendings.values()),
    )


def what_belongs(purse: Purse, *, belongs: Callable[[str], bool], holds: Iterable[UUID]) -> Cargo:
    """All whose cause belongs elsewhere, with those of ``holds`` that are still open.

    What another hold has set aside of such a lot stays where that hold is.
    """
    going = [purse.holds[id_] for id_ in holds if id_ in purse.holds]
    along = {hold.id for hold in going}
    staying: dict[int, int] = {}
    for hold in purse.holds.values():
        if hold.id not in along:
            for number, part in hold.parts:
                staying[number] = staying.get(number, 0) + part
    lots = [
        (lot, lot.remaining - staying.get(lot.number, 0))
        for lot in purse.lots.values()
        if belongs(lot.cause_id)
    ]
    pendings = [p for p in purse.pendings.values() if belongs(p.cause_id)]
    return Cargo([(lot, amount) for lot, amount in lots if amount], going, pendings)


def carry(
    journal: Journal,
    source: Purse,
    target: Purse,
    cargo: Cargo,
    *,
    merge: Cause,
    at: datetime,
    make_id: Callable[[], UUID],
) -> list[MovedLot]:
    """Move ``cargo`` from one purse to another; both are complete and up to date as of ``at``."""
    lots = sorted(cargo.lots, key=lambda part: part[0].number)
    pinned = _pinned(cargo.holds)
    for lot, amount in lots:
        lot.remaining -= amount
        lot.held -= pinned.get(lot.number, 0)
        journal.touch_lot(source, lot)
        if lot.remaining == 0:
            source.lots.pop(lot.number, None)
    parts = [[lot.number, amount] for lot, amount in lots]
    if parts:
        total = sum(amount for _, amount in lots)
        source._post(journal, -total, "merge_out", merge, at, parts=parts)
    moved = [
        MovedLot(
            lot.number,
            _open(journal, target, lot, amount, at, held=pinned.get(lot.number, 0)),
            amount,
        )
        for lot, amount in lots
    ]
    _carry_holds(source, target, cargo.holds, {one.source: one.target for one in moved})
    for pending in cargo.pendings:
        _carry_pending(journal, source, target, pending, make_id())
    for purse in (source, target):
        purse.refresh_due()
        # Also where nothing moves: whoever credits either of them beside this has seen another
        # account, or none, and looks again.
        journal.touch(purse)
    return moved


def carry_debt(
    journal: Journal, source: Purse, target: Purse, amount: int, *, merge: Cause, at: datetime
) -> None:
    """Let ``target`` owe ``amount`` (0 for nothing) of what ``source`` owed."""
    if amount:
        source._post_debt(journal, amount, "merge_out", merge, at)
        target._post_debt(journal, -amount, "merge_in", merge, at)


def repay(journal: Journal, purse: Purse, *, merge: Cause, at: datetime) -> list[RepaidPart]:
    """Repay what is owed with what is available: nobody has free points beside a debt."""
    amount = min(purse.debt, purse.available)
    if amount == 0:
        return []
    used = [
        RepaidPart(part, lot.cause_type, lot.cause_id, lot.earned_at, lot.expires_at)
        for lot, part in pick(purse.lots.values(), amount)
    ]
    purse.debit(journal, amount, kind="repay", cause=merge, at=at)
    purse._post_debt(journal, amount, "debt_repaid", merge, at)
    purse.refresh_due()
    return used


def unrepay(
    journal: Journal, purse: Purse, parts: Iterable[RepaidPart], *, merge: Cause, at: datetime
) -> None:
    """Take back a repayment of ``repay``, but for what would have expired meanwhile."""
    owed = 0
    for part in parts:
        if part.expires_at is not None and part.expires_at <= at:
            continue
        lot = Lot(
            0, 0, 0, 0, 0, 0, 0, part.earned_at, part.expires_at, part.cause_type, part.cause_id
        )
        _open(journal, purse, lot, part.amount, at, held=0)
        owed += part.amount
    if owed:
        purse._post_debt(journal, -owed, "merge_in", merge, at)
        purse.refresh_due()


def _open(
    journal: Journal, purse: Purse, like: Lot, amount: int, at: datetime, *, held: int
) -> int:
    """A lot of ``amount`` with the past of another; its number."""
    cause = Cause(like.cause_type, like.cause_id)
    number = purse._post(journal, amount, "merge_in", cause, at)
    lot = Lot(number, amount, amount, held, 0, 0, 0, like.earned_at, like.expires_at, *cause)
    purse.lots[number] = lot
    journal.new_lots.append((purse, lot))
    return number


def _pinned(holds: Iterable[Hold]) -> dict[int, int]:
    pinned: dict[int, int] = {}
    for hold in holds:
        for number, part in hold.parts:
            pinned[number] = pinned.get(number, 0) + part
    return pinned


def _carry_holds(
    source: Purse, target: Purse, holds: Iterable[Hold], numbers: dict[int, int]
) -> None:
    for hold in sorted(holds, key=attrgetter("created_at", "id")):
        hold.parts = [[numbers[number], part] for number, part in hold.parts]
        del source.holds[hold.id]
        target.holds[hold.id] = hold
        source.held -= hold.amount
        target.held += hold.amount


def _carry_pending(
    journal: Journal, source: Purse, target: Purse, pending: Pending, id: UUID
) -> None:
    amount = pending.amount
    del source.pendings[pending.id]
    source.pending -= amount
    pending.amount = 0
    journal.drop_pending(source, pending, amount)
    target.promise(
        journal,
        Pending(
            id,
            target.asset,
            amount,
            pending.earned_at,
            pending.available_at,
            pending.expires_at,
            pending.cause_type,
            pending.cause_id,
        ),
    )
