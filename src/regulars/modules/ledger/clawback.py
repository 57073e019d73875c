"""Pure: taking back what an order had earned, in the order that costs the member least.

docs/algorithms/ledger.md tells it with worked figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from .journal import Journal
from .lots import pick, spend_order
from .types import Cause, Clawback, Hold, Lot, entry_id

if TYPE_CHECKING:
    from .engine import Purse

Part = list[int]
"""A lot's number, and units of it."""


def claw_back(
    purse: Purse,
    journal: Journal,
    amount: int,
    *,
    order: Cause,
    cause: Cause,
    at: datetime,
    own_lots: Iterable[Lot],
) -> Clawback:
    """Take back ``amount`` (> 0) of what ``order`` had earned.

    First what is still pending, then what is left of the order's own lots; what time has
    already taken of them counts as gone; what holds have pinned of them is taken where other lots
    can take the pins over; the rest comes from other free lots, and what they lack becomes debt.
    ``own_lots`` are the order's lots, spent and expired ones included.
    """
    taken = _take_pending(purse, journal, amount, order)
    own = sorted(own_lots, key=attrgetter("number"))
    parts = _take_own(purse, journal, own, amount - taken)
    left = amount - taken - _sum(parts)
    left -= _count_as_gone(purse, journal, own, left)
    pinned = _take_pinned(purse, journal, own, left)
    left -= _sum(pinned)
    parts += pinned
    others = _take_others(purse, journal, min(left, purse.available - _sum(parts)))
    left -= _sum(others)
    parts += others
    posted = _sum(parts)
    if posted:
        reverses = entry_id(purse.member_hex, purse.asset, own[0].number) if own else None
        purse._post(journal, -posted, "clawback", cause, at, reverses=reverses, parts=parts)
    if left:
        purse._post_debt(journal, -left, "debt", cause, at)
    return Clawback(taken=taken + posted, debt=left)


def _take_pending(purse: Purse, journal: Journal, amount: int, order: Cause) -> int:
    taken = 0
    for pending in [p for p in purse.pendings.values() if p.cause_id == order.id]:
        part = min(pending.amount, amount - taken)
        if part == 0:
            continue
        before = pending.amount
        pending.amount -= part
        taken += part
        purse.pending -= part
        if pending.amount == 0:
            del purse.pendings[pending.id]
        journal.drop_pending(purse, pending, before)
        journal.touch(purse)
    return taken


def _take_own(purse: Purse, journal: Journal, own: Sequence[Lot], amount: int) -> list[Part]:
    parts: list[Part] = []
    for lot in own:
        part = min(lot.remaining - lot.held, amount)
        if part > 0:
            _reverse(purse, journal, lot, part)
            amount -= part
            parts.append([lot.number, part])
    return parts


def _reverse(purse: Purse, journal: Journal, lot: Lot, part: int) -> None:
    lot.remaining -= part
    lot.reversed += part
    purse._note_lot(journal, lot)


def _count_as_gone(purse: Purse, journal: Journal, own: Sequence[Lot], amount: int) -> int:
    gone = 0
    for lot in own:
        part = min(lot.expired - lot.forgone, amount - gone)
        if part > 0:
            lot.forgone += part
            gone += part
            journal.touch_lot(purse, lot)
            journal.touch(purse)
    return gone


def _take_pinned(purse: Purse, journal: Journal, own: Sequence[Lot], amount: int) -> list[Part]:
    """What holds have pinned of the order's lots; the hold made first gives its pins up first.

    By now nothing is free in these lots, so the free ones are others.
    """
    lots = {lot.number: lot for lot in own if lot.held}
    parts: Counter[int] = Counter()
    for hold in sorted(purse.holds.values(), key=attrgetter("created_at", "id")):
        for number, pinned in [part for part in hold.parts if part[0] in lots]:
            instead = pick(purse.lots.values(), min(pinned, amount))
            if not instead:
                continue
            units = sum(part for _, part in instead)
            _move_pins(purse, journal, hold, lots[number], instead)
            lots[number].held -= units
            _reverse(purse, journal, lots[number], units)
            amount -= units
            parts[number] += units
    return [[number, units] for number, units in parts.items()]


def _move_pins(
    purse: Purse, journal: Journal, hold: Hold, lot: Lot, instead: Sequence[tuple[Lot, int]]
) -> None:
    """Let ``hold`` be pinned in ``instead`` and that much less in ``lot``, in spend order still."""
    pins: Counter[int] = Counter()
    for number, units in hold.parts:
        pins[number] += units
    for other, units in instead:
        other.held += units
        pins[other.number] += units
        pins[lot.number] -= units
        journal.touch_lot(purse, other)
    pinned = sorted((purse.lots[number] for number in +pins), key=spend_order)
    hold.parts = [[one.number, pins[one.number]] for one in pinned]
    journal.touch_hold(purse, hold)


def _take_others(purse: Purse, journal: Journal, amount: int) -> list[Part]:
    parts: list[Part] = []
    for lot, part in pick(purse.lots.values(), amount):
        lot.remaining -= part
        purse._note_lot(journal, lot)
        parts.append([lot.number, part])
    return parts


def _sum(parts: Iterable[Part]) -> int:
    return sum(units for _, units in parts)
