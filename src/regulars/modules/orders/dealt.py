"""Returns of what was bought on a quote: each tender goes back to its own lots, to the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from regulars.kernel.commerce import part_gone_back
from regulars.kernel.periods import day_start, program_day
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.pricing.deal import Deal
from regulars.modules.programmes.types import Programme

from .person import Person
from .quoted import give_back_tender, purse_of
from .settlement import Scope
from .types import LineView, OrderView, ReturnedLine

TENDERS = ("points", "growth_value")


def with_tenders(
    deal: Deal, told: Sequence[ReturnedLine], before: Sequence[LineView], after: Sequence[LineView]
) -> tuple[ReturnedLine, ...]:
    """The same lines, each with the units of every tender that go back with it."""
    then = {line.line: line for line in before}
    now = {line.line: line for line in after}
    return tuple(
        replace(
            one,
            **{
                name: _gone(deal, name, now[one.line]) - _gone(deal, name, then[one.line])
                for name in (*TENDERS, "stored_value")
            },
        )
        for one in told
    )


def _gone(deal: Deal, name: str, line: LineView) -> int:
    """How many units of a tender have gone back with a line in all."""
    units: int = getattr(deal.lines[line.line - 1].priced.tenders, name)
    return part_gone_back(units, quantity=line.quantity, returned=line.returned)


def give_back_tenders(
    scope: Scope,
    view: OrderView,
    after: Sequence[LineView],
    person: Person,
    rules: Programme,
    journal: Journal,
    *,
    cause: Cause,
    gone: bool,
) -> None:
    """Restore to the person what points and growth value had paid of the units that went back.

    ``gone``: the order is called off, and everything goes back.
    """
    assert view.deal is not None
    for name, spending in view.deal.spent.items():
        before = sum(_gone(view.deal, name, line) for line in view.lines)
        whole = sum(part.amount for part in spending.parts)
        purse = purse_of(person, name)
        purse.catch_up(journal, scope.now)
        give_back_tender(
            spending,
            purse,
            person,
            journal,
            before=before,
            after=whole if gone else sum(_gone(view.deal, name, line) for line in after),
            cause=cause,
            at=scope.now,
            least_until=_grace_end(scope, rules, name),
        )


def _grace_end(scope: Scope, rules: Programme, name: str) -> datetime:
    redemption = getattr(rules.redeeming, name)
    last_day = program_day(scope.now, scope.zone) + timedelta(days=redemption.grace_days)
    return day_start(last_day + timedelta(days=1), scope.zone)
