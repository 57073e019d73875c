"""A cart as it was asked for: of what, for whom, where and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

Wanted = int | Literal["max"]


@dataclass(frozen=True, slots=True)
class Goods:
    """A line as asked for."""

    sku: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesser:
    """Who stands behind coupon codes that may be guesses. ``member`` and ``address`` only where
    they are the buyer's own: behind a till or a shop's server everybody stands."""

    api_key: str
    member: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A cart as it was asked for. ``redeem`` is by the name of the asset, in units."""

    lines: tuple[Goods, ...]
    member_id: UUID | None = None
    channel: str | None = None
    store: str | None = None
    at: datetime | None = None
    shipping_minor: int = 0
    coupon_codes: tuple[str, ...] = ()
    redeem: Mapping[str, Wanted] = field(default_factory=dict)
    as_new_member: bool = False
    guesser: Guesser | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """At which merchant, and when."""

    merchant_id: int
    zone: ZoneInfo
    now: datetime
