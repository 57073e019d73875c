"""A refund told after its order was cancelled: noted, since the cancel gave everything back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked
from regulars.kernel.ids import new_id, show
from regulars.modules.ledger.engine import Journal
from regulars.modules.programmes.queries import Schedule

from .changing import (
    Change,
    add_line_changes,
    add_order_change,
    find_order,
    finish,
    in_one_unit,
    remembered_answer,
)
from .gather import StoredOrder
from .placing import check_instants
from .recorder import REFUND
from .returning import RefundAsked, first_refund, refund_body, refund_row, refunded_event
from .rules import cash_back, with_returns
from .settlement import Scope
from .types import RefundPlan


def note_refund(scope: Scope, asked: Asked, order_id: UUID, sent: RefundAsked) -> Answer:
    """Note a refund of a paid order that was cancelled meanwhile; it takes nothing back any more.

    Raises NotFound, OverRefund, ExternalIdReused, Contention.
    """
    if sent.refunded_at is not None:
        check_instants(scope, refunded_at=sent.refunded_at)

    def attempt() -> Answer:
        answered = remembered_answer(asked)
        if answered is not None:
            return answered
        order = find_order(scope, order_id)
        first = first_refund(scope.merchant_id, order.view, sent)
        return first or _note(scope, asked, order, sent)

    return in_one_unit(attempt, queue=f"{scope.merchant_id}|{order_id}")


def _note(scope: Scope, asked: Asked, order: StoredOrder, sent: RefundAsked) -> Answer:
    view, refund_id, writes = order.view, new_id(), Writes()
    at = min(sent.refunded_at or scope.now, scope.now)
    after = with_returns(view.lines, sent.returns)
    lines = cash_back(view.lines, after)
    plan = RefundPlan(lines, sum(line.cash_minor for line in lines), 0, 0, 0)
    noted = replace(view, lines=tuple(after))
    add_order_change(writes, scope, order, noted)
    add_line_changes(writes, scope.merchant_id, view, noted)
    writes.add(
        REFUND,
        refund_row(scope.merchant_id, refund_id, view.id, sent, plan, refunded_at=at, run_id=None),
    )

    def body(told: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": show("ref", refund_id),
            "external_id": sent.external_id,
            "order_id": show("ord", view.id),
            **refund_body(plan),
            "effects": told,
        }

    change = Change(
        noted, writes, Journal(), None, [], Schedule(scope.merchant_id).at(scope.now),
        [refunded_event(scope, noted, refund_id, plan.cash_minor)], at,
    )  # fmt: skip
    return finish(scope, asked, change, status=201, subject=show("ref", refund_id), body=body)
