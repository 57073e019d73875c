"""Payments and cancellations that know their order by the sender's id alone, and may come first.

What comes before its order is parked and done when the order is there. A payment that comes after
the cancellation of its order happened before it all the same: it is done, and the order cancelled
once more, so that the books are those of the order in which things happened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog

from regulars.infra.db import Sql, as_instant, as_uuid, fetch_one
from regulars.infra.writes import Answer, Asked, Outcome, fingerprint_of, once
from regulars.kernel.errors import Refusal
from regulars.kernel.ids import new_id
from regulars.kernel.instants import show_instant

from .cancelling import cancel
from .errors import AlreadyPaid, OrderCancelled
from .models import ParkedStep
from .paying import pay
from .placing import check_instants
from .settlement import Scope

PAY: Final = "pay"
CANCEL: Final = "cancel"
_BY_NAME: Final = Sql(
    "SELECT id, status, paid_at FROM orders_order WHERE merchant_id = :merchant_id "
    "AND external_id = :external_id AND status <> 'undone' ORDER BY generation DESC LIMIT 1"
)
_log = structlog.get_logger("regulars.orders")


class Known(NamedTuple):
    """An order that is there, as far as what comes by name needs to know it."""

    id: UUID
    status: str
    paid_at: datetime | None


def known_order(scope: Scope, external_id: str) -> Known | None:
    """The order of this name, unless it is not there or its import was undone."""
    row = fetch_one(_BY_NAME, {"merchant_id": scope.merchant_id, "external_id": external_id})
    return Known(as_uuid(row[0]), row[1], as_instant(row[2])) if row else None


def pay_by_external_id(
    scope: Scope, asked: Asked, order_external_id: str, paid_at: datetime
) -> Answer:
    """Pay an order known by its external id; 202 where it is parked until the order comes.

    Raises AlreadyPaid (at another instant, or another payment waits) and Invalid.
    """
    check_instants(scope, paid_at=paid_at)
    known = known_order(scope, order_external_id)
    if known is not None:
        return _pay(scope, asked, order_external_id, known, paid_at)
    return once(asked, lambda: _park(scope, order_external_id, PAY, paid_at))


def cancel_by_external_id(scope: Scope, asked: Asked, order_external_id: str) -> Answer:
    """Cancel an order known by its external id; 202 where it is parked until the order comes."""
    known = known_order(scope, order_external_id)
    if known is not None:
        return cancel(scope, asked, known.id)
    return once(asked, lambda: _park(scope, order_external_id, CANCEL, None))


def do_parked(scope: Scope, order_external_id: str, step: str) -> int:
    """Do a step that waits for its order, if one does and the order is there: how many were done.

    One that is refused (paid at another instant) stays parked, for people to look at.
    """
    row = _parked(scope, order_external_id, step)
    known = known_order(scope, order_external_id) if row else None
    if row is None or known is None:
        return 0
    try:
        if step == PAY:
            _pay(scope, _asked(scope, step, row), order_external_id, known, row.at or scope.now)
        else:
            cancel(scope, _asked(scope, step, row), known.id)
    except Refusal as refusal:
        _log.warning("parked_step_refused", merchant=scope.merchant_id, code=refusal.code)
        return 0
    ParkedStep.objects.of(scope.merchant_id).filter(
        order_external_id=order_external_id, step=step, parked_at=row.parked_at
    ).delete()
    return 1


def _pay(
    scope: Scope, asked: Asked, order_external_id: str, known: Known, paid_at: datetime
) -> Answer:
    if known.status != "cancelled":
        try:
            return pay(scope, asked, known.id, paid_at)
        except OrderCancelled:  # since it was looked at
            known = known_order(scope, order_external_id) or known
    if known.paid_at is None:
        # First the cancellation is parked again: cut off in between, the order is not left paid.
        step = _step(scope, order_external_id, CANCEL, None)
        ParkedStep.objects.of(scope.merchant_id).bulk_create([step], ignore_conflicts=True)
    return pay(scope, asked, known.id, paid_at, reopen=True)


def _park(scope: Scope, order_external_id: str, step: str, at: datetime | None) -> Outcome:
    body: dict[str, Any] = {"status": "parked", "order_external_id": order_external_id}
    if at is not None:
        body["paid_at"] = show_instant(at)
    body["effects"] = []
    waiting = _parked(scope, order_external_id, step)
    if waiting is not None:
        if waiting.at != at:
            raise AlreadyPaid("A payment at another instant waits for this order.")
        return Outcome(status=200, body=body, subject=order_external_id[:64])
    _step(scope, order_external_id, step, at).save(force_insert=True)
    return Outcome(status=202, body=body, subject=order_external_id[:64])


def _parked(scope: Scope, order_external_id: str, step: str) -> ParkedStep | None:
    rows = ParkedStep.objects.of(scope.merchant_id)
    return rows.filter(order_external_id=order_external_id, step=step).first()


def _step(scope: Scope, order_external_id: str, step: str, at: datetime | None) -> ParkedStep:
    return ParkedStep(
        merchant_id=scope.merchant_id,
        order_external_id=order_external_id,
        step=step,
        at=at,
        parked_at=scope.now,
    )


def _asked(scope: Scope, step: str, row: ParkedStep) -> Asked:
    # Both steps are safe to repeat, so each attempt has a key of its own.
    return Asked(
        merchant_id=scope.merchant_id,
        actor=scope.actor,
        operation=f"orders.{step}.parked",
        key=new_id().hex,
        fingerprint=fingerprint_of([row.order_external_id, step]),
        now=scope.now,
    )
