"""One purse of the engine beside its oracle: every act is done by both, and both must agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from regulars.kernel.canonical import canonical_json
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.errors import HoldEnded, InsufficientPoints
from regulars.modules.ledger.restoring import last_spent_first, restore, spend_held
from regulars.modules.ledger.types import (
    COUNTER_ACCOUNTS,
    Cause,
    Hold,
    Lot,
    Pending,
    Posting,
    Spent,
)
from stateful.oracle import Oracle, Refused

ZEROS = "0" * 64
OWED = 10
ASSET_TEXTS = {1: ("points", "p", "pd"), 2: ("growth_value", "g", "gd")}


def entry_hash(posting: Posting, previous: str) -> str:
    """SHA-256 of the RFC 8785 JSON of the exported entry, written here from the contract."""
    asset, letter, debt_letter = ASSET_TEXTS[posting.account % OWED]
    letters = debt_letter if posting.account > OWED else letter
    member = posting.member_id.hex
    at = posting.at.replace(tzinfo=None).isoformat() + "Z"
    entry = {
        "account": f"acc_{member}_{letters}",
        "version": posting.version,
        "asset": asset,
        "member_id": f"mem_{member}",
        "at": at,
        "amount": posting.amount,
        "balance_after": posting.balance_after,
        "kind": posting.kind,
        "cause": {"type": posting.cause_type, "id": posting.cause_id},
        "reverses": posting.reverses,
        "prev_hash": previous,
    }
    return sha256(canonical_json(entry)).hexdigest()


@dataclass
class Account:
    """What the postings of one account add up to."""

    version: int = 0
    balance: int = 0
    head: str = ZEROS


@dataclass
class Audit:
    """Follows postings one by one: I-02, I-03, I-04, I-24 and what was taken of which lot."""

    accounts: dict[int, Account] = field(default_factory=dict)
    taken_of_lot: Counter[int] = field(default_factory=Counter)
    last_at: datetime | None = None

    def account(self, number: int) -> Account:
        return self.accounts.setdefault(number, Account())

    def follow(self, posting: Posting) -> None:
        account = self.account(posting.account)
        account.version += 1
        account.balance += posting.amount
        assert posting.version == account.version, "versions have a gap (I-03)"
        assert posting.balance_after == account.balance, "previous + amount = next (I-03)"
        assert posting.hash == entry_hash(posting, account.head), "the chain is broken (I-04)"
        account.head = posting.hash
        assert posting.amount != 0
        assert posting.kind in COUNTER_ACCOUNTS, "an entry without a counter-account (I-01)"
        assert self.last_at is None or posting.at >= self.last_at, "time ran backwards (I-24)"
        self.last_at = posting.at
        if posting.account > OWED:
            assert posting.balance_after <= 0, "a debt account above zero (I-05)"
        elif posting.amount < 0:
            parts = json.loads(posting.parts or "[]")
            assert -sum(units for _, units in parts) == posting.amount, "parts are not the amount"
            for number, units in parts:
                assert units > 0
                self.taken_of_lot[number] += units
            assert posting.balance_after >= 0, "a member account below zero (I-05)"
        elif posting.parts:
            parts = json.loads(posting.parts)
            assert posting.kind == "redeem_return"
            assert sum(units for _, units in parts) == posting.amount, "parts are not the amount"
            for number, units in parts:
                assert 0 < units <= self.taken_of_lot[number], "more goes back than was taken"
                self.taken_of_lot[number] -= units


@dataclass
class Paid:
    """What a hold paid: the entry, what came out of which lot, how much has gone back of it."""

    hold: str
    entry: str
    parts: list[Spent]
    returned: int = 0

    @property
    def left(self) -> int:
        return sum(part.amount for part in self.parts) - self.returned


class Twin:
    """``purse`` and ``oracle`` of one member and asset; ``lots`` are all that ever were."""

    def __init__(self, *, merchant_id: int, member_id: UUID, asset: int) -> None:
        self.merchant_id, self.member_id, self.asset = merchant_id, member_id, asset
        self.oracle = Oracle()
        self.audit = Audit()
        self.purse = Purse(merchant_id=merchant_id, member_id=member_id, asset=asset)
        self.lots: dict[int, Lot] = {}
        self.earned_left: dict[str, int] = {}
        self.paid: list[Paid] = []
        self.entries_compared = 0

    # ── acts ──────────────────────────────────────────────────────────────────────────────

    def settle(self, journal: Journal, now: datetime) -> None:
        self.purse.catch_up(journal, now)
        self.oracle.fall_due(now)

    def credit(
        self,
        journal: Journal,
        amount: int,
        *,
        cause: Cause,
        at: datetime,
        available_at: datetime | None,
        expires_at: datetime | None,
        promise_id: UUID,
    ) -> None:
        """Credit at once, or promise where ``available_at`` is given."""
        self.earned_left[cause.id] = self.earned_left.get(cause.id, 0) + amount
        kind = "adjust" if cause.type == "adjustment" else "earn"
        if available_at is None:
            self.purse.credit(
                journal, amount, kind=kind, cause=cause, at=at, earned_at=at, expires_at=expires_at
            )
            self.oracle.credit(
                amount=amount, kind=kind, order=cause.id, at=at, earned_at=at, expires_at=expires_at
            )
            return
        pending = Pending(
            promise_id, self.asset, amount, at, available_at, expires_at, cause.type, cause.id
        )
        self.purse.promise(journal, pending)
        self.oracle.promise(
            amount=amount,
            kind=kind,
            order=cause.id,
            earned_at=at,
            available_at=available_at,
            expires_at=expires_at,
        )

    def debit(
        self, journal: Journal, amount: int, *, kind: str, cause: Cause, at: datetime
    ) -> bool:
        """Spend or adjust down; whether it was granted."""
        return self._both(
            journal,
            lambda: self.purse.debit(journal, amount, kind=kind, cause=cause, at=at),
            lambda: self.oracle.spend(amount=amount, kind=kind, at=at),
        )

    def hold(
        self, journal: Journal, amount: int, *, id: UUID, at: datetime, expires_at: datetime
    ) -> bool:
        return self._both(
            journal,
            lambda: self.purse.hold(journal, amount, id=id, at=at, expires_at=expires_at),
            lambda: self.oracle.hold(name=id.hex, amount=amount, at=at, expires_at=expires_at),
        )

    def capture(self, journal: Journal, hold: Hold, amount: int, *, at: datetime) -> bool:
        return self._both(
            journal,
            lambda: self.purse.capture(journal, hold, amount, at=at),
            lambda: self.oracle.capture(name=hold.id.hex, amount=amount, at=at),
        )

    def pay(self, journal: Journal, hold: Hold, *, order: Cause, at: datetime) -> None:
        """Spend all of an open hold on an order."""
        entry, parts = spend_held(self.purse, journal, hold, cause=order, at=at)
        self.oracle.capture(name=hold.id.hex, amount=hold.amount, at=at)
        self.paid.append(Paid(hold.id.hex, entry, parts))

    def give_back(
        self,
        journal: Journal,
        paid: Paid,
        amount: int,
        *,
        cause: Cause,
        at: datetime,
        least_until: datetime,
    ) -> None:
        """Undo ``amount`` (1..paid.left) of what was paid."""
        parts = last_spent_first(paid.parts, before=paid.returned, after=paid.returned + amount)
        restore(
            self.purse, journal, parts, known=self.lots.get, reverses=paid.entry, cause=cause,
            at=at, least_until=least_until,
        )  # fmt: skip
        self.oracle.give_back(
            name=paid.hold, amount=amount, cause=cause.id, at=at, least_until=least_until
        )
        paid.returned += amount
        # Lots that are opened anew stand under this cause; nobody had earned them.
        self.earned_left.setdefault(cause.id, 0)

    def release(self, journal: Journal, hold: Hold, *, at: datetime) -> bool:
        return self._both(
            journal,
            lambda: self.purse.release(journal, hold, at=at),
            lambda: self.oracle.release(name=hold.id.hex, at=at),
        )

    def clawback(
        self, journal: Journal, amount: int, *, order: Cause, cause: Cause, at: datetime
    ) -> None:
        self.earned_left[order.id] -= amount
        told = self.purse.clawback(
            journal, amount, order=order, cause=cause, at=at, own_lots=self.own_lots(order)
        )
        expected = self.oracle.clawback(order=order.id, amount=amount, at=at)
        assert (told.taken, told.debt) == expected

    def own_lots(self, order: Cause) -> list[Lot]:
        return [lot for lot in self.lots.values() if lot.cause_id == order.id]

    def _both(
        self, journal: Journal, engine_act: Callable[[], object], oracle_act: Callable[[], None]
    ) -> bool:
        """Both do it, or both refuse and nothing has changed."""
        before, noted = self.figures(), len(journal.postings)
        try:
            engine_act()
        except (InsufficientPoints, HoldEnded):
            granted = False
            assert (self.figures(), len(journal.postings)) == (before, noted), (
                "refused, yet changed"
            )
        else:
            granted = True
        try:
            oracle_act()
        except Refused:
            assert not granted, "granted by the engine, refused by the oracle"
        else:
            assert granted, "refused by the engine, granted by the oracle"
        return granted

    # ── what both say ─────────────────────────────────────────────────────────────────────

    def figures(self) -> dict[str, object]:
        """The engine's figures, in the oracle's words."""
        purse = self.purse
        place = {number: place for place, number in enumerate(sorted(self.lots), start=1)}
        return {
            "balance": purse.balance,
            "held": purse.held,
            "available": purse.available,
            "pending": purse.pending,
            "debt": purse.debt,
            "last_at": purse.last_at,
            "lots": [_lot_figures(self.lots[number]) for number in sorted(self.lots)],
            "promises": sorted(
                (p.cause_id, p.available_at, p.earned_at, str(p.expires_at), p.amount)
                for p in purse.pendings.values()
            ),
            "holds": sorted(
                (
                    h.id.hex,
                    h.amount,
                    h.expires_at,
                    h.created_at,
                    [(place[number], units) for number, units in h.parts],
                )
                for h in purse.holds.values()
            ),
        }

    def expected(self) -> dict[str, object]:
        oracle = self.oracle
        return {
            "balance": oracle.balance(),
            "held": oracle.held(),
            "available": oracle.available(),
            "pending": oracle.pending(),
            "debt": oracle.debt(),
            "last_at": oracle.last_entry_at(),
            "lots": [
                (
                    lot["order"],
                    lot["original"],
                    lot["remaining"],
                    oracle.pinned(lot),
                    lot["expired"],
                    lot["reversed"],
                    lot["forgone"],
                    lot["earned_at"],
                    lot["expires_at"],
                )
                for lot in oracle.lots
            ],
            "promises": sorted(
                (p["order"], p["available_at"], p["earned_at"], str(p["expires_at"]), p["amount"])
                for p in oracle.promises
            ),
            "holds": sorted(
                (h["name"], h["amount"], h["expires_at"], h["made_at"], h["pins"])
                for h in oracle.open_holds()
            ),
        }

    def absorb(self, postings: list[Posting], new_lots: list[Lot]) -> None:
        """Follow what the engine noted since last time, against what the oracle entered."""
        noted: Counter[tuple[str, str, datetime]] = Counter()
        for posting in postings:
            self.audit.follow(posting)
            account = "debt" if posting.account > OWED else "main"
            noted[account, posting.kind, posting.at] += posting.amount
        entered: Counter[tuple[str, str, datetime]] = Counter()
        for row in self.oracle.book[self.entries_compared :]:
            entered[row["account"], row["kind"], row["at"]] += row["amount"]
        self.entries_compared = len(self.oracle.book)
        assert noted == entered
        self.lots.update((lot.number, lot) for lot in new_lots)


def _lot_figures(lot: Lot) -> tuple[object, ...]:
    return (
        lot.cause_id,
        lot.original,
        lot.remaining,
        lot.held,
        lot.expired,
        lot.reversed,
        lot.forgone,
        lot.earned_at,
        lot.expires_at,
    )
