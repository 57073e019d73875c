"""Reads of the ledger: what a member holds, how it came about, and the export of all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_all, fetch_one
from regulars.infra.http.answers import unknown_cursor
from regulars.infra.snapshots import instant_text, one_snapshot, stream
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.modules.members.enrolment import WHO_BY_ID

from .chain import exported_line
from .engine import Journal, Purse
from .gather import Purses
from .seals import latest_seal, seals
from .signing import seal_line
from .types import (
    ACCOUNT_OF_LETTERS,
    ASSET_NAMES,
    ASSET_OF_NAME,
    ASSETS,
    BY_ACCOUNT_ID,
    COUNTER_ACCOUNTS,
    DEBT_OF,
    GENESIS,
    AssetBalance,
    AssetTotals,
    Cause,
    Entry,
    ExpiringAmount,
    HoldView,
    account_id,
    entry_id,
)

_BALANCES: Final = Sql(
    f"""WITH {WHO_BY_ID} SELECT (SELECT carrier FROM who),
  (SELECT json_group_array(json_array(a.asset, a.balance, a.held, a.pending, a.debt,
      a.next_due_at)) FROM ledger_account a WHERE a.merchant_id = :merchant_id
      AND a.member_id = (SELECT carrier FROM who)),
  (SELECT json_group_array(json_array(l.asset, l.expires_at, l.remaining - l.held))
      FROM ledger_lot l WHERE l.merchant_id = :merchant_id
      AND l.member_id = (SELECT carrier FROM who)
      AND l.remaining > l.held AND l.expires_at IS NOT NULL)"""
)
_CARRIER: Final = Sql(f"WITH {WHO_BY_ID} SELECT carrier FROM who")
_ENTRIES: Final = (
    "SELECT account, version, at, amount, balance_after, kind, cause_type, cause_id, reverses "
    "FROM ledger_posting WHERE merchant_id = :merchant_id AND member_id = :member_id "
    f"AND {any_of('account', 'accounts')}"
)
_NEWEST: Final = " ORDER BY at DESC, account DESC, version DESC LIMIT :count"
_FIRST_ENTRIES: Final = Sql(_ENTRIES + _NEWEST)
_MORE_ENTRIES: Final = Sql(
    f"{_ENTRIES} AND (at, account, version) < (:at, :after_account, :after_version){_NEWEST}"
)
_ENTRY_AT: Final = Sql(
    "SELECT at FROM ledger_posting WHERE merchant_id = :merchant_id AND member_id = :member_id "
    "AND account = :account AND version = :version"
)
_AVAILABLE: Final = Sql(
    "SELECT member_id, balance - held FROM ledger_account "
    f"WHERE merchant_id = :merchant_id AND asset = 1 AND {any_of('member_id')}"
)
_HOLD: Final = Sql(
    "SELECT id, member_id, amount, captured, status, expires_at FROM ledger_hold "
    "WHERE merchant_id = :merchant_id AND id = :hold_id"
)
_SEALED_POSTINGS: Final = Sql(
    "SELECT s.member_id || '', s.account, p.version, p.at || '', p.amount, p.balance_after, "
    "p.kind, p.cause_type, p.cause_id, p.reverses, p.hash FROM ledger_sealedhead s "
    "JOIN ledger_posting p ON p.merchant_id = s.merchant_id AND p.member_id = s.member_id "
    "AND p.account = s.account AND p.version <= s.version "
    "WHERE s.merchant_id = :merchant_id ORDER BY s.member_id, s.account, p.version"
)
_SUMS: Final = Sql(
    "SELECT account, CASE WHEN kind = 'debt_repaid' AND cause_type = 'adjustment' "
    "THEN 'debt_adjusted' ELSE kind END AS what, sum(amount) FROM ledger_posting "
    "WHERE merchant_id = :merchant_id GROUP BY account, what"
)
_HOLDINGS: Final = Sql(
    "SELECT asset, sum(balance), sum(held), sum(pending), sum(debt) FROM ledger_account "
    "WHERE merchant_id = :merchant_id GROUP BY asset"
)
_REASONS: Final = Sql(
    "SELECT id, reason, actor FROM ledger_adjustment "
    f"WHERE merchant_id = :merchant_id AND {any_of('id')}"
)
_ENTRY_ID: Final = re.compile(r"ent_([0-9a-f]{32})_(p|g|pd|gd)([1-9][0-9]{0,8})")


# ── what a member holds ───────────────────────────────────────────────────────────────────


def balances(*, merchant_id: int, member_id: UUID, now: datetime) -> dict[str, AssetBalance]:
    """Points and growth value as of ``now``, also where what fell due was not posted yet.

    A merged member is answered by who carries on. Raises NotFound.
    """
    row = fetch_one(_BALANCES, {"merchant_id": merchant_id, "member_id": member_id})
    assert row is not None
    carrier, accounts, lots = row
    if carrier is None:
        raise NotFound
    known = {account[0]: account for account in as_json(accounts) or []}
    overdue = [
        asset
        for asset, *_, due in known.values()
        if due is not None and (at := as_instant(due)) is not None and at <= now
    ]
    if overdue:
        return _caught_up(merchant_id, as_uuid(carrier), now)
    expiring = _expiring((asset, as_instant(at), free) for asset, at, free in as_json(lots) or [])
    return {
        ASSET_NAMES[asset]: _balance(*known.get(asset, (asset, 0, 0, 0, 0, None))[1:5],
                                     expiring=expiring.get(asset, ()))
        for asset in ASSETS
    }  # fmt: skip


def _caught_up(merchant_id: int, carrier: UUID, now: datetime) -> dict[str, AssetBalance]:
    """The balances after everything due was done, in memory alone."""
    purses, nowhere = Purses(merchant_id, [carrier]), Journal()
    found = {}
    for asset in ASSETS:
        purse = purses.of(carrier, asset)
        purse.catch_up(nowhere, now)
        found[ASSET_NAMES[asset]] = balance_of(purse)
    return found


def balance_of(purse: Purse) -> AssetBalance:
    """What a complete purse holds, as the API tells it."""
    free = (
        (purse.asset, lot.expires_at, lot.remaining - lot.held)
        for lot in purse.lots.values()
        if lot.expires_at is not None and lot.remaining > lot.held
    )
    return _balance(
        purse.balance,
        purse.held,
        purse.pending,
        purse.debt,
        expiring=_expiring(free).get(purse.asset, ()),
    )


def _balance(
    posted: int, held: int, pending: int, debt: int, *, expiring: tuple[ExpiringAmount, ...]
) -> AssetBalance:
    return AssetBalance(
        posted=posted,
        held=held,
        pending=pending,
        available=posted - held,
        debt=debt,
        expiring=expiring,
    )


def _expiring(
    lots: Iterable[tuple[int, datetime | None, int]],
) -> dict[int, tuple[ExpiringAmount, ...]]:
    """What will expire when, by asset, soonest first; what is held is not counted."""
    sums: dict[tuple[int, datetime], int] = {}
    for asset, at, free in lots:
        if at is not None:
            sums[asset, at] = sums.get((asset, at), 0) + free
    found: dict[int, list[ExpiringAmount]] = {}
    for asset, at in sorted(sums):
        found.setdefault(asset, []).append(ExpiringAmount(at, sums[asset, at]))
    return {asset: tuple(amounts) for asset, amounts in found.items()}


def available_points(merchant_id: int, member_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What each of some members who carry on can spend, as booked; for whoever had any."""
    rows = fetch_all(_AVAILABLE, {"merchant_id": merchant_id, "ids": list(member_ids)})
    return {as_uuid(member_id): available for member_id, available in rows}


