"""Turns a journal into rows. The ledger's tables are written through here and nowhere else."""

from __future__ import annotations

import json
from typing import Final

from regulars.infra.recording import Delete, Table, Update, Writes

from .engine import Journal, Purse
from .types import GENESIS, Hold, Lot

#: Nobody holds, waits for or owes anything: most accounts, most of the time.
_NOTHING_OWED: Final = {
    "held": 0,
    "pending": 0,
    "debt": 0,
    "debt_version": 0,
    "debt_head": GENESIS,
}
ACCOUNT: Final = Table(
    "ledger_account",
    "merchant_id",
    "member_id",
    "asset",
    "balance",
    "held",
    "pending",
    "debt",
    "version",
    "head",
    "debt_version",
    "debt_head",
    "last_at",
    "next_due_at",
    "revision",
    usually={**_NOTHING_OWED, "revision": 1},
)
_ID: Final = {"merchant_id": "bigint", "member_id": "uuid", "asset": "smallint"}
ACCOUNT_CHANGE: Final = Update(
    "ledger_account",
    key=_ID,
    sets={
        "balance": "bigint",
        "held": "bigint",
        "pending": "bigint",
        "debt": "bigint",
        "version": "integer",
        "head": "text",
        "debt_version": "integer",
        "debt_head": "text",
        "last_at": "timestamptz",
        "next_due_at": "timestamptz",
        "revision": "integer",
    },
    seen={"revision": "integer"},
    usually=_NOTHING_OWED,
)
POSTING: Final = Table(
    "ledger_posting",
    "merchant_id",
    "member_id",
    "account",
    "version",
    "at",
    "amount",
    "balance_after",
    "kind",
    "cause_type",
    "cause_id",
    "reverses",
    "parts",
    "hash",
    usually={"reverses": None, "parts": None},
)
LOT: Final = Table(
    "ledger_lot",
    "merchant_id",
    "member_id",
    "asset",
    "number",
    "original",
    "remaining",
    "held",
    "expired",
    "reversed",
    "forgone",
    "earned_at",
    "expires_at",
    "cause_type",
    "cause_id",
    usually={"held": 0, "expired": 0, "reversed": 0, "forgone": 0},
)
LOT_CHANGE: Final = Update(
    "ledger_lot",
    key={**_ID, "number": "integer"},
    sets={
        "remaining": "bigint",
        "held": "bigint",
        "expired": "bigint",
        "reversed": "bigint",
        "forgone": "bigint",
    },
)
PENDING: Final = Table(
    "ledger_pending",
    "merchant_id",
    "member_id",
    "id",
    "asset",
    "amount",
    "earned_at",
    "available_at",
    "expires_at",
    "cause_type",
    "cause_id",
)
_PENDING_ID: Final = {"merchant_id": "bigint", "member_id": "uuid", "id": "uuid"}
PENDING_SHRUNK: Final = Update(
    "ledger_pending",
    key=_PENDING_ID,
    sets={"amount": "bigint"},
    seen={"amount": "bigint"},
)
PENDING_GONE: Final = Delete("ledger_pending", key=_PENDING_ID, seen={"amount": "bigint"})
HOLD: Final = Table(
    "ledger_hold",
    "merchant_id",
    "id",
    "member_id",
    "asset",
    "amount",
    "captured",
    "status",
    "expires_at",
    "created_at",
    "parts",
)
HOLD_CHANGE: Final = Update(
    "ledger_hold",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"status": "text", "captured": "bigint", "parts": "text"},
    seen={"status": "text"},
)


def add_to(writes: Writes, journal: Journal) -> None:
    """Add everything the journal noted to ``writes``."""
    for purse in journal.purses.values():
        _add_account(writes, purse)
    writes.extend(POSTING, journal.postings)
    writes.extend(LOT, (_lot_row(purse, lot) for purse, lot in journal.new_lots))
    for purse, lot in journal.changed_lots.values():
        writes.add(
            LOT_CHANGE,
            (
                purse.merchant_id,
                purse.member_id,
                purse.asset,
                lot.number,
                lot.remaining,
                lot.held,
                lot.expired,
                lot.reversed,
                lot.forgone,
            ),
        )
    for purse, pending in journal.new_pendings.values():
        writes.add(
            PENDING,
            (
                purse.merchant_id,
                purse.member_id,
                pending.id,
                pending.asset,
                pending.amount,
                pending.earned_at,
                pending.available_at,
                pending.expires_at,
                pending.cause_type,
                pending.cause_id,
            ),
        )
    for purse, pending, before in journal.gone_pendings.values():
        key = (purse.merchant_id, purse.member_id, pending.id)
        if pending.amount:
            writes.add(PENDING_SHRUNK, (*key, pending.amount, before))
        else:
            writes.add(PENDING_GONE, (*key, before))
    for purse, hold in journal.new_holds.values():
        writes.add(HOLD, _hold_row(purse, hold))
    for purse, hold in journal.changed_holds.values():
        pins = _parts_text(hold)
        writes.add(
            HOLD_CHANGE, (purse.merchant_id, hold.id, hold.status, hold.captured, pins, "open")
        )


def settled(journal: Journal) -> None:
    """After the rows were written: the purses now know them, for whoever goes on with them."""
    for purse in journal.purses.values():
        purse.recorded()


def _add_account(writes: Writes, purse: Purse) -> None:
    identity = (purse.merchant_id, purse.member_id, purse.asset)
    state = (
        purse.balance,
        purse.held,
        purse.pending,
        purse.debt,
        purse.version,
        purse.head,
        purse.debt_version,
        purse.debt_head,
        purse.last_at,
        purse.next_due_at,
        purse.revision + 1,
    )
    if purse.revision:
        writes.add(ACCOUNT_CHANGE, (*identity, *state, purse.revision))
    else:
        writes.add(ACCOUNT, (*identity, *state))


def _lot_row(purse: Purse, lot: Lot) -> tuple[object, ...]:
    return (
        purse.merchant_id,
        purse.member_hex,
        purse.asset,
        lot.number,
        lot.original,
        lot.remaining,
        lot.held,
        lot.expired,
        lot.reversed,
        lot.forgone,
        lot.earned_at,
        lot.expires_at,
        lot.cause_type,
        lot.cause_id,
    )


def _hold_row(purse: Purse, hold: Hold) -> tuple[object, ...]:
    return (
        purse.merchant_id,
        hold.id,
        purse.member_id,
        hold.asset,
        hold.amount,
        hold.captured,
        hold.status,
        hold.expires_at,
        hold.created_at,
        _parts_text(hold),
    )


def _parts_text(hold: Hold) -> str:
    return json.dumps(hold.parts, separators=(",", ":"))
