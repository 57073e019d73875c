"""Undoing whole runs: every order of a run goes back as if it had not come, set by set.

Nothing is deleted: the ledger gets inverse postings, the orders stay with status ``undone``, and
the same file may come again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.events.orders import OrdersImported
from regulars.infra.db import Sql, as_uuid, fetch_all, retrying
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.periods import program_day
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.members.lookup import carriers
from regulars.modules.programmes.queries import Schedule
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.rules import Note

from .changing import order_change_row
from .gather import People, StoredOrder, stored_orders
from .person import Person
from .recorder import ORDER_CHANGE
from .returning import give_back
from .settlement import Scope, add_person, add_steps

_BATCH: Final = 1_000
_OF_RUN: Final = Sql(
    "SELECT id FROM orders_order WHERE merchant_id = :merchant_id AND run_id = :run_id "
    "AND status <> 'undone' ORDER BY paid_at DESC, id DESC LIMIT :most"
)


def undo_orders(
    scope: Scope, run_id: UUID, *, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Give back everything that the orders of ``run_id`` brought; how many there were.

    Each batch is one transaction; a run cut off in the middle is gone on with by calling again.
    """
    done = 0
    while True:
        params = {"merchant_id": scope.merchant_id, "run_id": run_id, "most": _BATCH}
        ids = [as_uuid(row[0]) for row in fetch_all(_OF_RUN, params)]
        if not ids:
            return done
        done += retrying(lambda ids=ids: _undo(scope, run_id, ids))  # type: ignore[misc]
        progress(done)


@transaction.atomic
def _undo(scope: Scope, run_id: UUID, order_ids: Sequence[UUID]) -> int:
    rules = Schedule(scope.merchant_id).at(scope.now)
    orders = stored_orders(scope.merchant_id, order_ids)
    owners = sorted({o.view.member_id for o in orders.values() if o.view.member_id})
    carrier_of = carriers(scope.merchant_id, owners)
    people = People(
        scope.merchant_id,
        sorted(set(carrier_of.values())),
        ladder=rules.ladder,
        zone=scope.zone,
        causes=[f"ord_{order_id.hex}" for order_id in order_ids],
    )
    writes, journal = Writes(), Journal()
    touched: dict[UUID, tuple[Person, list[Note]]] = {}
    months: set[str] = set()
    for order_id in order_ids:
        order = orders[order_id]
        owner = order.view.member_id
        person = people.of(carrier_of[owner]) if owner else None
        notes = _undo_one(scope, run_id, order, person, journal, writes, rules)
        if person is not None:
            touched.setdefault(person.member_id, (person, []))[1].extend(notes)
        if order.view.paid_at is not None:
            months.add(f"{program_day(order.view.paid_at, scope.zone):%Y-%m}")
    for person, notes in touched.values():
        add_person(writes, scope.merchant_id, person)
        add_steps(
            writes,
            scope=scope,
            person=person,
            notes=notes,
            at=scope.now,
            cause=("run", f"run_{run_id.hex}"),
        )
    ledger.add_to(writes, journal)
    _announce(writes, scope, run_id, order_ids, months)
    writes.record()
    return len(order_ids)


def _announce(
    writes: Writes, scope: Scope, run_id: UUID, order_ids: Sequence[UUID], months: set[str]
) -> None:
    writes.add(
        OUTBOX,
        outbox_row(
            merchant_id=scope.merchant_id,
            aggregate=run_id.hex,
            events=[
                OrdersImported(
                    merchant_id=scope.merchant_id,
                    happened_at=scope.now,
                    run_id=run_id,
                    orders=-len(order_ids),
                    months=tuple(sorted(months)),
                    first_order=min(order_ids),
                    last_order=max(order_ids),
                )
            ],
            at=scope.now,
        ),
    )


def _undo_one(
    scope: Scope,
    run_id: UUID,
    order: StoredOrder,
    person: Person | None,
    journal: Journal,
    writes: Writes,
    rules: Programme,
) -> list[Note]:
    view = order.view
    if view.status == "cancelled":
        # It has given everything back already.
        writes.add(
            ORDER_CHANGE,
            order_change_row(scope.merchant_id, replace(view, status="undone"), order.revision),
        )
        return []
    decided = give_back(
        scope,
        view,
        view.lines,
        person if view.paid_at is not None else None,
        rules,
        journal,
        cause=Cause("run", f"run_{run_id.hex}"),
        at=scope.now,
        status="undone",
    )
    writes.add(ORDER_CHANGE, order_change_row(scope.merchant_id, decided.view, order.revision))
    return decided.notes