def hold_view(*, merchant_id: int, hold_id: UUID, now: datetime) -> HoldView:
    """A hold as of ``now``: one that ran out reads "expired" at once. Raises NotFound."""
    row = fetch_one(_HOLD, {"merchant_id": merchant_id, "hold_id": hold_id})
    if row is None:
        raise NotFound
    id_, member_id, amount, captured, status, expires_at = row
    ends_at = as_instant(expires_at)
    assert ends_at is not None
    return HoldView(
        id=show("hold", as_uuid(id_)),
        member_id=show("mem", as_uuid(member_id)),
        amount=amount,
        captured=captured,
        status="expired" if status == "open" and ends_at <= now else status,
        expires_at=ends_at,
    )


# ── how it came about ─────────────────────────────────────────────────────────────────────


def entries(
    *,
    merchant_id: int,
    member_id: UUID,
    limit: int,
    after: str | None = None,
    asset: str | None = None,
) -> list[Entry]:
    """Entries of a member, newest first; ``after`` is the id of the last one seen.

    ``asset`` (points, growth_value) keeps to that asset and its debt. A merged member is answered
    by who carries on. Raises NotFound, and Invalid for an ``after`` that is no entry of theirs.
    """
    row = fetch_one(_CARRIER, {"merchant_id": merchant_id, "member_id": member_id})
    if row is None:
        raise NotFound
    carrier = as_uuid(row[0])
    wanted = [ASSET_OF_NAME[asset]] if asset else list(ASSETS)
    params: dict[str, Any] = {
        "merchant_id": merchant_id,
        "member_id": carrier,
        "accounts": [*wanted, *(one + DEBT_OF for one in wanted)],
        "count": limit,
    }
    if after is None:
        rows = fetch_all(_FIRST_ENTRIES, params)
    else:
        rows = fetch_all(_MORE_ENTRIES, {**params, **_position(merchant_id, carrier, after)})
    return [_entry(carrier.hex, row) for row in rows]


