"""Refunds that come before their order, or before it is paid: kept, and applied when it is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog

from regulars.infra.db import Sql, as_uuid, fetch_all, fetch_one
from regulars.infra.writes import Answer, Asked, Outcome, fingerprint_of, once
from regulars.kernel.errors import Refusal
from regulars.kernel.instants import show_instant

from .errors import ExternalIdReused
from .models import ParkedRefund, Refund
from .placing import check_instants
from .returning import RefundAsked, refund, returns_of, waits
from .settlement import Scope

_APPLICABLE: Final = Sql(
    "SELECT DISTINCT p.order_external_id FROM orders_parkedrefund p "
    "JOIN orders_order o ON o.merchant_id = p.merchant_id "
    "AND o.external_id = p.order_external_id AND o.status = 'paid' "
    "WHERE p.merchant_id = :merchant_id ORDER BY p.order_external_id"
)
_BY_NAME: Final = Sql(
    "SELECT id FROM orders_order WHERE merchant_id = :merchant_id "
    "AND external_id = :external_id AND status IN ('paid', 'cancelled') "
    "ORDER BY generation DESC LIMIT 1"
)
_PARKED_OPERATION: Final = "orders.refund.parked"
_log = structlog.get_logger("regulars.orders")


def refund_by_external_id(
    scope: Scope, asked: Asked, order_external_id: str, sent: RefundAsked
) -> Answer:
    """Refund an order known by its external id: 201, or 202 where it is parked until then.

    Sent again it is 200. Raises what ``refund`` raises.
    """
    check_instants(scope, refunded_at=sent.refunded_at)
    order_id = _refundable(scope, order_external_id)
    if order_id is not None:
        return refund(scope, asked, order_id, sent)
    return once(asked, lambda: _park(scope, order_external_id, sent))


def apply_parked(scope: Scope, order_external_id: str) -> int:
    """Apply the refunds that wait for an order; how many were. Safe to repeat and to cut off.

    One that is refused (more than the order has) stays parked, for people to look at.
    """
    order_id = _refundable(scope, order_external_id)
    if order_id is None:
        return 0
    waiting = ParkedRefund.objects.of(scope.merchant_id).filter(order_external_id=order_external_id)
    applied = 0
    for row in waiting.order_by("parked_at", "external_id"):
        returns = returns_of(row.lines)
        asked = Asked(
            merchant_id=scope.merchant_id,
            actor=scope.actor,
            operation=_PARKED_OPERATION,
            key=row.external_id,
            fingerprint=fingerprint_of([order_external_id, sorted(returns.items())]),
            now=scope.now,
        )
        sent = RefundAsked(row.external_id, returns, row.refunded_at)
        try:
            refund(scope, asked, order_id, sent)
        except Refusal as refusal:
            _log.warning("parked_refund_refused", merchant=scope.merchant_id, code=refusal.code)
            continue
        ParkedRefund.objects.of(scope.merchant_id).filter(external_id=row.external_id).delete()
        applied += 1
    return applied


def apply_all_parked(scope: Scope) -> int:
    """Apply every parked refund of a merchant whose order is there by now; how many were."""
    params = {"merchant_id": scope.merchant_id}
    return sum(apply_parked(scope, name) for (name,) in fetch_all(_APPLICABLE, params))


def _refundable(scope: Scope, order_external_id: str) -> UUID | None:
    params = {"merchant_id": scope.merchant_id, "external_id": order_external_id}
    row = fetch_one(_BY_NAME, params)
    return as_uuid(row[0]) if row else None


def _park(scope: Scope, order_external_id: str, sent: RefundAsked) -> Outcome:
    lines = [{"line": line, "quantity": units} for line, units in sorted(sent.returns.items())]
    body = {
        "status": "parked",
        "external_id": sent.external_id,
        "order_external_id": order_external_id,
        "lines": lines,
        "refunded_at": show_instant(sent.refunded_at) if sent.refunded_at else None,
        "effects": [],
    }
    if waits(scope.merchant_id, order_external_id, sent):
        return Outcome(status=200, body=body, subject=sent.external_id[:64])
    if Refund.objects.of(scope.merchant_id).filter(external_id=sent.external_id).exists():
        raise ExternalIdReused("A refund with this external_id was given for another order.")
    ParkedRefund(
        merchant_id=scope.merchant_id,
        external_id=sent.external_id,
        order_external_id=order_external_id,
        refunded_at=sent.refunded_at or scope.now,
        lines=lines,
        parked_at=scope.now,
    ).save(force_insert=True)
    return Outcome(status=202, body=body, subject=sent.external_id[:64])
