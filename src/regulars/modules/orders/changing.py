"""The beats that every change of a placed order shares: paid, returned, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.infra.db import fetch_one, is_postgres, retrying
from regulars.infra.recording import Writes
from regulars.infra.writes import (
    LOOKUP,
    Answer,
    Asked,
    answer_text,
    remember,
    replay,
)
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.pricing.claims import keep_stock, release_of
from regulars.modules.pricing.selling import still_out
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.rules import Note

from .gather import People, StoredOrder, carrier_of, stored_order
from .person import Person
from .quoted import lot_numbers
from .recorder import LINE_CHANGE, ORDER_CHANGE
from .rules import wholly_returned
from .settlement import Scope, add_person, add_steps, announced, record
from .types import OrderView


@dataclass(slots=True)
class Change:
    """A decided change of one order, ready to be recorded: the order after it and all it moved."""

    view: OrderView
    writes: Writes
    journal: Journal
    person: Person | None
    notes: Sequence[Note]
    rules: Programme
    events: list[Event]
    at: datetime


def in_one_unit(attempt: Callable[[], Answer], *, queue: str | None = None) -> Answer:
    """Run gather, decide and record; on SQLite under the write lock, again where a race is lost."""

    def guarded() -> Answer:
        if is_postgres():
            return attempt()
        with transaction.atomic():
            return attempt()

    return retrying(guarded, queue=queue)


def remembered_answer(asked: Asked) -> Answer | None:
    found = fetch_one(
        LOOKUP,
        {"merchant_id": asked.merchant_id, "operation": asked.operation, "key": asked.key},
    )
    return replay(found, asked.fingerprint)


def find_order(scope: Scope, order_id: UUID) -> StoredOrder:
    """Raises NotFound, also for an order that an undone import had brought."""
    order = stored_order(scope.merchant_id, order_id)
    if order is None or order.view.status == "undone":
        raise NotFound
    return order


def cause_of(view: OrderView) -> Cause:
    return Cause("order", show("ord", view.id))


def person_of(
    scope: Scope, view: OrderView, rules: Programme, *, causes: Sequence[str]
) -> Person | None:
    """Who made the order, or carries on for them, with everything known; None for nobody."""
    if view.member_id is None:
        return None
    carrier = carrier_of(scope.merchant_id, view.member_id)
    people = People(
        scope.merchant_id, [carrier], ladder=rules.ladder, zone=scope.zone, causes=causes,
        numbers=lot_numbers(view.deal),
    )  # fmt: skip
    return people.of(carrier)


def add_order_change(writes: Writes, scope: Scope, order: StoredOrder, view: OrderView) -> None:
    writes.add(ORDER_CHANGE, order_change_row(scope.merchant_id, view, order.revision))


def order_change_row(merchant_id: int, view: OrderView, revision: int) -> tuple[object, ...]:
    return (
        merchant_id,
        view.id,
        view.status,
        view.paid_at,
        view.refunded_minor,
        sum(line.quantity - line.returned for line in view.lines),
        view.points,
        view.growth_value,
        view.frozen,
        revision + 1,
        revision,
    )


def add_line_changes(writes: Writes, merchant_id: int, before: OrderView, after: OrderView) -> None:
    for old, new in zip(before.lines, after.lines, strict=True):
        if new.returned != old.returned:
            writes.add(LINE_CHANGE, (merchant_id, after.id, new.line, new.returned, old.returned))


def finish(
    scope: Scope,
    asked: Asked,
    change: Change,
    *,
    status: int,
    subject: str,
    body: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> Answer:
    """The record and announce beats: everything of the change as one unit, with its answer."""
    writes, journal, person, view = change.writes, change.journal, change.person, change.view
    if person is not None:
        add_person(writes, scope.merchant_id, person)
        add_steps(
            writes, scope=scope, person=person, notes=change.notes, at=change.at,
            cause=cause_of(view),
        )  # fmt: skip
    if view.deal is not None and (view.status == "cancelled" or wholly_returned(view.lines)):
        release_of(writes, scope.merchant_id, view.deal.quote_id, scope.now)
    elif view.deal is not None and view.deal.stock:
        sold, given = still_out(view.deal, [line.returned for line in view.lines])
        keep_stock(writes, scope.merchant_id, view.deal.quote_id, scope.now, sold=sold, given=given)
    events = change.events + announced(
        scope=scope, journal=journal, person=person, notes=change.notes,
        ladder=change.rules.ladder, at=change.at,
    )  # fmt: skip
    text = answer_text(body(effects(events)))
    remember(writes, asked, subject=subject, status=status, answer=text)
    record(writes, scope=scope, journal=journal, events=events, aggregate=view.member_id or view.id)
    return Answer(status, text)
