"""What orders speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from regulars.modules.pricing.deal import Deal
from regulars.modules.pricing.types import GiftLine

from .fingerprints import content_fingerprint


class DraftLine(NamedTuple):
    """A line as sent; ``total_minor`` is what it cost in all, the truth where it is given."""

    sku: str
    quantity: int
    unit_price_minor: int | None
    total_minor: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An order as it came in, before it means anything."""

    external_id: str
    lines: tuple[DraftLine, ...]
    placed_at: datetime
    paid_at: datetime | None
    paid_minor: int
    member_id: UUID | None = None
    identity: tuple[str, str] | None = None
    channel: str | None = None
    store: str | None = None
    quote_id: UUID | None = None

    def fingerprint(self) -> str:
        """What tells whether an order sent again under the same id is the same order."""
        net_minor = sum(line.total_minor for line in self.lines)
        return content_fingerprint(
            who=f"mem_{self.member_id.hex}" if self.member_id else list(self.identity or ()),
            placed_at=self.placed_at,
            paid_at=self.paid_at,
            channel=self.channel,
            store=self.store,
            lines=[
                [line.sku, line.quantity, line.unit_price_minor, line.total_minor]
                for line in self.lines
            ],
            paid_minor=None if self.paid_minor == net_minor else self.paid_minor,
            quote_id=self.quote_id,
        )


class LineView(NamedTuple):
    line: int
    sku: str
    quantity: int
    unit_price_minor: int | None
    net_minor: int
    returned: int


@dataclass(frozen=True, slots=True)
class OrderView:
    id: UUID
    external_id: str
    member_id: UUID | None
    channel: str | None
    store: str | None
    placed_at: datetime
    paid_at: datetime | None
    status: str
    net_minor: int
    refunded_minor: int
    paid_minor: int
    points: int
    growth_value: int
    lines: tuple[LineView, ...]
    frozen: str | None
    #: What was quoted, where the order was placed on a quote. Nets are then what was paid in
    #: money: what points and growth value paid stands in the deal.
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What goes back for one line: its number, its units, the cash and the tenders for them."""

    line: int
    quantity: int
    cash_minor: int
    points: int = 0
    growth_value: int = 0
    stored_value: int = 0


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What a refund would do, told before it is done."""

    lines: tuple[ReturnedLine, ...]
    cash_minor: int
    points_taken: int
    growth_value_taken: int
    debt: int
    gifts: tuple[GiftLine, ...] = ()
