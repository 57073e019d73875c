"""Members with points, for tests of the ledger: no orders, no programme, only the engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.ledger import recorder
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import Purses
from regulars.modules.ledger.types import GROWTH_VALUE, POINTS, Cause, Pending
from regulars.modules.members.models import Member

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def fresh_merchant() -> int:
    """An id nobody used; rows of the ledger need no merchant beside them."""
    return random.randrange(10**9, 2**52)


def make_member(merchant_id: int, *, merged_into: UUID | None = None) -> UUID:
    member_id = new_id()
    Member(
        merchant_id=merchant_id,
        id=member_id,
        status="member",
        joined_at=NOON - 30 * DAY,
        merged_into=merged_into,
        created_at=NOON,
    ).save(force_insert=True)
    return member_id


def change(
    merchant_id: int,
    member_id: UUID,
    act: Callable[[Purse, Journal], object],
    *,
    asset: int = POINTS,
    causes: tuple[str, ...] = (),
) -> Journal:
    """Load a purse, do something with it, record it."""
    with transaction.atomic():
        purses = Purses(merchant_id, [member_id], causes=causes)
        journal, writes = Journal(), Writes()
        act(purses.of(member_id, asset), journal)
        recorder.add_to(writes, journal)
        writes.record()
    return journal


def order_cause(number: int = 1) -> Cause:
    return Cause("order", f"ord_{number:032x}")


def earn(
    merchant_id: int,
    member_id: UUID,
    amount: int,
    *,
    at: datetime = NOON,
    expires_at: datetime | None = None,
    available_at: datetime | None = None,
    cause: Cause | None = None,
    asset: int = POINTS,
) -> None:
    """Credit as an order would, or promise where ``available_at`` is given."""
    why = cause or order_cause()

    def act(purse: Purse, journal: Journal) -> None:
        if available_at is not None:
            purse.promise(
                journal, Pending(new_id(), asset, amount, at, available_at, expires_at, *why)
            )
            return
        purse.credit(
            journal, amount, kind="earn", cause=why, at=at, earned_at=at, expires_at=expires_at
        )

    change(merchant_id, member_id, act, asset=asset)


def spend(merchant_id: int, member_id: UUID, amount: int, *, at: datetime = NOON) -> None:
    cause = Cause("order", f"ord_{'e' * 32}")

    def act(purse: Purse, journal: Journal) -> None:
        purse.debit(journal, amount, kind="redeem", cause=cause, at=at)

    change(merchant_id, member_id, act)


def claw_back(
    merchant_id: int,
    member_id: UUID,
    amount: int,
    *,
    order: Cause,
    at: datetime = NOON,
    asset: int = POINTS,
) -> Journal:
    """Reverse ``amount`` of what an order earned, as a refund does."""
    refund = Cause("refund", f"ref_{'f' * 32}")
    with transaction.atomic():
        purses = Purses(merchant_id, [member_id], causes=[order.id])
        journal, writes, purse = Journal(), Writes(), purses.of(member_id, asset)
        purse.catch_up(journal, at)
        own = purses.own_lots(asset, order.id)
        purse.clawback(journal, amount, order=order, cause=refund, at=at, own_lots=own)
        recorder.add_to(writes, journal)
        writes.record()
    return journal


__all__ = ["DAY", "GROWTH_VALUE", "NOON", "POINTS", "change", "claw_back", "earn", "fresh_merchant",
           "make_member", "order_cause", "spend"]  # fmt: skip
