"""Cancelling: an order is called off, and whatever it still brought goes back."""

from __future__ import annotations

from uuid import UUID

from regulars.events.base import Event
from regulars.events.orders import OrderCancelled
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.ledger.engine import Journal
from regulars.modules.programmes.queries import Schedule

from .changing import (
    Change,
    add_order_change,
    cause_of,
    find_order,
    finish,
    in_one_unit,
    person_of,
    remembered_answer,
)
from .gather import StoredOrder
from .returning import give_back
from .settlement import Scope, order_body
from .types import OrderView


def cancel(scope: Scope, asked: Asked, order_id: UUID) -> Answer:
    """Call an order off; whatever it still brought is given back and taken back.

    Raises NotFound and Contention; a second cancel changes nothing.
    """

    def attempt() -> Answer:
        answered = remembered_answer(asked)
        if answered is not None:
            return answered
        order = find_order(scope, order_id)
        if order.view.status == "cancelled":
            return Answer(200, answer_text(order_body(order.view, [])))
        return _cancel(scope, asked, order)

    return in_one_unit(attempt, queue=f"{scope.merchant_id}|{order_id}")


def _cancel(scope: Scope, asked: Asked, order: StoredOrder) -> Answer:
    journal, writes = Journal(), Writes()
    rules = Schedule(scope.merchant_id).at(scope.now)
    person = None
    if order.view.paid_at is not None or order.view.deal is not None:
        person = person_of(scope, order.view, rules, causes=[show("ord", order.view.id)])
    decided = give_back(
        scope, order.view, order.view.lines, person, rules, journal,
        cause=cause_of(order.view), at=scope.now, status="cancelled",
    )  # fmt: skip
    view = decided.view
    add_order_change(writes, scope, order, view)
    change = Change(
        view, writes, journal, person, decided.notes, rules, [cancelled_event(scope, view)],
        scope.now,
    )  # fmt: skip
    return finish(
        scope, asked, change, status=200, subject=show("ord", view.id),
        body=lambda told: order_body(view, told),
    )  # fmt: skip


def cancelled_event(scope: Scope, view: OrderView) -> Event:
    return OrderCancelled(
        merchant_id=scope.merchant_id,
        happened_at=scope.now,
        order_id=view.id,
        member_id=view.member_id,
        month=f"{program_day(view.paid_at, scope.zone):%Y-%m}" if view.paid_at else None,
    )
