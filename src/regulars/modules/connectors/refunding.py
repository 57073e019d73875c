"""Refund files: each refund is settled as at the till; one whose order is not there is parked."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from regulars.infra.writes import Asked, fingerprint_of
from regulars.kernel.errors import Refusal
from regulars.modules.orders.parking import refund_by_external_id
from regulars.modules.orders.pieces import PieceResult, Refused
from regulars.modules.orders.refunds import RefundAsked
from regulars.modules.orders.settlement import Scope

_OPERATION: Final = "imports.refund"


class Piece(Protocol):
    """Refunds as columns, as reading hands them over."""

    @property
    def first_row(self) -> list[int]: ...
    @property
    def order_id(self) -> list[str]: ...
    @property
    def refund_id(self) -> list[str]: ...
    @property
    def line_start(self) -> list[int]: ...
    @property
    def refunded_at(self) -> list[datetime]: ...
    @property
    def line(self) -> list[int]: ...
    @property
    def quantity(self) -> list[int]: ...


def settle_refunds(scope: Scope, run_id: UUID, refunds: Piece) -> PieceResult:
    """Settle every refund of a piece by itself; a repeat changes nothing."""
    result = PieceResult()
    for index, refund_id in enumerate(refunds.refund_id):
        first, last = refunds.line_start[index], refunds.line_start[index + 1]
        sent = RefundAsked(
            external_id=refund_id,
            returns=dict(zip(refunds.line[first:last], refunds.quantity[first:last], strict=True)),
            refunded_at=refunds.refunded_at[index],
        )
        order_id = refunds.order_id[index]
        asked = Asked(
            merchant_id=scope.merchant_id,
            actor=scope.actor,
            operation=_OPERATION,
            key=f"{run_id.hex}:{index}:{refund_id}"[:255],
            fingerprint=fingerprint_of([order_id, refund_id, sorted(sent.returns.items())]),
            now=scope.now,
        )
        try:
            answer = refund_by_external_id(scope, asked, order_id, sent)
        except Refusal as refusal:
            result.refused.append(
                Refused(index, refunds.first_row[index], refund_id, refusal.code, refusal.detail)
            )
            continue
        if answer.status == 200 or answer.replayed:
            result.repeated += 1
        else:
            result.orders += 1
            result.lines += last - first
    return result
