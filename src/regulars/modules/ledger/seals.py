"""Seals: one root over the heads of all accounts, each naming the seal before.

Whoever keeps a root can later prove that no posting before it was changed, added or taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from regulars.events.ledger import LedgerSealed
from regulars.infra.db import Sql, as_instant, as_uuid, fetch_all, fetch_one, retrying
from regulars.infra.outbox import publish
from regulars.infra.recording import Table, Update, Writes
from regulars.infra.snapshots import one_snapshot, stream

from .errors import ChainBroken
from .signing import signed
from .types import DEBT_OF, GENESIS, SealView, account_id

SEAL: Final = Table("ledger_seal", "merchant_id", "number", "at", "accounts", "root", "previous")
SIGNATURE: Final = Table("ledger_sealsignature", "merchant_id", "number", "public_key", "signature")
SEALED_HEAD: Final = Table(
    "ledger_sealedhead", "merchant_id", "member_id", "account", "version", "head"
)
SEALED_HEAD_CHANGE: Final = Update(
    "ledger_sealedhead",
    key={"merchant_id": "bigint", "member_id": "uuid", "account": "smallint"},
    sets={"version": "integer", "head": "text"},
    seen={"version": "integer"},
)
# By account id: of one member the growth value (g, gd) comes before the points (p, pd).
_HEADS: Final = Sql(
    "SELECT a.member_id, a.asset, a.version, a.head, a.debt_version, a.debt_head, "
    "s.version, d.version FROM ledger_account a "
    "LEFT JOIN ledger_sealedhead s ON s.merchant_id = a.merchant_id "
    "AND s.member_id = a.member_id AND s.account = a.asset "
    "LEFT JOIN ledger_sealedhead d ON d.merchant_id = a.merchant_id "
    f"AND d.member_id = a.member_id AND d.account = a.asset + {DEBT_OF} "
    "WHERE a.merchant_id = :merchant_id ORDER BY a.member_id, a.asset DESC"
)
_SEALS: Final = (
    "SELECT s.number, s.at, s.accounts, s.root, s.previous, coalesce(g.public_key, ''), "
    "coalesce(g.signature, '') FROM ledger_seal s LEFT JOIN ledger_sealsignature g "
    "ON g.merchant_id = s.merchant_id AND g.number = s.number "
    "WHERE s.merchant_id = :merchant_id"
)
_ALL: Final = Sql(f"{_SEALS} ORDER BY s.number")
_LAST: Final = Sql(f"{_SEALS} ORDER BY s.number DESC LIMIT 1")
_LATEST: Final = Sql(f"{_SEALS} AND s.number < :before ORDER BY s.number DESC LIMIT :count")
#: Before the first of them stands every seal.
_AFTER_ALL: Final = 2**31 - 1
_ROWS_AT_ONCE: Final = 5_000
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class HeadTree:
    """The RFC 6962 root of leaves that come one at a time, in memory of their logarithm.

    ``_subtrees`` are whole subtrees, largest first: their sizes are the powers of two that the
    number of leaves is made of, which is just where RFC 6962 splits.
    """

    def __init__(self) -> None:
        self.leaves = 0
        self._subtrees: list[bytes] = []

    def add(self, *, account: str, version: int, head: str) -> None:
        """The next head; its leaf is the RFC 8785 JSON of {account, hash, version}."""
        leaf = f'{{"account":"{account}","hash":"{head}","version":{version}}}'
        node = sha256(_LEAF + leaf.encode()).digest()
        self.leaves += 1
        carries = self.leaves
        while not carries & 1:
            node = sha256(_NODE + self._subtrees.pop() + node).digest()
            carries >>= 1
        self._subtrees.append(node)

    def root(self) -> str:
        if not self._subtrees:
            return sha256().hexdigest()
        *larger, node = self._subtrees
        for subtree in reversed(larger):
            node = sha256(_NODE + subtree + node).digest()
        return node.hex()


@dataclass(slots=True)
class _Heads:
    """What a seal is about to say: the tree, and the heads that are new since the last one."""

    tree: HeadTree
    new: list[tuple[object, ...]]
    changed: list[tuple[object, ...]]
    last: SealView | None


def seal(*, merchant_id: int, now: datetime) -> SealView:
    """Seal every account as it is at one instant; the seal names the one before.

    Raises ChainBroken where an account is shorter than it was sealed, and Contention where other
    seals keep coming first.
    """

    def attempt() -> SealView:
        heads = _gather(merchant_id)
        return _record(merchant_id, now, heads)

    return attempt() if connection.in_atomic_block else retrying(attempt)


def seal_if_moved(*, merchant_id: int, now: datetime) -> SealView | None:
    """Seal as ``seal`` does, unless nothing moved since the last one: then None."""

    def attempt() -> SealView | None:
        heads = _gather(merchant_id)
        known = heads.last.root if heads.last else HeadTree().root()
        return None if heads.tree.root() == known else _record(merchant_id, now, heads)

    return attempt() if connection.in_atomic_block else retrying(attempt)


def sealed_event(merchant_id: int, sealed: SealView) -> LedgerSealed:
    return LedgerSealed(
        merchant_id=merchant_id,
        happened_at=sealed.at,
        seal=sealed.number,
        accounts=sealed.accounts,
        root=sealed.root,
    )


def latest_seal(merchant_id: int) -> SealView | None:
    row = fetch_one(_LAST, {"merchant_id": merchant_id})
    return _view(row) if row else None


def seals(merchant_id: int) -> list[SealView]:
    """Every seal, the first one first."""
    return [_view(row) for row in fetch_all(_ALL, {"merchant_id": merchant_id})]


def latest_seals(merchant_id: int, *, limit: int, after: int | None = None) -> list[SealView]:
    """Seals, the last one first; ``after`` is the number of the last one seen."""
    before = _AFTER_ALL if after is None else after
    params = {"merchant_id": merchant_id, "before": before, "count": limit}
    return [_view(row) for row in fetch_all(_LATEST, params)]


def _gather(merchant_id: int) -> _Heads:
    with one_snapshot():
        heads = _Heads(HeadTree(), [], [], latest_seal(merchant_id))
        for row in stream(_HEADS, {"merchant_id": merchant_id}):
            id_, asset, version, head, debt_version, debt_head, sealed, debt_sealed = row
            member_id = as_uuid(id_)
            if version:
                _add(heads, merchant_id, member_id, asset, version, head, sealed)
            if debt_version:
                debt = asset + DEBT_OF
                _add(heads, merchant_id, member_id, debt, debt_version, debt_head, debt_sealed)
    return heads


def _add(
    heads: _Heads,
    merchant_id: int,
    member_id: UUID,
    account: int,
    version: int,
    head: str,
    sealed: int | None,
) -> None:
    name = account_id(member_id.hex, account)
    if sealed is not None and version < sealed:
        raise ChainBroken(f"{name} was sealed at version {sealed} and is now at {version}.")
    heads.tree.add(account=name, version=version, head=head)
    if sealed is None:
        heads.new.append((merchant_id, member_id, account, version, head))
    elif sealed != version:
        heads.changed.append((merchant_id, member_id, account, version, head, sealed))


def _record(merchant_id: int, now: datetime, heads: _Heads) -> SealView:
    last = heads.last
    bare = SealView(
        number=last.number + 1 if last else 1,
        # A host clock set back must not let a later seal look earlier.
        at=max(now, last.at) if last else now,
        accounts=heads.tree.leaves,
        root=heads.tree.root(),
        previous=last.root if last else GENESIS,
    )
    found = signed(merchant_id, bare)
    with transaction.atomic():
        writes = Writes()
        # Unique by number: of two seals made at once one is made again.
        writes.add(
            SEAL,
            (merchant_id, found.number, found.at, found.accounts, found.root, found.previous),
        )
        writes.add(SIGNATURE, (merchant_id, found.number, found.public_key, found.signature))
        writes.record()
        for target, rows in ((SEALED_HEAD, heads.new), (SEALED_HEAD_CHANGE, heads.changed)):
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                writes = Writes()
                writes.extend(target, rows[start : start + _ROWS_AT_ONCE])
                writes.record()
        publish(aggregate="ledger", events=[sealed_event(merchant_id, found)], at=found.at)
    return found


def _view(row: tuple[object, ...]) -> SealView:
    number, at, *rest = row
    sealed_at = as_instant(at)
    assert sealed_at is not None
    return SealView(number, sealed_at, *rest)  # type: ignore[arg-type]
