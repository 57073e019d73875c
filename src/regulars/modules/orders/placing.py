"""Placing one order: gather in one read, decide in memory, record in one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from regulars.infra.db import is_postgres, retrying
from regulars.infra.writes import Answer, Asked
from regulars.kernel.errors import FieldError, Invalid

from .deciding import Placed, Wanted, decide, gather, question_of
from .grouped import place_in_company
from .quoted import with_member_of_quote
from .settlement import Scope
from .types import Draft

#: How far a till's clock may run ahead of ours before its instants are refused.
CLOCK_SLACK = timedelta(minutes=5)


def place(scope: Scope, asked: Asked, draft: Draft) -> Answer:
    """Place ``draft`` once. Sent again it gets the first answer; a paid order of a member earns.

    Raises NotFound (no such member), ExternalIdReused, Invalid (instants ahead of the clock, more
    than an account can hold), Contention.
    """
    return place_and_look(scope, asked, draft).answer


def place_and_look(scope: Scope, asked: Asked, draft: Draft) -> Placed:
    """As ``place``, and tells whether refunds are parked for the order."""
    check_instants(scope, placed_at=draft.placed_at, paid_at=draft.paid_at)
    # What was sent tells a repeat; a clock that ran ahead must not make it another order.
    fingerprint = draft.fingerprint()
    if draft.paid_at is not None and draft.paid_at > scope.now:
        draft = replace(draft, paid_at=scope.now)
    wanted = Wanted(scope, asked, with_member_of_quote(scope, draft), fingerprint)

    def attempt() -> Placed:
        if is_postgres():
            return _attempt(wanted)
        with transaction.atomic():
            return _attempt(wanted)

    return place_in_company(wanted, lambda: retrying(attempt, queue=wanted.who))


def check_instants(scope: Scope, **instants: datetime | None) -> None:
    """Instants of a client may lie in the past, never ahead of the merchant's clock."""
    latest = scope.now + CLOCK_SLACK
    faults = [
        FieldError(f"/{name}", "in_the_future", "Send an instant that has passed.")
        for name, at in instants.items()
        if at is not None and at > latest
    ]
    if faults:
        raise Invalid("An order cannot come from the future.", errors=faults)


def _attempt(wanted: Wanted) -> Placed:
    placed, writes = decide(wanted, gather(*question_of(wanted)))
    if writes is not None:
        writes.record()
    return placed
