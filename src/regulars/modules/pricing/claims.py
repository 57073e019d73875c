"""What a price claims of what is scarce: uses of offers and coupons, and budgets."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from regulars.infra.recording import Writes

if TYPE_CHECKING:
    from .evaluating import Place, Priced


def add_claims(
    writes: Writes, place: Place, priced: Priced, *, quote_id: UUID, expires_at: datetime
) -> None:
    """Hold what the quote promises."""


def release_claims(writes: Writes, merchant_id: int, quote_id: UUID) -> None:
    """Set free what a quote holds."""
