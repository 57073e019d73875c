"""What promotions announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCreated(Event):
    """A merchant wrote an offer; it counts from now on where its status is active."""

    topic: ClassVar[str] = "offer.created"
    version: ClassVar[int] = 1

    offer: str
    kind: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferChanged(Event):
    """Some fields of an offer were replaced; quotes given before keep their price."""

    topic: ClassVar[str] = "offer.changed"
    version: ClassVar[int] = 1

    offer: str
    number: int
    fields: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderCapChanged(Event):
    """What one funder pays for all of its offers has another cap; None where it has none now."""

    topic: ClassVar[str] = "funder.cap_changed"
    version: ClassVar[int] = 1

    funder: str
    cap_minor: int | None
    per: str
    stop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChanged(Event):
    """How much there is of an article, or from when on who may buy it, was said anew; ``units`` is
    None where it is not counted."""

    topic: ClassVar[str] = "supply.changed"
    version: ClassVar[int] = 1

    sku: str
    units: int | None
    opens_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingSettingsChanged(Event):
    """How far discounts and tenders may go at this merchant was changed; shares in bps."""

    topic: ClassVar[str] = "pricing.settings_changed"
    version: ClassVar[int] = 1

    max_discount_bps: int
    points_max_bps: int
    growth_max_bps: int
