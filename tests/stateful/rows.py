"""What the database holds of a ledger, read past the ledger's own code."""

from __future__ import annotations

import json
from typing import Any

from regulars.modules.ledger import models, types
from stateful.twin import OWED, Audit, Twin

TABLES: tuple[Any, ...] = (models.Account, models.Posting, models.Lot, models.Pending, models.Hold)
LOT_COLUMNS = (
    "number", "original", "remaining", "held", "expired", "reversed", "forgone",
    "earned_at", "expires_at", "cause_type", "cause_id",
)  # fmt: skip


def fingerprint(merchant_id: int, twin: Twin | None = None) -> list[list[tuple[Any, ...]]]:
    """Every row of the merchant, or of one member's asset, in every table of the ledger."""
    found = []
    for table in TABLES:
        query = table.objects.of(merchant_id)
        if twin is not None and table is models.Posting:
            accounts = [twin.asset, twin.asset + OWED]
            query = query.filter(member_id=twin.member_id, account__in=accounts)
        elif twin is not None:
            query = query.filter(member_id=twin.member_id, asset=twin.asset)
        columns = [field.name for field in table._meta.concrete_fields]
        found.append(sorted(query.values_list(*columns), key=repr))
    return found


def agree(twin: Twin) -> None:
    """The rows say what the purse says, and keep the invariants by themselves."""
    taken = _accounts_agree(twin)
    lots = models.Lot.objects.of(twin.merchant_id).filter(
        member_id=twin.member_id, asset=twin.asset
    )
    stored = {row[0]: row for row in lots.values_list(*LOT_COLUMNS)}
    assert stored == {
        number: tuple(getattr(lot, column) for column in LOT_COLUMNS)
        for number, lot in twin.lots.items()
    }
    assert sum(row[2] for row in stored.values()) == twin.purse.balance, "I-06"
    for number, row in stored.items():
        assert row[1] - row[2] == taken.get(number, 0), "a lot differs from its postings (I-06)"
    _promises_and_holds_agree(twin)


def _accounts_agree(twin: Twin) -> dict[int, int]:
    """Account row = sum of postings, gapless, chained; returns what was taken of each lot."""
    purse = twin.purse
    heads: dict[int, tuple[int, int, str]] = {}
    taken: dict[int, int] = {}
    for number in (twin.asset, twin.asset + OWED):
        audit = Audit()
        rows = models.Posting.objects.of(twin.merchant_id).filter(
            member_id=twin.member_id, account=number
        )
        for row in rows.order_by("version").values_list(*types.Posting._fields):
            audit.follow(types.Posting(*row))
        account = audit.account(number)
        heads[number] = (account.balance, account.version, account.head)
        taken.update(audit.taken_of_lot)
    assert heads[twin.asset] == (purse.balance, purse.version, purse.head)
    assert heads[twin.asset + OWED] == (-purse.debt, purse.debt_version, purse.debt_head)
    stored = (
        models.Account.objects.of(twin.merchant_id)
        .filter(member_id=twin.member_id, asset=twin.asset)
        .first()
    )
    if stored is None:
        assert purse.version == purse.debt_version == purse.held == purse.pending == 0
        return taken
    for name in (
        "balance", "held", "pending", "debt", "version", "head", "debt_version", "debt_head",
        "last_at", "next_due_at",
    ):  # fmt: skip
        assert getattr(stored, name) == getattr(purse, name), name
    return taken


def _promises_and_holds_agree(twin: Twin) -> None:
    who = {"member_id": twin.member_id, "asset": twin.asset}
    promises = models.Pending.objects.of(twin.merchant_id).filter(**who)
    assert {row.id: row.amount for row in promises} == {
        id_: pending.amount for id_, pending in twin.purse.pendings.items()
    }
    holds = models.Hold.objects.of(twin.merchant_id).filter(**who)
    assert {row.id: json.loads(row.parts) for row in holds if row.status == "open"} == {
        id_: hold.parts for id_, hold in twin.purse.holds.items()
    }
    assert {(row.id.hex, row.status, row.amount, row.captured) for row in holds} == {
        (hold["name"], hold["status"], hold["amount"], hold["captured"])
        for hold in twin.oracle.holds
    }
