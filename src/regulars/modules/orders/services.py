"""What may be done with orders: the verbs that the API, files and connectors call."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.infra.writes import Answer, Asked

from . import early, paying
from .cancelling import cancel
from .early import cancel_by_external_id
from .gather import parked_name
from .parking import apply_parked, refund_by_external_id
from .placing import place_and_look
from .refunds import RefundAsked
from .returning import preview_refund, refund
from .settlement import Scope
from .types import Draft

__all__ = [
    "RefundAsked",
    "apply_parked",
    "cancel",
    "cancel_by_external_id",
    "pay",
    "pay_by_external_id",
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
    """Place an order once, then do what came before it. Raises as placing.place.

    What was parked are units of their own: what is cut off is done by the next repeat or job.
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


def pay_by_external_id(
    scope: Scope, asked: Asked, order_external_id: str, paid_at: datetime
) -> Answer:
    """As ``early.pay_by_external_id``, then do what waited for the payment."""
    answer = early.pay_by_external_id(scope, asked, order_external_id, paid_at)
    apply_parked(scope, order_external_id)
    return answer
