"""Refunds as they are asked for, stored and told: once per external id of whoever sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.orders import OrderRefunded
from regulars.infra.db import Sql, as_instant, as_json, as_uuid, fetch_one
from regulars.infra.writes import Answer, Asked, answer_text
from regulars.kernel.canonical import canonical_json
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import program_day
from regulars.modules.pricing.deal import gifts_json

from .changing import Change, find_order, finish, in_one_unit, remembered_answer
from .errors import ExternalIdReused
from .gather import StoredOrder
from .placing import check_instants
from .recorder import REFUND
from .rules import wholly_returned
from .settlement import Scope
from .types import OrderView, RefundPlan

_REFUND_BY_NAME: Final = Sql(
    "SELECT id, fingerprint, order_id, refunded_at, lines, points_taken, growth_value_taken, debt, "
    "gifts FROM orders_refund WHERE merchant_id = :merchant_id AND external_id = :external_id"
)
_PARKED: Final = Sql(
    "SELECT order_external_id, refunded_at, lines FROM orders_parkedrefund "
    "WHERE merchant_id = :merchant_id AND external_id = :external_id"
)


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


def refund_once(
    scope: Scope,
    asked: Asked,
    order_id: UUID,
    sent: RefundAsked,
    act: Callable[[StoredOrder], Answer],
) -> Answer:
    """``act`` on the order, unless this refund was answered, came before or waits.

    Raises Invalid (an instant ahead of the clock), NotFound, ExternalIdReused, Contention.
    """
    if sent.refunded_at is not None:
        check_instants(scope, refunded_at=sent.refunded_at)

    def attempt() -> Answer:
        answered = remembered_answer(asked)
        if answered is not None:
            return answered
        order = find_order(scope, order_id)
        return _first_refund(scope.merchant_id, order.view, sent) or act(order)

    return in_one_unit(attempt, queue=f"{scope.merchant_id}|{order_id}")


def finish_refund(
    scope: Scope,
    asked: Asked,
    change: Change,
    sent: RefundAsked,
    refund_id: UUID,
    plan: RefundPlan,
) -> Answer:
    """Record the refund beside what it changed, announce it and answer."""
    view, shown = change.view, show("ref", refund_id)
    row = _refund_row(scope.merchant_id, refund_id, view.id, sent, plan, refunded_at=change.at)
    change.writes.add(REFUND, row)
    change.events.append(_refunded_event(scope, view, refund_id, plan.cash_minor))

    def body(told: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": shown,
            "external_id": sent.external_id,
            "order_id": show("ord", view.id),
            **refund_body(plan),
            "effects": told,
        }

    return finish(scope, asked, change, status=201, subject=shown, body=body)


def _first_refund(merchant_id: int, order: OrderView, sent: RefundAsked) -> Answer | None:
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


def _refund_row(
    merchant_id: int,
    refund_id: UUID,
    order_id: UUID,
    sent: RefundAsked,
    plan: RefundPlan,
    *,
    refunded_at: datetime,
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
        None,
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


def _refunded_event(scope: Scope, view: OrderView, refund_id: UUID, cash_minor: int) -> Event:
    assert view.paid_at is not None
    return OrderRefunded(
        merchant_id=scope.merchant_id,
        happened_at=scope.now,
        order_id=view.id,
        refund_id=refund_id,
        member_id=view.member_id,
        cash_minor=cash_minor,
        whole=wholly_returned(view.lines),
        month=f"{program_day(view.paid_at, scope.zone):%Y-%m}",
    )
