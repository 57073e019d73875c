"""Reads that load purses, for one member or for thousands at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import (
    Sql,
    any_of,
    as_instant,
    as_json,
    as_uuid,
    fetch_all,
    fetch_one,
    is_postgres,
)

from .engine import Purse
from .types import ASSETS, Hold, Lot, Pending

ACCOUNT_COLUMNS: Final = (
    "asset, balance, held, pending, debt, version, head, debt_version, debt_head, "
    "last_at, next_due_at, revision"
)
#: A scalar for other gathers: the accounts of the member in the CTE ``who`` (column ``carrier``).
ACCOUNTS_OF_WHO: Final = f"""(SELECT json_group_array(json_array({ACCOUNT_COLUMNS}))
  FROM ledger_account a WHERE a.merchant_id = :merchant_id
    AND a.member_id = (SELECT carrier FROM who))"""

_OF_THEM: Final = (
    f"merchant_id = :merchant_id AND {any_of('member_id')} AND {any_of('asset', 'assets')}"
)
#: One statement, hence one snapshot: a purse is never made of rows that were not there together.
#: Lots come purse by purse: there are dozens in each.
_PURSES: Final = Sql(
    f"""SELECT 'account', member_id, json_array({ACCOUNT_COLUMNS})
  FROM ledger_account WHERE {_OF_THEM}
UNION ALL SELECT 'lots', member_id, json_array(asset, json_group_array(json_array(number, original,
    remaining, held, expired, reversed, forgone, earned_at, expires_at, cause_type, cause_id)))
  FROM ledger_lot WHERE {_OF_THEM} AND (remaining > 0 OR {any_of("cause_id", "causes")}
    OR {any_of("number", "numbers")}) GROUP BY member_id, asset
UNION ALL SELECT 'pending', member_id, json_array(id, asset, amount, earned_at, available_at,
    expires_at, cause_type, cause_id)
  FROM ledger_pending WHERE {_OF_THEM}
