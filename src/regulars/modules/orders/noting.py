"""A refund told after its order was cancelled: noted, since the cancel gave everything back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked
from regulars.kernel.ids import new_id
from regulars.modules.ledger.engine import Journal
from regulars.modules.programmes.queries import Schedule

from .changing import Change, add_line_changes, add_order_change
from .gather import StoredOrder
from .refunds import RefundAsked, finish_refund, refund_once
from .rules import cash_back, with_returns
from .settlement import Scope
from .types import RefundPlan


def note_refund(scope: Scope, asked: Asked, order_id: UUID, sent: RefundAsked) -> Answer:
    """Note a refund of a paid order that was cancelled meanwhile; it takes nothing back any more.

    Raises NotFound, OverRefund, ExternalIdReused, Contention.
    """
    return refund_once(scope, asked, order_id, sent, lambda order: _note(scope, asked, order, sent))


def _note(scope: Scope, asked: Asked, order: StoredOrder, sent: RefundAsked) -> Answer:
    view, refund_id, writes = order.view, new_id(), Writes()
    at = min(sent.refunded_at or scope.now, scope.now)
    after = with_returns(view.lines, sent.returns)
    lines = cash_back(view.lines, after)
    plan = RefundPlan(lines, sum(line.cash_minor for line in lines), 0, 0, 0)
    noted = replace(view, lines=tuple(after))
    add_order_change(writes, scope, order, noted)
    add_line_changes(writes, scope.merchant_id, view, noted)
    rules = Schedule(scope.merchant_id).at(scope.now)
    change = Change(noted, writes, Journal(), None, [], rules, [], at)
    return finish_refund(scope, asked, change, sent, refund_id, plan)
