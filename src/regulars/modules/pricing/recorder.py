"""The rows of quotes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.recording import Table, Update

from .deal import Deal

QUOTE: Final = Table(
    "pricing_quote",
    "merchant_id",
    "id",
    "member_id",
    "state",
    "created_at",
    "expires_at",
    "order_id",
    "deal",
)
QUOTE_CHANGE: Final = Update(
    "pricing_quote",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"state": "text", "order_id": "uuid", "deal": "text"},
    seen={"state": "text"},
)


def quote_row(
    *,
    merchant_id: int,
    quote_id: UUID,
    member_id: UUID | None,
    created_at: datetime,
    expires_at: datetime,
    deal: Deal,
) -> tuple[object, ...]:
    return (
        merchant_id, quote_id, member_id, "open", created_at, expires_at, None, deal.to_json(),
    )  # fmt: skip


def used_row(merchant_id: int, quote_id: UUID, *, order_id: UUID, deal: Deal) -> tuple[object, ...]:
    """An open quote becomes the price of an order."""
    return (merchant_id, quote_id, "used", order_id, deal.to_json(), "open")


def released_row(merchant_id: int, quote_id: UUID, deal: Deal) -> tuple[object, ...]:
    return (merchant_id, quote_id, "released", None, deal.to_json(), "open")
