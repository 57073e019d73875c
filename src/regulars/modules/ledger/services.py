"""What may be done to points by hand and by time: adjustments, holds, and what falls due.

Each is one unit of work. Called inside a transaction of the caller (an idempotent write) it joins
that one, and the caller runs the whole again where a race is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, TypeVar
from uuid import UUID

from django.db import connection, transaction

from regulars.events.base import Event
from regulars.infra.db import (
    LostRace,
    Sql,
    as_uuid,
    fetch_all,
    fetch_one,
    is_postgres,
    retrying,
)
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Table, Writes
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id, show
from regulars.modules.members.errors import HasLeft
from regulars.modules.members.lookup import who_left

from . import recorder
from .announce import events_of
from .engine import Journal, Purse
from .errors import HoldEnded
from .gather import Purses, carrier_for_write, purse_for_write
from .types import AMOUNT_MAX, ASSETS, POINTS, AdjustmentView, Cause, Hold, HoldView, Pending

T = TypeVar("T")

ADJUSTMENT: Final = Table(
    "ledger_adjustment", "merchant_id", "id", "member_id", "amount", "reason", "actor", "at"
)
_HOLDER: Final = Sql(
    "SELECT member_id FROM ledger_hold WHERE merchant_id = :merchant_id AND id = :hold_id"
)
_DUE: Final = (
    "SELECT member_id, asset FROM ledger_account WHERE merchant_id = :merchant_id "
    "AND next_due_at <= :now ORDER BY next_due_at LIMIT :count"
)
_DUE_ANY: Final = Sql(_DUE)
_DUE_FREE: Final = Sql(f"{_DUE} FOR UPDATE SKIP LOCKED")
DUE_BATCH: Final = 500
_BUSY_PAUSE_SECONDS: Final = 0.02
_BUSY_PAUSES: Final = 250


def in_one_unit(attempt: Callable[[], T]) -> T:
    """Run ``attempt`` in a transaction, again where a race is lost; or in the caller's own."""
    if connection.in_atomic_block:
        return attempt()

    def alone() -> T:
        with transaction.atomic():
            return attempt()

    return retrying(alone)


# ── adjustments ───────────────────────────────────────────────────────────────────────────


def adjust(
    *,
    merchant_id: int,
    member_id: UUID,
    amount: int,
    reason: str,
    now: datetime,
    available_at: datetime | None = None,
    expires_at: datetime | None = None,
    actor: str = "",
) -> tuple[AdjustmentView, list[Event]]:
    """Give (> 0) or take (< 0) points by hand; what is given repays a debt first.

    Raises Invalid, NotFound, InsufficientPoints (below zero) and Contention.
    """
    _check_adjustment(amount, now, available_at, expires_at)

    def attempt() -> tuple[AdjustmentView, list[Event]]:
        carrier = carrier_for_write(merchant_id, member_id)
        if carrier is None:
            raise NotFound
        purse = purse_for_write(merchant_id, carrier, POINTS)

        journal, writes, id_ = Journal(), Writes(), new_id()
        purse.catch_up(journal, now)
        starts_at = max(available_at or now, now)
        _apply_adjustment(purse, journal, amount, id_, now, starts_at, expires_at)

        writes.add(ADJUSTMENT, (merchant_id, id_, carrier, amount, reason, actor, now))
        told = _record(writes, journal, merchant_id, now)
        view = AdjustmentView(
            id=show("adj", id_),
            member_id=show("mem", carrier),
            amount=amount,
            reason=reason,
            at=now,
            available_at=starts_at,
            expires_at=expires_at,
            pending=starts_at > now,
        )
        return view, told

    return in_one_unit(attempt)


def _check_adjustment(
    amount: int, now: datetime, available_at: datetime | None, expires_at: datetime | None
) -> None:
    faults = []
    if amount == 0:
        faults.append(FieldError("/amount", "zero", "Send an amount above or below zero."))
    if abs(amount) > AMOUNT_MAX:
        faults.append(FieldError("/amount", "out_of_range", "Nobody holds as much."))
    if amount < 0:
        faults += [
            FieldError(f"/{name}", "unexpected", "What is taken is taken now; leave this out.")
            for name, at in (("available_at", available_at), ("expires_at", expires_at))
            if at is not None
        ]
    elif expires_at is not None and expires_at <= max(available_at or now, now):
        faults.append(
            FieldError("/expires_at", "too_early", "Points expire after they become available.")
        )
    if faults:
        raise Invalid("This adjustment does not hold together.", errors=faults)


