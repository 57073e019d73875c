"""Verification: the whole ledger of a merchant against itself and against its seals.

Everything is read once, member by member, in one snapshot; orders go on meanwhile. Hashes and
versions tell whether postings are what was written, the account rows and the seals whether any are
gone, and lots, holds and promises are added up again from the postings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from regulars.infra.db import Sql, as_uuid
from regulars.infra.snapshots import instant_text, one_snapshot, stream

from .chain import posting_hash
from .seals import HeadTree, seals
from .signing import faults
from .types import ACCOUNT_LETTERS, ASSETS, BY_ACCOUNT_ID, DEBT_OF, GENESIS, Finding, account_id

Row = Sequence[Any]
Progress = Callable[[int], None]

MOST_FINDINGS: Final = 100_000
_TOLD_EVERY: Final = 20_000


def _in_order(columns: str, table: str, *order: str, where: str = "") -> Sql:
    by = ", ".join(("member_id", *order))
    return Sql(
        f"SELECT member_id || '', {columns} FROM {table} "
        f"WHERE merchant_id = :merchant_id{where} ORDER BY {by}"
    )


_POSTINGS: Final = _in_order(
    "account, version, at || '', amount, balance_after, kind, cause_type, cause_id, reverses, "
    "parts, hash",
    "ledger_posting",
    "account",
    "version",
)
_ACCOUNTS: Final = _in_order(
    "asset, balance, held, pending, debt, version, head, debt_version, debt_head, "
    "next_due_at || ''",
    "ledger_account",
    "asset",
)
_LOTS: Final = _in_order(
    "asset, number, original, remaining, held, expired, reversed, expires_at || '', cause_id",
    "ledger_lot",
    "asset",
    "number",
)
_PENDINGS: Final = _in_order("asset, amount, available_at || ''", "ledger_pending")
_HOLDS: Final = _in_order(
    "asset, amount, expires_at || '', parts", "ledger_hold", where=" AND status = 'open'"
)
_SEALED: Final = _in_order("account, version, head", "ledger_sealedhead", "account")


def verify(merchant_id: int, *, progress: Progress | None = None) -> list[Finding]:
    """Everything that does not hold, in the order of members; empty where all is well.

    ``progress`` is told now and then how many postings were verified. At most MOST_FINDINGS are
    told.
    """
    with one_snapshot():
        verifier = _Verifier(merchant_id, progress)
        verifier.walk()
        verifier.check_seals()
        verifier.findings += faults(seals(merchant_id))
    return verifier.findings


class _Walk:
    """Rows of a query in runs of one member, taken as their turn comes."""

    __slots__ = ("_row", "_rows", "member")

    def __init__(self, sql: Sql, merchant_id: int) -> None:
        self._rows: Iterator[Row] = stream(sql, {"merchant_id": merchant_id})
        self._row: Row | None = None
        self.member: Any = None
        self._step()

    def _step(self) -> None:
        self._row = next(self._rows, None)
        self.member = None if self._row is None else self._row[0]

    def take(self, member: Any) -> list[Row]:
        taken: list[Row] = []
        if self.member != member or self._row is None:
            return taken
        taken.append(self._row)
        for row in self._rows:
            if row[0] != member:
                self._row, self.member = row, row[0]
                return taken
            taken.append(row)
        self._row = self.member = None
        return taken


class _Chain:
    """What the postings of one account add up to."""

    __slots__ = ("balance", "clawed", "consumed", "credits", "expired", "hashes", "head", "version")

    def __init__(self) -> None:
        self.version, self.head, self.balance = 0, GENESIS, 0
        self.hashes: dict[int, str] = {}
        self.credits: dict[int, Row] = {}
        self.consumed: dict[int, int] = {}
        self.expired: dict[int, int] = {}
        self.clawed: dict[int, int] = {}


class _Verifier:
    """One pass over one merchant."""

    def __init__(self, merchant_id: int, progress: Progress | None) -> None:
        self._merchant_id = merchant_id
        self._progress = progress
        self._verified = self._told = 0
        self._tree = HeadTree()
        self.findings: list[Finding] = []

    def walk(self) -> None:
        walks = [
            _Walk(sql, self._merchant_id)
            for sql in (_POSTINGS, _ACCOUNTS, _LOTS, _PENDINGS, _HOLDS, _SEALED)
        ]
        while len(self.findings) < MOST_FINDINGS:
            waiting = [walk.member for walk in walks if walk.member is not None]
            if not waiting:
                break
            member = min(waiting)
            self._member(member, *(walk.take(member) for walk in walks))
            if self._progress and self._verified - self._told >= _TOLD_EVERY:
                self._told = self._verified
                self._progress(self._verified)
        if self._progress:
            self._progress(self._verified)

    def _find(
        self, code: str, member_hex: str, account: int, version: int | None, detail: str
    ) -> None:
        self.findings.append(
            Finding(
                code=code,
                member_id=f"mem_{member_hex}",
                account=account_id(member_hex, account) if account in ACCOUNT_LETTERS else "",
                version=version,
                detail=detail,
            )
        )

    # ── one member ────────────────────────────────────────────────────────────────────────

    def _member(
        self,
        member: Any,
        postings: list[Row],
        accounts: list[Row],
        lots: list[Row],
        pendings: list[Row],
        holds: list[Row],
        sealed: list[Row],
    ) -> None:
        member_hex = as_uuid(member).hex
        chains: dict[int, _Chain] = {}
        for account, rows in groupby(postings, key=itemgetter(1)):
            chains[account] = self._chain(member_hex, account, rows)
        self._verified += len(postings)
        by_asset = {row[1]: row for row in accounts}
        for asset in sorted({row[1] for row in (*lots, *pendings, *holds)} | by_asset.keys()):
            try:
                self._account(
                    member_hex,
                    asset,
                    by_asset.get(asset),
                    chains,
                    [row for row in lots if row[1] == asset],
                    [row for row in pendings if row[1] == asset],
                    [row for row in holds if row[1] == asset],
                )
            except (TypeError, ValueError, KeyError) as error:
                self._find("unreadable", member_hex, asset, None, repr(error))
        for account in chains:
            if account not in ACCOUNT_LETTERS or account % DEBT_OF not in by_asset:
                self._find("account_missing", member_hex, account, None, "postings of no account")
        if sealed:
            self._sealed(member_hex, chains, sealed)

    def _chain(self, member_hex: str, account: int, rows: Iterable[Row]) -> _Chain:
        chain = _Chain()
        if account not in ACCOUNT_LETTERS:
            return chain
        main, before = account in ASSETS, ""
        also = GENESIS
        for row in rows:
            _, _, version, at, amount, after, kind, why, why_id, reverses, parts, head = row
            if version != chain.version + 1:
                missing = f"version {chain.version + 1} is not there, {version} follows"
                self._find("version_gap", member_hex, account, chain.version + 1, missing)
            try:
                own = posting_hash(
                    member_hex=member_hex,
                    account=account,
                    version=version,
                    at_text=(at_text := instant_text(at)),
                    amount=amount,
                    balance_after=after,
                    kind=kind,
                    cause_type=why,
                    cause_id=why_id,
                    reverses=reverses,
                    previous=chain.head,
                )
                if own != head and (also == chain.head or not self._follows(member_hex, row, also)):
                    self._find("posting_changed", member_hex, account, version, f"hash is {own}")
                if chain.balance + amount != after:
                    detail = f"{chain.balance} + {amount} is not {after}"
                    self._find("balance_broken", member_hex, account, version, detail)
                if at_text < before:
                    self._find("time_backwards", member_hex, account, version, at_text)
                if main:
                    if amount > 0 and (kind != "redeem_return" or not parts):
                        chain.credits[version] = row
                    elif not _add_parts(chain, kind, amount, parts):
                        self._find("parts_broken", member_hex, account, version, f"{parts}")
                chain.version, chain.head, chain.balance, before = version, head, after, at_text
                also = own
            except (TypeError, ValueError) as error:
                self._find("unreadable", member_hex, account, version, repr(error))
                chain.version, chain.head, also = version, head, head
            chain.hashes[version] = head
        return chain

    def _follows(self, member_hex: str, row: Row, previous: str) -> bool:
        """Whether a posting is intact after the hash that the one before ought to have."""
        _, account, version, at, amount, after, kind, why, why_id, reverses, _, head = row
        own = posting_hash(
            member_hex=member_hex,
            account=account,
            version=version,
            at_text=instant_text(at),
            amount=amount,
            balance_after=after,
            kind=kind,
            cause_type=why,
            cause_id=why_id,
            reverses=reverses,
            previous=previous,
        )
        return bool(own == head)

    # ── one account ───────────────────────────────────────────────────────────────────────

    def _account(
        self,
        member_hex: str,
        asset: int,
        account: Row | None,
        chains: dict[int, _Chain],
        lots: list[Row],
        pendings: list[Row],
        holds: list[Row],
    ) -> None:
        if account is None:
            self._find("account_missing", member_hex, asset, None, "lots or promises of no account")
            return
        _, _, balance, held, pending, debt, version, head, debt_version, debt_head, due = account
        chain = chains.get(asset) or _Chain()
        owed = chains.get(asset + DEBT_OF) or _Chain()
        self._head(member_hex, asset, chain, (version, head, balance))
        self._head(member_hex, asset + DEBT_OF, owed, (debt_version, debt_head, -debt))
        if debt < 0:
            self._find("debt_sign", member_hex, asset + DEBT_OF, None, f"a debt of {debt}")
        pinned = self._pinned(member_hex, asset, holds)
        remaining = self._lots(member_hex, asset, chain, lots, pinned)
        if remaining != balance:
            self._find("lots_sum", member_hex, asset, None, f"{remaining} in lots, not {balance}")
        if (total := sum(row[2] for row in holds)) != held:
            self._find("held_sum", member_hex, asset, None, f"{total} in holds, not {held}")
        if (total := sum(row[2] for row in pendings)) != pending:
            self._find("pending_sum", member_hex, asset, None, f"{total} promised, not {pending}")
        self._due(member_hex, asset, due, lots, pendings, holds)

    def _head(
        self, member_hex: str, account: int, chain: _Chain, cached: tuple[int, str, int]
    ) -> None:
        version, head, balance = cached
        if chain.version != version:
            detail = f"postings end at {chain.version}, the account says {version}"
            self._find("account_version", member_hex, account, version, detail)
        elif chain.head != head:
            self._find("account_head", member_hex, account, version, f"the account says {head}")
        if chain.balance != balance:
            detail = f"postings make {chain.balance}, the account says {balance}"
            self._find("account_balance", member_hex, account, None, detail)

    def _pinned(self, member_hex: str, asset: int, holds: list[Row]) -> dict[int, int]:
        pinned: dict[int, int] = {}
        for _, _, amount, _, parts in holds:
            total = 0
            for number, part in json.loads(parts):
                pinned[number] = pinned.get(number, 0) + part
                total += part
            if total != amount:
                self._find("hold_parts", member_hex, asset, None, f"{parts} is not {amount}")
        return pinned

    def _lots(
        self, member_hex: str, asset: int, chain: _Chain, lots: list[Row], pinned: dict[int, int]
    ) -> int:
        """The sum of what remains; each lot against the postings that made and used it."""
        total = 0
        credits, consumed, expired = dict(chain.credits), chain.consumed, chain.expired
        for _, _, number, original, remaining, held, gone, taken, _, cause_id in lots:
            total += remaining
            credit = credits.pop(number, None)
            if credit is None or credit[4] != original or credit[8] != cause_id:
                self._find("lot_original", member_hex, asset, number, f"a lot of {original}")
            if original - consumed.get(number, 0) != remaining:
                self._find("lot_remaining", member_hex, asset, number, f"{remaining} remain")
            if expired.get(number, 0) != gone or taken > chain.clawed.get(number, 0):
                self._find("lot_ends", member_hex, asset, number, f"{gone} expired, {taken} taken")
            if pinned.get(number, 0) != held:
                self._find("lot_held", member_hex, asset, number, f"{held} held")
        for number in (*credits, *((consumed.keys() | pinned.keys()) - {lot[2] for lot in lots})):
            self._find("lot_missing", member_hex, asset, number, "a credit without its lot")
        return total

    def _due(
        self,
        member_hex: str,
        asset: int,
        due: str | None,
        lots: list[Row],
        pendings: list[Row],
        holds: list[Row],
    ) -> None:
        """An account must wake no later than its first lot, promise or hold falls due."""
        instants = [row[3] for row in (*pendings, *holds)]
        instants += [row[8] for row in lots if row[8] is not None and row[4] > row[5]]
        # As text: in one database instants sort as their texts do.
        first = min(instants, default=None)
        if first is not None and (due is None or due > first):
            self._find("due_late", member_hex, asset, None, f"wakes {due}, due {first}")

    # ── seals ─────────────────────────────────────────────────────────────────────────────

    def _sealed(self, member_hex: str, chains: dict[int, _Chain], sealed: list[Row]) -> None:
        known = [row for row in sealed if row[1] in BY_ACCOUNT_ID]
        for _, account, version, head in sorted(known, key=lambda row: BY_ACCOUNT_ID[row[1]]):
            name = account_id(member_hex, account)
            self._tree.add(account=name, version=version, head=head)
            chain = chains.get(account)
            if chain is None or chain.hashes.get(version) != head:
                self._find("sealed_head", member_hex, account, version, f"sealed as {head}")

    def check_seals(self) -> None:
        previous, number = GENESIS, 0
        for seal in seals(self._merchant_id):
            number += 1
            if seal.number != number:
                self._find_seal("seal_gap", number, f"seal {seal.number} follows")
                number = seal.number
            elif seal.previous != previous:
                self._find_seal("seal_previous", number, f"names {seal.previous}")
            previous = seal.root
        expected = previous if number else HeadTree().root()
        if self._tree.root() != expected:
            self._find_seal("seal_root", number, f"the sealed heads make {self._tree.root()}")

    def _find_seal(self, code: str, number: int, detail: str) -> None:
        self.findings.append(Finding(code, "", "", number, detail))


def _add_parts(chain: _Chain, kind: str, amount: int, parts: str | None) -> bool:
    """Book a debit on its lots, or what went back to them; whether its parts hold together."""
    total, known = 0, True
    sign = -1 if amount > 0 else 1
    try:
        for number, part in json.loads(parts or "[]"):
            total += sign * part
            known = known and number in chain.credits and part > 0
            chain.consumed[number] = chain.consumed.get(number, 0) + sign * part
            if kind == "expire":
                chain.expired[number] = chain.expired.get(number, 0) + part
            elif kind == "clawback":
                chain.clawed[number] = chain.clawed.get(number, 0) + part
    except (TypeError, ValueError):
        return False
    return known and total == -amount
