"""Returns of what was bought on a quote: money and tenders go back as the deal has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, as_json, fetch_all
from regulars.kernel.periods import day_start, program_day
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.types import Cause
from regulars.modules.pricing.deal import Deal
from regulars.modules.pricing.returns import NOTHING, GoneBack, Return, give_back, kept_base
from regulars.modules.pricing.sale import Sale
from regulars.modules.pricing.selling import sale_of
from regulars.modules.pricing.types import GiftLine
from regulars.modules.programmes.types import Programme

from .person import Person
from .quoted import give_back_tender, purse_of
from .settlement import Scope
from .types import LineView, OrderView, ReturnedLine

_REFUNDS_BEFORE: Final = Sql(
    "SELECT lines FROM orders_refund WHERE merchant_id = :merchant_id AND order_id = :order_id "
    "ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Dealt:
    """What one return brings: per line what goes back, and the nets that earned and still earn."""

    before: tuple[GoneBack, ...]
    back: Return
    base_before: tuple[int, ...]
    base_after: tuple[int, ...]
    lines: tuple[ReturnedLine, ...]

    @property
    def cash_minor(self) -> int:
        return sum(part.cash_minor for part in self.back.now)

    @property
    def gifts(self) -> tuple[GiftLine, ...]:
        return self.back.gifts


def dealt(scope: Scope, view: OrderView, after: Sequence[LineView], *, gone: bool) -> Dealt:
    """The return after which the lines are as in ``after``; ``gone``: everything goes back."""
    assert view.deal is not None
    sale = sale_of(view.deal)
    before = _gone_before(scope, view, sale)
    returned = [line.quantity if gone else line.returned for line in after]
    back = give_back(sale, before, returned)
    return Dealt(
        before=tuple(before),
        back=back,
        base_before=tuple(kept_base(sale, before)),
        base_after=tuple(kept_base(sale, back.in_all)),
        lines=tuple(
            ReturnedLine(
                number,
                part.units,
                part.cash_minor,
                part.points,
                part.growth_value,
                part.stored_value,
            )
            for number, part in enumerate(back.now, 1)
            if part.units or part.net_minor
        ),
    )


def _gone_before(scope: Scope, view: OrderView, sale: Sale) -> Sequence[GoneBack]:
    """What has gone back so far."""
    assert view.deal is not None
    returned = [line.returned for line in view.lines]
    return gone_so_far(scope.merchant_id, view.id, view.deal, sale, returned)


def gone_so_far(
    merchant_id: int, order_id: UUID, deal: Deal, sale: Sale, returned: Sequence[int]
) -> Sequence[GoneBack]:
    """What has gone back of an order of which so many units of each line are back. Where an offer
    asks again it depends on the way it went, so the refunds are walked anew in their order."""
    steps = [list(returned)]
    if deal.requalifies:
        steps = _steps(merchant_id, order_id, len(returned))
    gone: Sequence[GoneBack] = [NOTHING] * len(returned)
    for step in steps:
        gone = give_back(sale, gone, step).in_all
    return gone


def _steps(merchant_id: int, order_id: UUID, lines_in_all: int) -> list[list[int]]:
    params = {"merchant_id": merchant_id, "order_id": order_id}
    returned = [0] * lines_in_all
    steps = []
    for (lines,) in fetch_all(_REFUNDS_BEFORE, params):
        for line in as_json(lines):
            returned[line["line"] - 1] += line["quantity"]
        steps.append(list(returned))
    return steps


def give_back_tenders(
    scope: Scope,
    view: OrderView,
    found: Dealt,
    person: Person,
    rules: Programme,
    journal: Journal,
    *,
    cause: Cause,
) -> None:
    """Restore to the person what points and growth value had paid of what goes back."""
    assert view.deal is not None
    for name, spending in view.deal.spent.items():
        purse = purse_of(person, name)
        purse.catch_up(journal, scope.now)
        give_back_tender(
            spending,
            purse,
            person,
            journal,
            before=sum(getattr(part, name) for part in found.before),
            after=sum(getattr(part, name) for part in found.back.in_all),
            cause=cause,
            at=scope.now,
            least_until=_grace_end(scope, rules, name),
        )


def _grace_end(scope: Scope, rules: Programme, name: str) -> datetime:
    redemption = getattr(rules.redeeming, name)
    last_day = program_day(scope.now, scope.zone) + timedelta(days=redemption.grace_days)
    return day_start(last_day + timedelta(days=1), scope.zone)
