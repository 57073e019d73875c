"""What the ledger speaks of: assets, kinds of movement, lots, holds, postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

POINTS: Final = 1
GROWTH_VALUE: Final = 2
ASSETS: Final = (POINTS, GROWTH_VALUE)
#: A member's debt in an asset is an account of its own, at or below zero: asset + DEBT_OF.
DEBT_OF: Final = 10

ASSET_NAMES: Final = {
    POINTS: "points",
    GROWTH_VALUE: "growth_value",
    POINTS + DEBT_OF: "points",
    GROWTH_VALUE + DEBT_OF: "growth_value",
}
ASSET_OF_NAME: Final = {"points": POINTS, "growth_value": GROWTH_VALUE}
ACCOUNT_LETTERS: Final = {
    POINTS: "p",
    GROWTH_VALUE: "g",
    POINTS + DEBT_OF: "pd",
    GROWTH_VALUE + DEBT_OF: "gd",
}
ACCOUNT_OF_LETTERS: Final = {letters: account for account, letters in ACCOUNT_LETTERS.items()}

#: Accounts of one member in the order of their ids (g, gd, p, pd).
BY_ACCOUNT_ID: Final = {
    account: place
    for place, account in enumerate(sorted(ACCOUNT_LETTERS, key=ACCOUNT_LETTERS.__getitem__))
}

#: The issuer's side of every kind of posting. A system account has no row: its balance is
#: minus the sum of the postings that name it, so that no order ever queues on the issuer.
COUNTER_ACCOUNTS: Final = {
    "earn": "issuance",
    "clawback": "issuance",
    "debt": "issuance",
    "debt_repaid": "issuance",
    "adjust": "adjustment",
    "redeem": "redemption",
    "redeem_return": "redemption",
    "expire": "breakage",
    "repay": "issuance",
    "merge_in": "transfer",
    "merge_out": "transfer",
}

GENESIS: Final = "0" * 64
AMOUNT_MAX: Final = 10**15


class Cause(NamedTuple):
    """Why value moved: the type and the shown id of the thing that caused it."""

    type: str
    id: str


class Posting(NamedTuple):
    """One movement on one account, in the order of the table's columns."""

    merchant_id: int
    member_id: UUID
    account: int
    version: int
    at: datetime
    amount: int
    balance_after: int
    kind: str
    cause_type: str
    cause_id: str
    reverses: str | None
    parts: str | None
    hash: str


@dataclass(slots=True, eq=False)
class Lot:
    """What one credit brought, and what became of it.

    ``number`` is the version of the crediting posting. ``remaining`` includes ``held``;
    consumed = original - remaining - expired - reversed. ``forgone`` is the expired part that a
    refund has already counted as gone, so that no member pays twice for what time took.
    """

    number: int
    original: int
    remaining: int
    held: int
    expired: int
    reversed: int
    forgone: int
    earned_at: datetime
    expires_at: datetime | None
    cause_type: str
    cause_id: str


@dataclass(slots=True, eq=False)
class Pending:
    """A credit that is promised and not yet posted."""

    id: UUID
    asset: int
    amount: int
    earned_at: datetime
    available_at: datetime
    expires_at: datetime | None
    cause_type: str
    cause_id: str


@dataclass(slots=True, eq=False)
class Hold:
    """An amount set aside out of named lots until it is captured, released or runs out."""

    id: UUID
    asset: int
    amount: int
    captured: int
    status: str
    expires_at: datetime
    created_at: datetime
    parts: list[list[int]]
    ended_at: datetime | None = None


class Spent(NamedTuple):
    """Units that a redemption took out of one lot, and what a give-back must know of that lot."""

    number: int
    amount: int
    earned_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Clawback:
    """What a reversal did: how much was taken, and how much became debt (units of the asset)."""

    taken: int
    debt: int


@dataclass(frozen=True, slots=True)
class ExpiringAmount:
    at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class AssetBalance:
    """One member's holding of one asset as of an instant, whether or not the jobs ran."""

    posted: int
    held: int
    pending: int
    available: int
    debt: int
    expiring: tuple[ExpiringAmount, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting as members and merchants read it; asset and account as in the export."""

    id: str
    at: datetime
    asset: str
    account: str
    amount: int
    balance_after: int
    kind: str
    cause: Cause
    reverses: str | None


@dataclass(frozen=True, slots=True)
class HoldView:
    id: str
    member_id: str
    amount: int
    captured: int
    status: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AdjustmentView:
    """A change by hand; ``pending`` where it becomes real only at ``available_at``."""

    id: str
    member_id: str
    amount: int
    reason: str
    at: datetime
    available_at: datetime
    expires_at: datetime | None
    pending: bool


@dataclass(frozen=True, slots=True)
class AssetTotals:
    """What became of everything a merchant ever gave of one asset.

    outstanding - debt = issued + adjusted - clawed_back - spent - expired; ``pending`` is outside.
    """

    issued: int
    adjusted: int
    clawed_back: int
    spent: int
    expired: int
    outstanding: int
    held: int
    pending: int
    debt: int


@dataclass(frozen=True, slots=True)
class SealView:
    """A seal; ``public_key`` and ``signature`` tell who made it, empty where nobody signed it."""

    number: int
    at: datetime
    accounts: int
    root: str
    previous: str
    public_key: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that verification found wrong, said so that it can be looked up."""

    code: str
    member_id: str
    account: str
    version: int | None
    detail: str


def entry_id(member_hex: str, account: int, version: int) -> str:
    return f"ent_{member_hex}_{ACCOUNT_LETTERS[account]}{version}"


def account_id(member_hex: str, account: int) -> str:
    return f"acc_{member_hex}_{ACCOUNT_LETTERS[account]}"
