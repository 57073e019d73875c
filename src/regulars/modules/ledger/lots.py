"""Which lots: in what order they are spent, how much of each, and which will expire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .types import Lot


def spend_order(lot: Lot) -> tuple[bool, datetime, datetime, int]:
    """Soonest to expire first, never-expiring last, then the earliest earned (I-07)."""
    expires_at = lot.expires_at
    return (expires_at is None, expires_at or lot.earned_at, lot.earned_at, lot.number)


def pick(lots: Iterable[Lot], amount: int) -> list[tuple[Lot, int]]:
    """Whole or part of free lots for ``amount``, in spend order; less where they have less."""
    picked: list[tuple[Lot, int]] = []
    for lot in sorted(lots, key=spend_order):
        if amount <= 0:
            break
        part = min(lot.remaining - lot.held, amount)
        if part > 0:
            picked.append((lot, part))
            amount -= part
    return picked


def expiring(lots: Iterable[Lot]) -> list[tuple[datetime, Lot]]:
    """Lots that time will take what is free of, with their instants."""
    return [
        (lot.expires_at, lot)
        for lot in lots
        if lot.expires_at is not None and lot.remaining > lot.held
    ]
