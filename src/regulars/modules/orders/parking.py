"""What comes before its order, or before it is paid: kept, and applied when it is."""

from __future__ import annotations

from typing import Final

import structlog

from regulars.infra.db import Sql, fetch_all
from regulars.infra.writes import Answer, Asked, Outcome, fingerprint_of, once
from regulars.kernel.errors import Refusal
from regulars.kernel.instants import show_instant

from .early import CANCEL, PAY, Known, do_parked, known_order
from .errors import ExternalIdReused, NotRefundable
from .models import ParkedRefund, Refund
from .noting import note_refund
from .placing import check_instants
from .refunds import RefundAsked, returns_of, waits
from .returning import refund
from .settlement import Scope

_APPLICABLE: Final = Sql(
    "SELECT p.order_external_id FROM orders_parkedrefund p "
    "JOIN orders_order o ON o.merchant_id = p.merchant_id "
    "AND o.external_id = p.order_external_id "
    "AND o.status IN ('paid', 'cancelled') AND o.paid_at IS NOT NULL "
    "WHERE p.merchant_id = :merchant_id "
    "UNION SELECT p.order_external_id FROM orders_parkedstep p "
    "JOIN orders_order o ON o.merchant_id = p.merchant_id "
    "AND o.external_id = p.order_external_id AND o.status <> 'undone' "
    "WHERE p.merchant_id = :merchant_id ORDER BY 1"
)
_PARKED_OPERATION: Final = "orders.refund.parked"
_log = structlog.get_logger("regulars.orders")


def refund_by_external_id(
    scope: Scope, asked: Asked, order_external_id: str, sent: RefundAsked
) -> Answer:
    """Refund an order known by its external id: 201, or 202 where it is parked until then.

    One that was cancelled after it was paid takes the refund as a note. Sent again it is 200.
    Raises what ``refund`` raises.
    """
    check_instants(scope, refunded_at=sent.refunded_at)
    known = _refundable(scope, order_external_id)
    if known is None:
        try:
            return once(asked, lambda: _park(scope, order_external_id, sent))
        except ExternalIdReused:
            # The order may have come, and this very refund been done, since it was looked for.
            known = _refundable(scope, order_external_id)
            if known is None:
                raise
    return _refund(scope, asked, known, sent)


def apply_parked(scope: Scope, order_external_id: str) -> int:
    """Do what waits for an order, as it happened: its payment, its refunds, its cancellation; how
    many were done. Safe to repeat and to cut off.

    What is refused (more than the order has) stays parked, for people to look at.
    """
    paid = do_parked(scope, order_external_id, PAY)
    refunded = _apply_refunds(scope, order_external_id)
    return paid + refunded + do_parked(scope, order_external_id, CANCEL)


def _apply_refunds(scope: Scope, order_external_id: str) -> int:
    known = _refundable(scope, order_external_id)
    if known is None:
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
            _refund(scope, asked, known, sent)
        except Refusal as refusal:
            _log.warning("parked_refund_refused", merchant=scope.merchant_id, code=refusal.code)
            continue
        ParkedRefund.objects.of(scope.merchant_id).filter(external_id=row.external_id).delete()
        applied += 1
    return applied


def apply_all_parked(scope: Scope) -> int:
    """Do everything parked of a merchant whose order is there by now; how many were done."""
    params = {"merchant_id": scope.merchant_id}
    return sum(apply_parked(scope, name) for (name,) in fetch_all(_APPLICABLE, params))


def _refundable(scope: Scope, order_external_id: str) -> Known | None:
    known = known_order(scope, order_external_id)
    return known if known is not None and known.paid_at is not None else None


def _refund(scope: Scope, asked: Asked, known: Known, sent: RefundAsked) -> Answer:
    if known.status != "cancelled":
        try:
            return refund(scope, asked, known.id, sent)
        except NotRefundable:  # cancelled since it was looked at
            pass
    return note_refund(scope, asked, known.id, sent)


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
