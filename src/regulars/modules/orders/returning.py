"""Returning: units go back once, and with them exactly what they had brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.orders import OrderRefunded
from regulars.infra.db import Sql, as_instant, as_json, as_uuid, fetch_one
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text
from regulars.kernel.canonical import canonical_json
from regulars.kernel.ids import new_id, show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import program_day
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import Cause, Clawback
from regulars.modules.pricing.deal import gifts_json
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
    finish,
    in_one_unit,
    person_of,
    remembered_answer,
)
from .dealt import dealt, give_back_tenders
from .errors import ExternalIdReused, NotRefundable
from .gather import StoredOrder
from .person import Person
from .placing import check_instants
from .recorder import REFUND
from .rules import cash_back, kept_net, taken_by_return, wholly_returned, with_returns
from .settlement import Scope
from .types import LineView, OrderView, RefundPlan

_REFUND_BY_NAME: Final = Sql(
    "SELECT id, fingerprint, order_id, refunded_at, lines, points_taken, growth_value_taken, debt, "
    "gifts FROM orders_refund WHERE merchant_id = :merchant_id AND external_id = :external_id"
)
_PARKED: Final = Sql(
    "SELECT order_external_id, refunded_at, lines FROM orders_parkedrefund "
    "WHERE merchant_id = :merchant_id AND external_id = :external_id"
)
NOTHING_TAKEN: Final = Clawback(0, 0)


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """Units sent back per line, under the id of whoever sent them."""

    external_id: str
    returns: Mapping[int, int]
    refunded_at: datetime | None

    def fingerprint(self, order_id: UUID) -> str:
        content = [
            order_id.hex,
            sorted([line, units] for line, units in self.returns.items()),
            show_instant(self.refunded_at) if self.refunded_at else None,
        ]
        return sha256(canonical_json(content)).hexdigest()[:32]


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
    if sent.refunded_at is not None:
        check_instants(scope, refunded_at=sent.refunded_at)

    def attempt() -> Answer:
        answered = remembered_answer(asked)
        if answered is not None:
            return answered
        order = find_order(scope, order_id)
        first = first_refund(scope.merchant_id, order.view, sent)
        return first or _refund(scope, asked, order, sent)

    return in_one_unit(attempt, queue=f"{scope.merchant_id}|{order_id}")


def first_refund(merchant_id: int, order: OrderView, sent: RefundAsked) -> Answer | None:
    """The refund of this external id, where there was one; raises ExternalIdReused."""
    params = {"merchant_id": merchant_id, "external_id": sent.external_id}
    row = fetch_one(_REFUND_BY_NAME, params)
    if row is None:
        waits(merchant_id, order.external_id, sent)
        return None
    id_, known, _order_id, refunded_at, lines, points, growth_value, debt, gifts = row
    # Who does not say when it was given back does not contradict who did.
    timed = replace(sent, refunded_at=sent.refunded_at or as_instant(refunded_at))
    if known not in (sent.fingerprint(order.id), timed.fingerprint(order.id)):
        raise ExternalIdReused("A refund with this external_id came before with other content.")
    body = {
        "id": show("ref", as_uuid(id_)),
        "external_id": sent.external_id,
        "order_id": show("ord", order.id),
        "lines": as_json(lines),
        "taken_back": {"points": points, "growth_value": growth_value},
        "debt": debt,
        "gifts": as_json(gifts),
        "effects": [],
    }
    return Answer(200, answer_text(body))


def waits(merchant_id: int, order_external_id: str, sent: RefundAsked) -> bool:
    """Whether this very refund is parked; raises ExternalIdReused where another one is."""
    row = fetch_one(_PARKED, {"merchant_id": merchant_id, "external_id": sent.external_id})
    if row is None:
        return False
    for_order, refunded_at, lines = row
    same_lines = returns_of(as_json(lines)) == sent.returns
    same_time = sent.refunded_at in (None, as_instant(refunded_at))
    if for_order != order_external_id or not same_lines or not same_time:
        raise ExternalIdReused("A refund with this external_id waits with other content.")
    return True


def returns_of(lines: Sequence[Mapping[str, int]]) -> dict[int, int]:
    return {line["line"]: line["quantity"] for line in lines}


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
    writes.add(
        REFUND,
        refund_row(
            scope.merchant_id, refund_id, order.view.id, sent, plan, refunded_at=at, run_id=None
        ),
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
        view, writes, journal, decided.person, decided.notes, decided.rules,
        [refunded_event(scope, view, refund_id, plan.cash_minor)], at,
    )  # fmt: skip
    return finish(scope, asked, change, status=201, subject=show("ref", refund_id), body=body)


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


def refund_row(
    merchant_id: int,
    refund_id: UUID,
    order_id: UUID,
    sent: RefundAsked,
    plan: RefundPlan,
    *,
    refunded_at: datetime,
    run_id: UUID | None,
) -> tuple[object, ...]:
    return (
        merchant_id,
        refund_id,
        sent.external_id,
        order_id,
        refunded_at,
        plan.cash_minor,
        plan.points_taken,
        plan.growth_value_taken,
        plan.debt,
        answer_text(refund_body(plan)["lines"]),
        answer_text(refund_body(plan)["gifts"]),
        sent.fingerprint(order_id),
        run_id,
    )


def refund_body(plan: RefundPlan) -> dict[str, Any]:
    """A refund as the API shows it, but for its ids and effects."""
    return {
        "lines": [
            {
                "line": line.line,
                "quantity": line.quantity,
                "cash": line.cash_minor,
                "points": line.points,
                "growth_value": line.growth_value,
                "stored_value": line.stored_value,
            }
            for line in plan.lines
        ],
        "taken_back": {"points": plan.points_taken, "growth_value": plan.growth_value_taken},
        "debt": plan.debt,
        "gifts": gifts_json(plan.gifts),
    }


def refunded_event(scope: Scope, view: OrderView, refund_id: UUID, cash_minor: int) -> Event:
    assert view.paid_at is not None
    return OrderRefunded(
        merchant_id=scope.merchant_id,
        happened_at=scope.now,
        order_id=view.id,
        refund_id=refund_id,
        member_id=view.member_id,
        cash_minor=cash_minor,
        month=f"{program_day(view.paid_at, scope.zone):%Y-%m}",
    )
