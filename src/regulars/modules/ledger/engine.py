"""The pure heart of the ledger: one member's purse of one asset, and what may happen to it.

A purse is loaded from rows, decides in memory and notes every change in a journal; the recorder
alone writes. The same code settles one order at the till and a year of orders from a file.
docs/algorithms/ledger.md and expiry.md tell it with worked figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.kernel.instants import show_instant

from .chain import parts_text, posting_hash
from .clawback import claw_back
from .errors import HoldEnded, InsufficientPoints
from .journal import Journal
from .lots import expiring, pick, spend_order
from .types import DEBT_OF, GENESIS, Cause, Clawback, Hold, Lot, Pending, Posting

__all__ = ["Journal", "Purse"]

_made: Final = tuple.__new__


@dataclass(slots=True, eq=False, kw_only=True)
class Purse:
    """One member's holding of one asset: the account, its lots, pending credits and holds.

    ``lots``, ``pendings`` and ``holds`` are those still open. A purse made with
    ``complete=False`` knows only its account row and may only be credited. ``revision`` counts the
    recorded changes of the account (0: it has no row yet); whoever records must have seen the
    latest, so nothing of a purse is ever written over.
    """

    merchant_id: int
    member_id: UUID
    asset: int
    balance: int = 0
    held: int = 0
    pending: int = 0
    debt: int = 0
    version: int = 0
    head: str = GENESIS
    debt_version: int = 0
    debt_head: str = GENESIS
    last_at: datetime | None = None
    next_due_at: datetime | None = None
    revision: int = 0
    complete: bool = True
    lots: dict[int, Lot] = field(default_factory=dict, init=False)
    pendings: dict[UUID, Pending] = field(default_factory=dict, init=False)
    holds: dict[UUID, Hold] = field(default_factory=dict, init=False)
    member_hex: str = field(init=False)
    #: Which account it is, by texts whose hash is at hand: an order asks several times.
    key: tuple[str, int] = field(init=False)
    first_new_lot: int = field(init=False)

    def __post_init__(self) -> None:
        self.member_hex = self.member_id.hex
        self.key = (self.member_hex, self.asset)
        self.first_new_lot = self.version + 1

    def recorded(self) -> None:
        """Note that the database now holds what the purse says."""
        self.revision += 1
        self.first_new_lot = self.version + 1

    @property
    def available(self) -> int:
        return self.balance - self.held

    # ── postings ──────────────────────────────────────────────────────────────────────────

    def _post(
        self,
        journal: Journal,
        amount: int,
        kind: str,
        cause: Cause,
        at: datetime,
        *,
        reverses: str | None = None,
        parts: list[list[int]] | None = None,
    ) -> int:
        """Move the balance; the version of the posting."""
        self.version = version = self.version + 1
        self.balance = balance = self.balance + amount
        self.head = self._note(
            journal, self.asset, version, amount, balance, kind, cause, at,
            reverses, parts, self.head,
        )  # fmt: skip
        return version

    def _post_debt(
        self, journal: Journal, amount: int, kind: str, cause: Cause, at: datetime
    ) -> None:
        """Move the debt account, whose balance is the negative of what is owed."""
        self.debt_version += 1
        self.debt -= amount
        self.debt_head = self._note(
            journal, self.asset + DEBT_OF, self.debt_version, amount, -self.debt, kind, cause, at,
            None, None, self.debt_head,
        )  # fmt: skip

    def _note(
        self,
        journal: Journal,
        account: int,
        version: int,
        amount: int,
        balance: int,
        kind: str,
        cause: Cause,
        at: datetime,
        reverses: str | None,
        parts: list[list[int]] | None,
        previous: str,
    ) -> str:
        # Entry time never runs backwards, whatever clocks and late arrivals say (I-24).
        last_at = self.last_at
        if last_at is not None and at < last_at:
            at = last_at
        self.last_at = at
        cause_type, cause_id = cause
        head = posting_hash(
            self.member_hex, account, version, show_instant(at), amount, balance, kind,
            cause_type, cause_id, reverses, previous,
        )  # fmt: skip
        # Made past its own constructor: every order makes two or more.
        posting = _made(Posting, (
            self.merchant_id, self.member_id, account, version, at, amount, balance, kind,
            cause_type, cause_id, reverses, parts_text(parts) if parts else None, head,
        ))  # fmt: skip
        journal.postings.append(posting)
        journal.purses[self.key] = self
        return head

    # ── credits ───────────────────────────────────────────────────────────────────────────

    def credit(
        self,
        journal: Journal,
        amount: int,
        kind: str,
        cause: Cause,
        at: datetime,
        earned_at: datetime,
        expires_at: datetime | None,
    ) -> None:
        """Add ``amount`` (> 0): what is owed is repaid first, the rest opens a lot."""
        if self.debt:
            repaid = min(self.debt, amount)
            self._post_debt(journal, repaid, "debt_repaid", cause, at)
            amount -= repaid
            if amount == 0:
                return
        number = self._post(journal, amount, kind, cause, at)
        type_, id_ = cause
        lot = Lot(number, amount, amount, 0, 0, 0, 0, earned_at, expires_at, type_, id_)
        if self.complete:
            self.lots[number] = lot
        journal.new_lots.append((self, lot))
        if expires_at is not None:
            due = self.next_due_at
            if due is None or expires_at < due:
                self.next_due_at = expires_at

    def promise(self, journal: Journal, pending: Pending) -> None:
        """Note a credit that becomes real at ``pending.available_at``."""
        self.pending += pending.amount
        if self.complete:
            self.pendings[pending.id] = pending
        journal.new_pendings[pending.id] = (self, pending)
        journal.touch(self)
        self._due_no_later_than(pending.available_at)

    def _due_no_later_than(self, at: datetime) -> None:
        if self.next_due_at is None or at < self.next_due_at:
            self.next_due_at = at

    # ── what time brings ──────────────────────────────────────────────────────────────────

    def catch_up(self, journal: Journal, now: datetime) -> None:
        """Post what fell due up to and with ``now``: holds that ran out, pending credits that
        became real, lots that expired; in the order of their instants. Safe to repeat."""
        while self.next_due_at is not None and self.next_due_at <= now:
            at = self.next_due_at
            for hold in [h for h in self.holds.values() if h.expires_at <= at]:
                self._end_hold(journal, hold, "expired", at)
            for pending in [p for p in self.pendings.values() if p.available_at <= at]:
                self._activate(journal, pending)
            self._expire(journal, at)
            self.refresh_due()
            journal.touch(self)

    def refresh_due(self) -> None:
        """Recompute when something next falls due; needs a complete purse."""
        instants = [hold.expires_at for hold in self.holds.values()]
        instants += [pending.available_at for pending in self.pendings.values()]
        instants += [expires_at for expires_at, _ in expiring(self.lots.values())]
        self.next_due_at = min(instants, default=None)

    def _activate(self, journal: Journal, pending: Pending) -> None:
        amount = pending.amount
        del self.pendings[pending.id]
        self.pending -= amount
        pending.amount = 0
        journal.drop_pending(self, pending, amount)
        journal.touch(self)
        before = self.version
        self.credit(
            journal,
            amount,
            kind="adjust" if pending.cause_type == "adjustment" else "earn",
            cause=Cause(pending.cause_type, pending.cause_id),
            at=pending.available_at,
            earned_at=pending.earned_at,
            expires_at=pending.expires_at,
        )
        # What a debt swallowed whole has no posting on this account.
        posted = self.version if self.version > before else 0
        journal.activated[pending.id] = (self.member_id, self.asset, posted)

    def _expire(self, journal: Journal, at: datetime) -> None:
        due = [lot for expires_at, lot in expiring(self.lots.values()) if expires_at <= at]
        if not due:
            return
        due.sort(key=spend_order)
        parts = [[lot.number, lot.remaining - lot.held] for lot in due]
        for lot, (_, amount) in zip(due, parts, strict=True):
            lot.remaining -= amount
            lot.expired += amount
            self._note_lot(journal, lot)
        total = sum(amount for _, amount in parts)
        self._post(journal, -total, "expire", Cause("expiry", show_instant(at)), at, parts=parts)

    def _note_lot(self, journal: Journal, lot: Lot) -> None:
        journal.touch_lot(self, lot)
        if lot.remaining == 0:
            self.lots.pop(lot.number, None)

    # ── debits ────────────────────────────────────────────────────────────────────────────

    def debit(
        self, journal: Journal, amount: int, *, kind: str, cause: Cause, at: datetime
    ) -> None:
        """Take ``amount`` (> 0) out of free lots; raises InsufficientPoints and changes nothing."""
        parts = []
        for lot, part in self._picked(amount):
            lot.remaining -= part
            self._note_lot(journal, lot)
            parts.append([lot.number, part])
        self._post(journal, -amount, kind, cause, at, parts=parts)

    def _picked(self, amount: int) -> list[tuple[Lot, int]]:
        if amount > self.available:
            raise InsufficientPoints(
                f"{amount} asked for, {self.available} available; ask for less."
            )
        return pick(self.lots.values(), amount)

    def clawback(
        self,
        journal: Journal,
        amount: int,
        *,
        order: Cause,
        cause: Cause,
        at: datetime,
        own_lots: Iterable[Lot],
    ) -> Clawback:
        """Take back ``amount`` (> 0) of what ``order`` had earned; ``own_lots`` are its lots, spent
        and expired ones included."""
        return claw_back(self, journal, amount, order=order, cause=cause, at=at, own_lots=own_lots)

    # ── holds ─────────────────────────────────────────────────────────────────────────────

    def hold(
        self, journal: Journal, amount: int, *, id: UUID, at: datetime, expires_at: datetime
    ) -> Hold:
        """Set ``amount`` (> 0) aside; raises InsufficientPoints and changes nothing."""
        parts = []
        for lot, part in self._picked(amount):
            lot.held += part
            journal.touch_lot(self, lot)
            parts.append([lot.number, part])
        self.held += amount
        hold = Hold(id, self.asset, amount, 0, "open", expires_at, at, parts)
        self.holds[id] = hold
        self._due_no_later_than(expires_at)
        journal.new_holds[id] = (self, hold)
        journal.touch(self)
        return hold

    def capture(
        self, journal: Journal, hold: Hold, amount: int, *, at: datetime, cause: Cause | None = None
    ) -> tuple[int, list[list[int]]]:
        """Spend ``amount`` (1..hold.amount) of an open hold, on ``cause``; the rest is freed.

        Returns the version of the posting and its parts (lot, amount).
        """
        self._require_open(hold, at)
        used = self._unpin(journal, hold, amount)
        hold.captured = amount
        self._forget_hold(journal, hold, "captured", at)
        spent_on = cause or Cause("hold", f"hold_{hold.id.hex}")
        version = self._post(journal, -amount, "redeem", spent_on, at, parts=used)
        self._after_freeing(journal, hold, at)
        return version, used

    def release(self, journal: Journal, hold: Hold, *, at: datetime) -> None:
        """Free an open hold; what is freed of a lot that expired meanwhile expires."""
        self._require_open(hold, at)
        self._end_hold(journal, hold, "released", at)

    def _require_open(self, hold: Hold, at: datetime) -> None:
        if hold.status != "open" or hold.expires_at <= at:
            raise HoldEnded("This hold was captured, released or ran out; make a new one.")

    def _end_hold(self, journal: Journal, hold: Hold, status: str, at: datetime) -> None:
        self._unpin(journal, hold, 0)
        self._forget_hold(journal, hold, status, at)
        self._after_freeing(journal, hold, at)

    def _unpin(self, journal: Journal, hold: Hold, use: int) -> list[list[int]]:
        used: list[list[int]] = []
        for number, part in hold.parts:
            lot = self.lots[number]
            lot.held -= part
            spent = min(part, use)
            if spent:
                lot.remaining -= spent
                use -= spent
                used.append([number, spent])
            self._note_lot(journal, lot)
        self.held -= hold.amount
        return used

    def _forget_hold(self, journal: Journal, hold: Hold, status: str, at: datetime) -> None:
        hold.status, hold.ended_at = status, at
        del self.holds[hold.id]
        journal.touch_hold(self, hold)

    def _after_freeing(self, journal: Journal, hold: Hold, at: datetime) -> None:
        # Debt first, then what time takes: an order returned while its points were held would
        # otherwise leave a debt for points that nobody spent (I-11).
        self.repay_from_free(journal, Cause("hold", f"hold_{hold.id.hex}"), at)
        self._expire(journal, at)
        self.refresh_due()

    def repay_from_free(self, journal: Journal, cause: Cause, at: datetime) -> None:
        """Let what is available repay what is owed."""
        repaid = min(self.debt, self.available)
        if repaid:
            self.debit(journal, repaid, kind="repay", cause=cause, at=at)
            self._post_debt(journal, repaid, "debt_repaid", cause, at)
