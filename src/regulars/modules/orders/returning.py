"""Returning: units go back once, and with them exactly what they had brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked
from regulars.kernel.ids import new_id, show
from regulars.kernel.periods import program_day
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import Cause, Clawback
from regulars.modules.programmes.queries import Schedule
from regulars.modules.programmes.rules import Terms
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.rules import Note

from .changing import (
    Change,
    add_line_changes,
    add_order_change,
    cause_of,
    find_order,
    person_of,
)
from .dealt import dealt, give_back_tenders
from .errors import NotRefundable
from .gather import StoredOrder
from .person import Person
from .refunds import RefundAsked, finish_refund, refund_body, refund_once
from .rules import cash_back, kept_net, taken_by_return, wholly_returned, with_returns
from .settlement import Scope
from .types import LineView, OrderView, RefundPlan

NOTHING_TAKEN: Final = Clawback(0, 0)


@dataclass(slots=True)
class Return:
    """A return that was decided: the order after it, and what was taken back."""

    view: OrderView
    plan: RefundPlan
    person: Person | None
    notes: list[Note]
    rules: Programme


def preview_refund(scope: Scope, order_id: UUID, returns: Mapping[int, int]) -> dict[str, Any]:
    """What a refund of these units would give back and take back; writes nothing."""
    order = find_order(scope, order_id)
    decided = _return(scope, order, returns, Journal(), cause=Cause("refund", "preview"))
    return {**refund_body(decided.plan), "effects": []}


def refund(scope: Scope, asked: Asked, order_id: UUID, sent: RefundAsked) -> Answer:
    """Take units back once per external id; the exact inverse of what they had brought.

    Raises NotFound, NotRefundable, OverRefund, ExternalIdReused, Contention.
    """
    return refund_once(
        scope, asked, order_id, sent, lambda order: _refund(scope, asked, order, sent)
    )


def _refund(scope: Scope, asked: Asked, order: StoredOrder, sent: RefundAsked) -> Answer:
    refund_id = new_id()
    journal, writes = Journal(), Writes()
    at = min(sent.refunded_at or scope.now, scope.now)
    decided = _return(
        scope, order, sent.returns, journal, cause=Cause("refund", show("ref", refund_id)), at=at
    )
    view, plan = decided.view, decided.plan
    add_order_change(writes, scope, order, view)
    add_line_changes(writes, scope.merchant_id, order.view, view)
    change = Change(view, writes, journal, decided.person, decided.notes, decided.rules, [], at)
    return finish_refund(scope, asked, change, sent, refund_id, plan)


def _return(
    scope: Scope,
    order: StoredOrder,
    returns: Mapping[int, int],
    journal: Journal,
    *,
    cause: Cause,
    at: datetime | None = None,
) -> Return:
    view = order.view
    if view.status != "paid":
        raise NotRefundable(
            "A cancelled order has given everything back."
            if view.status == "cancelled"
            else "The order was never paid; cancel it instead."
        )
    after = with_returns(view.lines, returns)
    rules = Schedule(scope.merchant_id).at(scope.now)
    person = person_of(scope, view, rules, causes=[show("ord", view.id)])
    return give_back(
        scope, view, after, person, rules, journal,
        cause=cause, at=at or scope.now, status="paid",
    )  # fmt: skip


def give_back(
    scope: Scope,
    view: OrderView,
    after: Sequence[LineView],
    person: Person | None,
    rules: Programme,
    journal: Journal,
    *,
    cause: Cause,
    at: datetime,
    status: str,
) -> Return:
    """Decide what goes back and what is taken back when the lines become ``after``.

    A cancelled order keeps nothing, whatever its lines say; one that was never paid has nothing
    to give back.
    """
    gone = status != "paid"
    found = dealt(scope, view, after, gone=gone) if view.deal is not None else None
    lines = cash_back(view.lines, after)
    nets = kept_net(view.lines), kept_net(after)
    cash = 0
    if view.paid_at is not None:
        cash = sum(nets[0]) - (0 if gone else sum(nets[1]))
    if found is not None:
        lines, nets = found.lines, (list(found.base_before), list(found.base_after))
        cash = found.cash_minor if view.paid_at is not None else 0
        if person is not None:
            give_back_tenders(scope, view, found, person, rules, journal, cause=cause)
    points = growth_value = NOTHING_TAKEN
    points_less = growth_less = 0
    notes: list[Note] = []
    if person is not None and view.frozen is not None and view.paid_at is not None:
        terms = Terms.from_json(view.frozen)
        points_less = view.points if gone else taken_by_return(terms.points, *nets)
        growth_less = view.growth_value if gone else taken_by_return(terms.growth_value, *nets)
        points = _claw(scope, person.points, journal, points_less, view, cause, at, person)
        growth_value = _claw(
            scope, person.growth_value, journal, growth_less, view, cause, at, person
        )
        notes = _uncount(
            scope, view, after, person, rules, gone=gone,
            counts=(cash, growth_less, points_less),
        )  # fmt: skip
    changed = replace(
        view,
        status=status,
        lines=tuple(after),
        refunded_minor=view.refunded_minor + cash,
        points=view.points - points_less,
        growth_value=view.growth_value - growth_less,
    )
    gifts = found.gifts if found is not None else ()
    plan = RefundPlan(lines, cash, points.taken, growth_value.taken, points.debt, gifts)
    return Return(changed, plan, person, notes, rules)


def _claw(
    scope: Scope,
    purse: Purse,
    journal: Journal,
    amount: int,
    view: OrderView,
    cause: Cause,
    at: datetime,
    person: Person,
) -> Clawback:
    # Up to now, however long ago the units went back: what has expired meanwhile cannot be taken,
    # whether or not the job that expires it has run.
    purse.catch_up(journal, scope.now)
    order = cause_of(view)
    own = person.own_lots(purse.asset, order.id)
    amount -= _lapsed_elsewhere(purse, journal, amount, order, person)
    if amount == 0:
        return NOTHING_TAKEN
    return purse.clawback(journal, amount, order=order, cause=cause, at=at, own_lots=own)


def _lapsed_elsewhere(
    purse: Purse, journal: Journal, amount: int, order: Cause, person: Person
) -> int:
    """How much of ``amount`` time took before the order's lots moved here with a merge.

    What is still pending and what the moved lots hold or lost comes first, as in one purse.
    """
    elsewhere = person.lapsed_elsewhere(purse.asset, order.id)
    if not elsewhere:
        return 0
    own = person.own_lots(purse.asset, order.id)
    here = sum(p.amount for p in purse.pendings.values() if p.cause_id == order.id)
    here += sum(lot.remaining - lot.held + lot.expired - lot.forgone for lot in own)
    left = total = max(0, amount - here)
    for other, lot in elsewhere:
        part = min(lot.expired - lot.forgone, left)
        if part:
            lot.forgone += part
            left -= part
            journal.touch_lot(other, lot)
            journal.touch(other)
    return total - left


def _uncount(
    scope: Scope,
    view: OrderView,
    after: Sequence[LineView],
    person: Person,
    rules: Programme,
    *,
    gone: bool,
    counts: tuple[int, int, int],
) -> list[Note]:
    """Take the return out of the day it was paid on, and follow the ladder anew."""
    assert view.paid_at is not None
    assert view.member_id is not None
    counted_before = not wholly_returned(view.lines)
    orders = -1 if counted_before and (gone or wholly_returned(after)) else 0
    cash, growth_value, points = counts
    person.count(
        view.member_id,
        rules.ladder,
        program_day(view.paid_at, scope.zone),
        [orders, -cash, -growth_value, -points],
    )
    person.programme = rules.number
    return person.recount(rules.ladder, program_day(scope.now, scope.zone))
