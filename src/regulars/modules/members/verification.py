"""Verification: every identity opens with the keys at hand and is found under its own index.

With another key at hand nothing can be read, and members would be taken for strangers: the sooner
it is told, the fewer of them are doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from regulars.infra.crypto import Unreadable, blind_index, unseal
from regulars.infra.db import Sql, as_uuid
from regulars.infra.snapshots import one_snapshot, stream
from regulars.kernel.ids import show

_IDENTITIES: Final = Sql(
    "SELECT member_id, type, key, value_sealed FROM members_identity "
    "WHERE merchant_id = :merchant_id"
)
_TOLD_EVERY: Final = 20_000
MOST_FAULTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class IdentityFault:
    """An identity that does not open, or is kept under another index than its own."""

    code: Literal["identity_unreadable", "identity_misplaced"]
    member_id: str
    detail: str


def verify(
    merchant_id: int, *, progress: Callable[[int], None] = lambda done: None
) -> list[IdentityFault]:
    """What does not hold, at most MOST_FAULTS; empty where all is well. No value is told."""
    faults: list[IdentityFault] = []
    done = 0
    with one_snapshot():
        for member_id, kind, key, sealed in stream(_IDENTITIES, {"merchant_id": merchant_id}):
            fault = _fault(merchant_id, kind, key, sealed)
            if fault is not None:
                code, detail = fault
                faults.append(IdentityFault(code, show("mem", as_uuid(member_id)), detail))
            done += 1
            if done % _TOLD_EVERY == 0:
                progress(done)
            if len(faults) == MOST_FAULTS:
                break
    progress(done)
    return faults


def _fault(
    merchant_id: int, kind: str, key: str, sealed: str
) -> tuple[Literal["identity_unreadable", "identity_misplaced"], str] | None:
    try:
        value = unseal(
            merchant_id=merchant_id,
            table="members_identity",
            field="value",
            row_id=f"{kind}:{key}",
            sealed=sealed,
        )
    except Unreadable:
        return "identity_unreadable", f"its {kind} identity does not open with these keys"
    if blind_index(merchant_id=merchant_id, type=kind, value=value) != key:
        return "identity_misplaced", f"its {kind} identity is not found under these keys"
    return None
