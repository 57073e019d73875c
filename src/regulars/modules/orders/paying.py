"""Paying: an order that was placed without payment earns and counts from when it was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import program_day
from regulars.modules.ledger.engine import Journal
from regulars.modules.programmes.queries import Schedule
from regulars.modules.programmes.types import Programme

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
from .deciding import check_holding, paid_event
from .errors import AlreadyPaid, OrderCancelled
from .gather import StoredOrder, line_facts, tier_at
from .person import Person, Settled
from .placing import check_instants
from .settlement import Scope, order_body
from .types import OrderView


def pay(
    scope: Scope, asked: Asked, order_id: UUID, paid_at: datetime, *, reopen: bool = False
) -> Answer:
    """An order that was placed without payment is paid: now it earns and counts.

    ``reopen`` pays one that was cancelled unpaid, for whoever cancels it again at once.

    Raises NotFound, AlreadyPaid (at another instant), OrderCancelled, Invalid.
    """
    check_instants(scope, paid_at=paid_at)
    paid_at = min(paid_at, scope.now)

    def attempt() -> Answer:
        answered = remembered_answer(asked)
        if answered is not None:
            return answered
        order = find_order(scope, order_id)
        if order.view.status == "cancelled" and not reopen:
            raise OrderCancelled("A cancelled order is not paid; place it anew.")
        if order.view.paid_at is not None:
            if order.view.paid_at != paid_at:
                raise AlreadyPaid(f"It was paid at {show_instant(order.view.paid_at)}.")
            return Answer(200, answer_text(order_body(order.view, [])))
        return _pay(scope, asked, order, paid_at)

    return in_one_unit(attempt, queue=f"{scope.merchant_id}|{order_id}")


def _pay(scope: Scope, asked: Asked, order: StoredOrder, paid_at: datetime) -> Answer:
    schedule = Schedule(scope.merchant_id)
    then, rules = schedule.at(paid_at), schedule.at(scope.now)
    deal = order.view.deal
    if deal is not None:
        then = schedule.version(deal.programme)
    view = replace(order.view, status="paid", paid_at=paid_at)
    person = person_of(scope, view, rules, causes=())
    journal, writes = Journal(), Writes()
    settled = None
    if person is not None:
        settled = _settle(scope, view, person, then, rules, journal)
        view = replace(
            view,
            points=settled.points,
            growth_value=settled.growth_value,
            frozen=settled.terms.to_json(),
        )
    add_order_change(writes, scope, order, view)
    change = Change(
        view, writes, journal, person, settled.notes if settled else [], rules,
        [paid_event(scope, view, paid_at)], paid_at,
    )  # fmt: skip
    return finish(
        scope, asked, change, status=200, subject=show("ord", view.id),
        body=lambda told: order_body(view, told),
    )  # fmt: skip


def _settle(
    scope: Scope,
    view: OrderView,
    person: Person,
    then: Programme,
    rules: Programme,
    journal: Journal,
) -> Settled:
    assert view.paid_at is not None
    assert view.member_id is not None
    day = program_day(view.paid_at, scope.zone)
    tier_then = view.deal.tier if view.deal else None
    if tier_then is None and (day < person.standing.since or person.is_late(day)):
        tier_then = tier_at(scope.merchant_id, person.member_id, view.paid_at, rules.ladder)
    settled = person.settle(
        journal=journal,
        programme=then,
        standing_by=rules,
        owner=view.member_id,
        order=cause_of(view),
        net_minor=[line.net_minor for line in view.lines],
        lines=line_facts(scope.merchant_id, then, [line.sku for line in view.lines]),
        paid_at=view.paid_at,
        day=day,
        zone=scope.zone,
        now=scope.now,
        store=view.store,
        channel=view.channel,
        tier_then=tier_then,
        promised_bps=[line.priced.earn_bps for line in view.deal.lines] if view.deal else (),
    )
    check_holding(person)
    return settled
