"""What may be done with orders: the verbs that the API, files and connectors call."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.infra.writes import Answer, Asked

from . import paying
from .cancelling import cancel
from .gather import parked_name
from .parking import apply_parked, refund_by_external_id
from .placing import place_and_look
from .returning import RefundAsked, preview_refund, refund
from .settlement import Scope
from .types import Draft

__all__ = [
    "RefundAsked",
    "apply_parked",
    "cancel",
    "pay",
    "place",
    "preview_refund",
    "refund",
    "refund_by_external_id",
    "scope_of",
]


def scope_of(merchant: MerchantFacts, *, actor: str, now: datetime) -> Scope:
    """For whom a use case runs, and when."""
    return Scope(merchant.id, ZoneInfo(merchant.zone), merchant.currency, actor, now)


def place(scope: Scope, asked: Asked, draft: Draft) -> Answer:
    """Place an order once, then apply the refunds that came before it. Raises as placing.place.

    The refunds are units of their own: what is cut off between is done by the next repeat or job.
    """
    placed = place_and_look(scope, asked, draft)
    if placed.parked:
        apply_parked(scope, draft.external_id)
    return placed.answer


def pay(scope: Scope, asked: Asked, order_id: UUID, paid_at: datetime) -> Answer:
    """Pay a placed order, then apply the refunds that came before. Raises as paying.pay."""
    answer = paying.pay(scope, asked, order_id, paid_at)
    waiting = parked_name(scope.merchant_id, order_id)
    if waiting is not None:
        apply_parked(scope, waiting)
    return answer