UNION ALL SELECT 'hold', member_id, json_array(id, asset, amount, captured, status, expires_at,
    created_at, parts)
  FROM ledger_hold WHERE {_OF_THEM} AND status = 'open'"""
)


def purse_of_row(merchant_id: int, member_id: UUID, row: Sequence[Any], *, complete: bool) -> Purse:
    """A purse from ACCOUNT_COLUMNS."""
    asset, balance, held, pending, debt, version, head, debt_version, debt_head, last, due, rev = (
        row
    )
    return Purse(
        merchant_id=merchant_id,
        member_id=member_id,
        asset=asset,
        balance=balance,
        held=held,
        pending=pending,
        debt=debt,
        version=version,
        head=head,
        debt_version=debt_version,
        debt_head=debt_head,
        last_at=as_instant(last),
        next_due_at=as_instant(due),
        revision=rev,
        complete=complete,
    )


class Purses:
    """The purses of some members, complete; new ones start empty.

    ``own_lots`` finds the lots that a cause opened, whatever became of them; ``lot`` one of the
    ``numbers`` asked for.
    """

    def __init__(
        self,
        merchant_id: int,
        member_ids: Sequence[UUID],
        *,
        causes: Sequence[str] = (),
        numbers: Sequence[int] = (),
        assets: Sequence[int] = ASSETS,
    ) -> None:
        self._merchant_id = merchant_id
        self._known: dict[tuple[UUID, int], Purse] = {}
        self._by_number: dict[tuple[UUID, int], dict[int, Lot]] = {}
        self._by_cause: dict[tuple[int, str], list[Lot]] = {}
        params = {
            "merchant_id": merchant_id,
            "ids": list(member_ids),
            "assets": list(assets),
            "causes": list(causes),
            "numbers": list(numbers),
        }
        wanted = set(causes)
        parts: dict[str, list[tuple[UUID, Sequence[Any]]]] = {
            "account": [],
            "lots": [],
            "pending": [],
            "hold": [],
        }
        for kind, member_id, row in fetch_all(_PURSES, params):
            parts[kind].append((as_uuid(member_id), as_json(row)))
        for member_id, account in parts["account"]:
            purse = purse_of_row(merchant_id, member_id, account, complete=True)
            self._known[member_id, purse.asset] = purse
        for member_id, (asset, lots) in parts["lots"]:
            self._add_lots(member_id, asset, lots, wanted)
        for member_id, row in parts["pending"]:
            pending = _pending(row)
            self.of(member_id, pending.asset).pendings[pending.id] = pending
        for member_id, row in parts["hold"]:
            hold = _hold(row)
            self.of(member_id, hold.asset).holds[hold.id] = hold

    def _add_lots(
        self, member_id: UUID, asset: int, rows: Iterable[Sequence[Any]], wanted: set[str]
    ) -> None:
        left = self.of(member_id, asset).lots
        by_number = self._by_number.setdefault((member_id, asset), {})
        for *amounts, earned_at, expires_at, cause_type, cause_id in rows:
            number, original, remaining, held, expired, reversed_, forgone = amounts
            earned = as_instant(earned_at)
            assert earned is not None
            lot = Lot(number, original, remaining, held, expired, reversed_, forgone,
                      earned, as_instant(expires_at), cause_type, cause_id)  # fmt: skip
            by_number[number] = lot
            if remaining:
                left[number] = lot
            if cause_id in wanted:
                self._by_cause.setdefault((asset, cause_id), []).append(lot)

    def of(self, member_id: UUID, asset: int) -> Purse:
        key = (member_id, asset)
        found = self._known.get(key)
        if found is None:
            found = Purse(merchant_id=self._merchant_id, member_id=member_id, asset=asset)
            self._known[key] = found
        return found

    def own_lots(self, asset: int, cause_id: str) -> list[Lot]:
        return self._by_cause.get((asset, cause_id), [])

    def lot(self, member_id: UUID, asset: int, number: int) -> Lot | None:
        """A lot that still holds something, or one of the ``numbers`` asked for."""
        return self._by_number.get((member_id, asset), {}).get(number)

    def all(self) -> Iterable[Purse]:
        return self._known.values()


def load_purse(merchant_id: int, member_id: UUID, asset: int) -> Purse:
    assert asset in ASSETS
    return Purses(merchant_id, [member_id], assets=[asset]).of(member_id, asset)


def _pending(row: Sequence[Any]) -> Pending:
    id_, asset, amount, earned_at, available_at, expires_at, cause_type, cause_id = row
    earned, available = as_instant(earned_at), as_instant(available_at)
    assert earned is not None
    assert available is not None
    return Pending(
        as_uuid(id_), asset, amount, earned, available, as_instant(expires_at), cause_type, cause_id
    )


def _hold(row: Sequence[Any]) -> Hold:
    id_, asset, amount, captured, status, expires_at, created_at, parts = row
    expires, created = as_instant(expires_at), as_instant(created_at)
    assert expires is not None
    assert created is not None
    return Hold(as_uuid(id_), asset, amount, captured, status, expires, created, json.loads(parts))


_CARRIER: Final = (
    "SELECT coalesce(merged_into, id) FROM members_member "
    "WHERE merchant_id = :merchant_id AND id = :member_id"
)
_FIRM_CARRIER: Final = Sql(f"{_CARRIER} FOR SHARE")
_ANY_CARRIER: Final = Sql(_CARRIER)
_LOCK_ACCOUNT: Final = Sql(
    "SELECT 1 FROM ledger_account WHERE merchant_id = :merchant_id "
    "AND member_id = :member_id AND asset = :asset FOR UPDATE"
)


def carrier_for_write(merchant_id: int, member_id: UUID) -> UUID | None:
    """Who carries on for a member, and goes on doing so until the caller's transaction ends."""
    sql = _FIRM_CARRIER if is_postgres() else _ANY_CARRIER
    row = fetch_one(sql, {"merchant_id": merchant_id, "member_id": member_id})
    return as_uuid(row[0]) if row else None


def purse_for_write(merchant_id: int, member_id: UUID, asset: int) -> Purse:
    """A complete purse that nobody else can change until the caller's transaction ends.

    On SQLite the transaction has the one write lock already.
    """
    if is_postgres():
        fetch_one(
            _LOCK_ACCOUNT, {"merchant_id": merchant_id, "member_id": member_id, "asset": asset}
        )
    return load_purse(merchant_id, member_id, asset)
