"""Coupons as others see them: frozen facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

Kind = Literal["public", "generated", "personal", "issued", "given"]
BatchState = Literal["making", "done", "issuing", "withdrawn"]
WalletState = Literal["available", "upcoming", "used", "expired"]
RETURN_WINDOW: Final = "return_window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which terms coupons of an offer are made."""

    offer: str
    member_id: UUID | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    valid_days: int | None = None
    max_uses: int | None = None
    max_uses_per_member: int | None = None


@dataclass(frozen=True, slots=True)
class Sized:
    """How the coupon for the next order hangs on what is known of the member; the lower end of
    the band, what everybody gets, is the batch's own offer for its ``valid_days``.

    ``stronger`` are codes of offers, each giving at least what the one before gives; with
    ``spare`` whoever would buy anyway is given nothing, so the batch promises nothing to anybody.
    """

    most_days: int
    stronger: tuple[str, ...] = ()
    margin_bps: int | None = None
    spare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch, and how far it is."""

    id: UUID
    kind: Kind
    terms: Terms
    issue_after: str | None
    sized: Sized | None = None
    count: int
    made: int
    state: BatchState
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A coupon that exists and was not withdrawn; whether it can be used now is another question.

    ``code`` is as written for a public code, else in fives.
    """

    key: str
    code: str
    offer: str
    member_id: UUID | None
    begins_at: datetime | None
    ends_at: datetime | None
    max_uses: int | None
    max_uses_per_member: int | None


@dataclass(frozen=True, slots=True)
class ReadCodes:
    """Codes as given, by their keyed index, and those whose check already failed."""

    by_key: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """Which coupon unlocks which offer, and the codes given that cannot be used."""

    by_offer: Mapping[str, Coupon] = field(default_factory=dict)
    invalid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletEntry:
    """A coupon of one's own."""

    code: str
    offer: str
    begins_at: datetime | None
    ends_at: datetime | None
    state: WalletState