def _apply_adjustment(
    purse: Purse,
    journal: Journal,
    amount: int,
    id_: UUID,
    now: datetime,
    starts_at: datetime,
    expires_at: datetime | None,
) -> None:
    cause = Cause("adjustment", show("adj", id_))
    if amount < 0:
        purse.debit(journal, -amount, kind="adjust", cause=cause, at=now)
        return
    if purse.balance + purse.pending + amount > AMOUNT_MAX:
        raise Invalid(
            "Nobody may hold as much.",
            errors=[FieldError("/amount", "out_of_range", f"The most is {AMOUNT_MAX} in all.")],
        )
    if starts_at > now:
        pending = Pending(new_id(), POINTS, amount, now, starts_at, expires_at, *cause)
        purse.promise(journal, pending)
        return
    purse.credit(
        journal, amount, kind="adjust", cause=cause, at=now, earned_at=now, expires_at=expires_at
    )


# ── holds ─────────────────────────────────────────────────────────────────────────────────


def hold(
    *, merchant_id: int, member_id: UUID, amount: int, expires_in_seconds: int, now: datetime
) -> tuple[HoldView, list[Event]]:
    """Set ``amount`` (> 0) points aside for a while; they stay in the balance, not available.

    Raises Invalid, NotFound, InsufficientPoints and Contention.
    """
    _require_positive(amount, "/amount")
    _require_positive(expires_in_seconds, "/expires_in")

    def attempt() -> tuple[HoldView, list[Event]]:
        carrier = carrier_for_write(merchant_id, member_id)
        if carrier is None:
            raise NotFound
        if who_left(merchant_id, [carrier]):
            raise HasLeft
        purse = purse_for_write(merchant_id, carrier, POINTS)

        journal = Journal()
        purse.catch_up(journal, now)
        expires_at = now + timedelta(seconds=expires_in_seconds)
        held = purse.hold(journal, amount, id=new_id(), at=now, expires_at=expires_at)

        told = _record(Writes(), journal, merchant_id, now)
        return hold_view_of(held, carrier), told

    return in_one_unit(attempt)


def capture(
    *, merchant_id: int, hold_id: UUID, now: datetime, amount: int | None = None
) -> tuple[HoldView, list[Event]]:
    """Spend ``amount`` of a hold (all of it without one), once; the rest is freed.

    Raises Invalid, NotFound, HoldEnded and Contention.
    """
    if amount is not None:
        _require_positive(amount, "/amount")

    def act(purse: Purse, journal: Journal, held: Hold) -> None:
        spent = held.amount if amount is None else amount
        if spent > held.amount:
            raise Invalid(
                "A capture takes at most what is held.",
                errors=[FieldError("/amount", "too_large", f"{held.amount} points are held.")],
            )
        purse.capture(journal, held, spent, at=now)

    return _end_hold(merchant_id, hold_id, now, act)


def release(*, merchant_id: int, hold_id: UUID, now: datetime) -> tuple[HoldView, list[Event]]:
    """Free a hold; what it had pinned of an expired lot expires. Raises as ``capture``."""

    def act(purse: Purse, journal: Journal, held: Hold) -> None:
        purse.release(journal, held, at=now)

    return _end_hold(merchant_id, hold_id, now, act)


def _end_hold(
    merchant_id: int, hold_id: UUID, now: datetime, act: Callable[[Purse, Journal, Hold], None]
) -> tuple[HoldView, list[Event]]:
    def attempt() -> tuple[HoldView, list[Event]]:
        holder = _holder(merchant_id, hold_id)
        purse = purse_for_write(merchant_id, holder, POINTS)

        journal = Journal()
        purse.catch_up(journal, now)
        held = purse.holds.get(hold_id)
        if held is None:
            if _holder(merchant_id, hold_id) != holder:
                raise LostRace("the hold moved to who carries on")
            raise HoldEnded("This hold was captured, released or ran out; make a new one.")
        act(purse, journal, held)

        told = _record(Writes(), journal, merchant_id, now)
        return hold_view_of(held, purse.member_id), told

    return in_one_unit(attempt)


