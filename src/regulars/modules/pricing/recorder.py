"""The rows of quotes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.recording import Table, Update, Writes

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
QUOTE_SPENT: Final = Update(
    "pricing_quote",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"state": "text", "order_id": "uuid", "deal": "text"},
    seen={"state": "text"},
)
#: The deal is by far the longest text of an order: it is written anew only where it changed.
QUOTE_STATE: Final = Update(
    "pricing_quote",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={"state": "text", "order_id": "uuid"},
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


def add_used(
    writes: Writes, merchant_id: int, quote_id: UUID, *, order_id: UUID, spent: Deal | None
) -> None:
    """An open quote becomes the price of an order; ``spent``: the deal, where that changed it."""
    who = (merchant_id, quote_id)
    if spent is None:
        writes.add(QUOTE_STATE, (*who, "used", order_id, "open"))
    else:
        writes.add(QUOTE_SPENT, (*who, "used", order_id, spent.to_json(), "open"))


def add_released(writes: Writes, merchant_id: int, quote_id: UUID) -> None:
    writes.add(QUOTE_STATE, (merchant_id, quote_id, "released", None, "open"))
