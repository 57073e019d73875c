"""What one unit of work changed in purses: noted by the engine, made into rows by the recorder."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from .types import Hold, Lot, Pending, Posting

if TYPE_CHECKING:
    from .engine import Purse


class Journal:
    """What one unit of work changed, ready to be recorded: rows to add and rows to update."""

    __slots__ = (
        "activated",
        "changed_holds",
        "changed_lots",
        "gone_pendings",
        "new_holds",
        "new_lots",
        "new_pendings",
        "postings",
        "purses",
    )

    def __init__(self) -> None:
        self.postings: list[Posting] = []
        self.purses: dict[tuple[str, int], Purse] = {}
        self.new_lots: list[tuple[Purse, Lot]] = []
        self.changed_lots: dict[tuple[UUID, int, int], tuple[Purse, Lot]] = {}
        self.new_pendings: dict[UUID, tuple[Purse, Pending]] = {}
        self.gone_pendings: dict[UUID, tuple[Purse, Pending, int]] = {}
        #: Promises that became real, with the posting each made (version 0: a debt took it whole).
        self.activated: dict[UUID, tuple[UUID, int, int]] = {}
        self.new_holds: dict[UUID, tuple[Purse, Hold]] = {}
        self.changed_holds: dict[UUID, tuple[Purse, Hold]] = {}

    def touch(self, purse: Purse) -> None:
        self.purses[purse.key] = purse

    def touch_lot(self, purse: Purse, lot: Lot) -> None:
        if lot.number < purse.first_new_lot:
            self.changed_lots[purse.member_id, purse.asset, lot.number] = (purse, lot)

    def touch_hold(self, purse: Purse, hold: Hold) -> None:
        if hold.id not in self.new_holds:
            self.changed_holds[hold.id] = (purse, hold)
        self.touch(purse)

    def absorb(self, later: Journal) -> None:
        """Take in what a later decision on the same purses noted, for one unit of both."""
        self.postings += later.postings
        self.purses |= later.purses
        self.new_lots += later.new_lots
        self.changed_lots |= later.changed_lots
        for purse, pending, before in later.gone_pendings.values():
            self.drop_pending(purse, pending, before)
        self.new_pendings |= later.new_pendings
        self.activated |= later.activated
        for purse, hold in later.changed_holds.values():
            self.touch_hold(purse, hold)
        self.new_holds |= later.new_holds

    def drop_pending(self, purse: Purse, pending: Pending, amount_before: int) -> None:
        """Note that a pending credit shrank (``pending.amount`` is what is left) or went."""
        if pending.id in self.new_pendings:
            if pending.amount == 0:
                del self.new_pendings[pending.id]
            return
        seen = self.gone_pendings.get(pending.id)
        before = seen[2] if seen else amount_before
        self.gone_pendings[pending.id] = (purse, pending, before)