def _position(merchant_id: int, carrier: UUID, after: str) -> dict[str, Any]:
    found = _ENTRY_ID.fullmatch(after)
    if found is not None and found[1] == carrier.hex:
        account, version = ACCOUNT_OF_LETTERS[found[2]], int(found[3])
        key = {
            "merchant_id": merchant_id,
            "member_id": carrier,
            "account": account,
            "version": version,
        }
        row = fetch_one(_ENTRY_AT, key)
        if row is not None:
            return {"at": as_instant(row[0]), "after_account": account, "after_version": version}
    raise unknown_cursor()


def _entry(member_hex: str, row: Sequence[Any]) -> Entry:
    account, version, at, amount, balance_after, kind, cause_type, cause_id, reverses = row
    posted_at = as_instant(at)
    assert posted_at is not None
    return Entry(
        id=entry_id(member_hex, account, version),
        at=posted_at,
        asset=ASSET_NAMES[account],
        account=account_id(member_hex, account),
        amount=amount,
        balance_after=balance_after,
        kind=kind,
        cause=Cause(cause_type, cause_id),
        reverses=reverses,
    )


def adjustment_reasons(merchant_id: int, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Reason and actor of adjustments, by the id in their entries' cause."""
    rows = fetch_all(_REASONS, {"merchant_id": merchant_id, "ids": list(ids)})
    return {as_uuid(id_): (reason, actor) for id_, reason, actor in rows}


# ── all of it ─────────────────────────────────────────────────────────────────────────────


def export_entries(merchant_id: int) -> Iterator[str]:
    """NDJSON lines: every posting up to the latest seal by account and version, then the seals.

    One snapshot, read as it is consumed; nothing is ever held in memory but one member.
    """
    with one_snapshot():
        if latest_seal(merchant_id) is None:
            return
        rows = stream(_SEALED_POSTINGS, {"merchant_id": merchant_id})
        for member_id, of_member in groupby(rows, key=itemgetter(0)):
            yield from _exported_member(as_uuid(member_id).hex, of_member)
        for sealed in seals(merchant_id):
            yield json.dumps(seal_line(sealed), separators=(",", ":")) + "\n"


def _exported_member(member_hex: str, rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    by_account = {account: list(some) for account, some in groupby(rows, key=itemgetter(1))}
    for account in sorted(by_account, key=BY_ACCOUNT_ID.__getitem__):
        previous = GENESIS
        for row in by_account[account]:
            _, _, version, at, amount, balance_after, kind, why, why_id, reverses, head = row
            yield exported_line(
                member_hex=member_hex,
                account=account,
                version=version,
                at_text=instant_text(at),
                amount=amount,
                balance_after=balance_after,
                kind=kind,
                cause_type=why,
                cause_id=why_id,
                reverses=reverses,
                previous=previous,
                hash=head,
            )
            previous = head


def system_balances(merchant_id: int) -> dict[str, dict[str, int]]:
    """By asset, what the issuer's accounts hold: with the members' accounts the sum is zero."""
    found: dict[str, dict[str, int]] = {ASSET_NAMES[asset]: {} for asset in ASSETS}
    for account, what, total in fetch_all(_SUMS, {"merchant_id": merchant_id}):
        kind = "debt_repaid" if what == "debt_adjusted" else what
        of_asset, counter = found[ASSET_NAMES[account]], COUNTER_ACCOUNTS[kind]
        of_asset[counter] = of_asset.get(counter, 0) - int(total)
    return found


def totals(merchant_id: int) -> dict[str, AssetTotals]:
    """By asset, what became of everything that was ever given; as posted, jobs or not."""
    params = {"merchant_id": merchant_id}
    sums = {(account, kind): int(total) for account, kind, total in fetch_all(_SUMS, params)}
    held = {asset: tuple(map(int, amounts)) for asset, *amounts in fetch_all(_HOLDINGS, params)}
    return {ASSET_NAMES[asset]: _totals(asset, sums, held.get(asset, (0,) * 4)) for asset in ASSETS}


def _totals(asset: int, sums: dict[tuple[int, str], int], holdings: tuple[int, ...]) -> AssetTotals:
    def of(kind: str) -> int:
        return sums.get((asset, kind), 0)

    def of_debt(kind: str) -> int:
        return sums.get((asset + DEBT_OF, kind), 0)

    outstanding, held, pending, debt = holdings
    return AssetTotals(
        # What repaid a debt was issued too; what a freed hold repaid was issued before.
        issued=of("earn") + of_debt("debt_repaid") + of("repay"),
        adjusted=of("adjust") + of_debt("debt_adjusted"),
        clawed_back=-of("clawback") - of_debt("debt"),
        spent=-of("redeem") - of("redeem_return"),
        expired=-of("expire"),
        outstanding=outstanding,
        held=held,
        pending=pending,
        debt=debt,
    )
