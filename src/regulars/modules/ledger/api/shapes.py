"""Balances, entries and holds as they come in and go out, the same for every audience."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.infra.http.answers import page, unknown_cursor
from regulars.infra.http.fields import (
    ExternalId,
    HoldId,
    Instant,
    Int53,
    MemberId,
    PageQuery,
    PositiveInt53,
    Strict,
)
from regulars.infra.writes import Outcome
from regulars.kernel.instants import show_instant
from regulars.modules.ledger import queries
from regulars.modules.ledger.seals import latest_seals
from regulars.modules.ledger.signing import seal_line
from regulars.modules.ledger.types import (
    AdjustmentView,
    AssetBalance,
    Entry,
    HoldView,
    SealView,
)

#: No hold outlives a year: what was forgotten for longer is nobody's purchase.
LONGEST_HOLD_SECONDS: Final = 366 * 24 * 3600
_SEAL_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_NO_STORED_VALUE: Final = {"principal": 0, "bonus": 0, "held": 0, "available": 0}


class AdjustmentIn(Strict):
    amount: Annotated[Int53, Field(description="Above zero gives, below zero takes; never zero")]
    reason: Annotated[ExternalId, Field(description="Why, for the audit")]
    available_at: Instant | None = None
    expires_at: Instant | None = None


class HoldIn(Strict):
    member_id: MemberId
    amount: PositiveInt53
    expires_in: Annotated[int, Field(ge=1, le=LONGEST_HOLD_SECONDS, description="Seconds")]


class CaptureIn(Strict):
    amount: PositiveInt53 | None = None


class Effect(Strict):
    """What a write changed: an event's name and particulars."""

    model_config = ConfigDict(extra="allow")

    type: str


class ExpiringOut(Strict):
    at: Instant
    amount: int


class AssetOut(Strict):
    posted: int
    held: int
    pending: Annotated[int, Field(description="Promised, outside of posted")]
    available: Annotated[int, Field(description="posted - held")]
    debt: Annotated[int, Field(description="Owed; the next credit repays it first")]
    expiring: list[ExpiringOut]


class StoredValueOut(Strict):
    principal: int
    bonus: int
    held: int
    available: int


class BalancesOut(Strict):
    points: AssetOut
    growth_value: AssetOut
    stored_value: StoredValueOut


class CauseOut(Strict):
    type: str
    id: str


class EntryOut(Strict):
    id: str
    at: Instant
    asset: Literal["points", "growth_value"]
    account: Annotated[
        str, Field(description="As in the export; a debt is an account of its own (..._pd, ..._gd)")
    ]
    amount: int
    balance_after: int
    kind: str
    cause: CauseOut
    reverses: str | None


class EntryPage(Strict):
    data: list[EntryOut]
    has_more: bool
    next_cursor: str | None


class LedgerQuery(PageQuery):
    asset: Annotated[
        Literal["points", "growth_value"] | None,
        Field(description="Keep to one asset and its debt"),
    ] = None


class AdjustmentOut(Strict):
    id: str
    member_id: MemberId
    amount: int
    reason: str
    at: Instant
    available_at: Instant
    expires_at: Instant | None
    pending: bool
    effects: list[Effect]


class HoldOut(Strict):
    id: HoldId
    member_id: MemberId
    amount: int
    captured: int
    status: Literal["open", "captured", "released", "expired"]
    expires_at: Instant


class HoldChangedOut(HoldOut):
    effects: list[Effect]


class SealOut(Strict):
    seal: int
    at: Instant
    accounts: int
    root: str
    previous: str
    effects: list[Effect]


class SignedSealOut(Strict):
    seal: int
    at: Instant
    accounts: int
    root: str
    previous: str
    public_key: Annotated[str, Field(description="Ed25519, in hexadecimal digits")]
    signature: Annotated[str, Field(description="Of the RFC 8785 JSON of the five fields above")]


class SealPage(Strict):
    data: list[SignedSealOut]
    has_more: bool
    next_cursor: str | None


def balances_json(merchant_id: int, member_id: UUID, now: datetime) -> dict[str, Any]:
    """The balances of a member as of ``now``. Raises NotFound."""
    held = queries.balances(merchant_id=merchant_id, member_id=member_id, now=now)
    # Nobody can hold stored value yet; its place is told so that readers need not change.
    return {asset: _balance(one) for asset, one in held.items()} | {
        "stored_value": dict(_NO_STORED_VALUE)
    }


def entries_page(merchant_id: int, member_id: UUID, query: LedgerQuery) -> dict[str, Any]:
    """A page of a member's entries, newest first. Raises NotFound and Invalid."""
    rows = queries.entries(
        merchant_id=merchant_id,
        member_id=member_id,
        limit=query.limit + 1,
        after=query.starting_after,
        asset=query.asset,
    )
    return page(rows, query.limit, _entry, lambda entry: entry.id)


def seals_page(merchant_id: int, query: PageQuery) -> dict[str, Any]:
    """A page of a merchant's seals, the last one first. Raises Invalid."""
    after = query.starting_after
    if after is not None and not _SEAL_NUMBER.fullmatch(after):
        raise unknown_cursor("Send a seal's number.")
    found = latest_seals(
        merchant_id, limit=query.limit + 1, after=None if after is None else int(after)
    )
    return page(found, query.limit, _signed_seal, lambda sealed: str(sealed.number))


def _signed_seal(sealed: SealView) -> dict[str, Any]:
    return {
        **seal_line(sealed),
        "public_key": sealed.public_key,
        "signature": sealed.signature,
    }


def adjusted(view: AdjustmentView, events: Sequence[Event]) -> Outcome:
    body = {
        "id": view.id,
        "member_id": view.member_id,
        "amount": view.amount,
        "reason": view.reason,
        "at": show_instant(view.at),
        "available_at": show_instant(view.available_at),
        "expires_at": show_instant(view.expires_at) if view.expires_at else None,
        "pending": view.pending,
        "effects": effects(events),
    }
    return Outcome(status=201, body=body, subject=view.member_id)


def hold_json(view: HoldView) -> dict[str, Any]:
    return {
        "id": view.id,
        "member_id": view.member_id,
        "amount": view.amount,
        "captured": view.captured,
        "status": view.status,
        "expires_at": show_instant(view.expires_at),
    }


def hold_changed(view: HoldView, events: Sequence[Event], *, status: int) -> Outcome:
    body = {**hold_json(view), "effects": effects(events)}
    return Outcome(status=status, body=body, subject=view.id)


def _balance(one: AssetBalance) -> dict[str, Any]:
    return {
        "posted": one.posted,
        "held": one.held,
        "pending": one.pending,
        "available": one.available,
        "debt": one.debt,
        "expiring": [{"at": show_instant(e.at), "amount": e.amount} for e in one.expiring],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": show_instant(entry.at),
        "asset": entry.asset,
        "account": entry.account,
        "amount": entry.amount,
        "balance_after": entry.balance_after,
        "kind": entry.kind,
        "cause": {"type": entry.cause.type, "id": entry.cause.id},
        "reverses": entry.reverses,
    }