def _holder(merchant_id: int, hold_id: UUID) -> UUID:
    row = fetch_one(_HOLDER, {"merchant_id": merchant_id, "hold_id": hold_id})
    if row is None:
        raise NotFound
    return as_uuid(row[0])


def hold_view_of(held: Hold, member_id: UUID) -> HoldView:
    return HoldView(
        id=show("hold", held.id),
        member_id=show("mem", member_id),
        amount=held.amount,
        captured=held.captured,
        status=held.status,
        expires_at=held.expires_at,
    )


def _require_positive(number: int, pointer: str) -> None:
    if number <= 0:
        raise Invalid(errors=[FieldError(pointer, "too_small", "Send a number above zero.")])


# ── what falls due ────────────────────────────────────────────────────────────────────────


def expire_and_activate(*, merchant_id: int, now: datetime, limit: int | None = None) -> int:
    """Post what fell due by ``now``: lots that expired, promises that became real, holds that ran
    out. How many accounts were brought up to date, at most about ``limit``; safe to cut off, to
    repeat, and beside orders.
    """
    done = pauses = 0
    while limit is None or done < limit:
        caught_up = in_one_unit(lambda: _catch_up_some(merchant_id, now))
        done += caught_up
        if caught_up:
            continue
        if pauses == _BUSY_PAUSES or not _due(_DUE_ANY, merchant_id, now, 1):
            break
        # What is due is just being written to by others, who may do it on their way.
        pauses += 1
        time.sleep(_BUSY_PAUSE_SECONDS)
    return done


def brought_up_to_date(purses: Iterable[Purse], *, merchant_id: int, now: datetime) -> Writes:
    """Post what fell due by ``now`` on purses that are in memory, complete and as recorded: the
    rows, with their events, for the caller to record as one unit."""
    journal, writes = Journal(), Writes()
    for purse in purses:
        purse.catch_up(journal, now)
    _add_told(writes, journal, merchant_id, now)
    recorder.settled(journal)
    return writes


def _catch_up_some(merchant_id: int, now: datetime) -> int:
    due = _due(_DUE_FREE if is_postgres() else _DUE_ANY, merchant_id, now, DUE_BATCH)
    if not due:
        return 0
    journal = Journal()
    for asset in ASSETS:
        members = sorted(member_id for member_id, due_asset in due if due_asset == asset)
        if not members:
            continue
        purses = Purses(merchant_id, members, assets=[asset])
        for member_id in members:
            purses.of(member_id, asset).catch_up(journal, now)

    _record(Writes(), journal, merchant_id, now)
    return len(due)


def _due(sql: Sql, merchant_id: int, now: datetime, count: int) -> list[tuple[UUID, int]]:
    rows = fetch_all(sql, {"merchant_id": merchant_id, "now": now, "count": count})
    return [(as_uuid(member_id), asset) for member_id, asset in rows]


# ── record and announce ───────────────────────────────────────────────────────────────────


def _record(writes: Writes, journal: Journal, merchant_id: int, now: datetime) -> list[Event]:
    """Write everything as one unit, with the events of each member in a row of their own."""
    told = _add_told(writes, journal, merchant_id, now)
    writes.record()
    return told


def _add_told(writes: Writes, journal: Journal, merchant_id: int, now: datetime) -> list[Event]:
    recorder.add_to(writes, journal)
    told = events_of(journal)
    by_member = sorted(told, key=_who)
    for member_hex, events in groupby(by_member, key=_who):
        writes.add(
            OUTBOX,
            outbox_row(merchant_id=merchant_id, aggregate=member_hex, events=events, at=now),
        )
    return told


def _who(event: Event) -> str:
    member_id: UUID = event.member_id  # type: ignore[attr-defined]
    return member_id.hex
