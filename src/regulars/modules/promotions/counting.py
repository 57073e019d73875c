"""What is counted of an offer, under which keys of budgets, and how much of it is left.

An offer is counted where it has a limit or a budget; what is counted of a limit begins when the
limit is first set. ``people`` are the ids of all records of one person, who carries on first: their
uses count together, and new ones are counted on the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from regulars.kernel.canonical import canonical_json
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.budgets.types import Seen

from .types import Offer

_EVER: Final = "ever"


class Counted(NamedTuple):
    """One thing that is counted of an offer: ``most`` of it (None: counted, never stopped)."""

    key: str
    amount: int
    most: int | None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """What was used of an offer, open quotes of others included, and what its budget still has
    (None without a hard budget)."""

    by_member: int
    in_all: int
    budget_minor: int | None


def total_key(offer: Offer) -> str:
    return f"total|{offer.code}"


def member_keys(offer: Offer, people: Sequence[UUID], day: date) -> list[str]:
    """One for each record of the person; a year's uses are counted under the year of ``day``."""
    period = str(day.year) if offer.limit.member_period == "year" else _EVER
    return [f"member|{member_id.hex}|{period}|{offer.code}" for member_id in people]


def budget_key(offer: Offer, *, day: date, store: str | None) -> str:
    """Where the cost of an order of ``day`` in ``store`` is counted."""
    per = offer.budget_terms.per
    if per == "store":
        return "cost|store|" + canonical_json([offer.code, store or ""]).decode()
    period = {"all": _EVER, "day": day.isoformat(), "month": f"{day:%Y-%m}"}[per]
    return f"cost|{period}|{offer.code}"


def keys(
    offers: Iterable[Offer], *, people: Sequence[UUID], day: date, store: str | None
) -> list[str]:
    """Every key that a price of these offers depends on: for ``budgets.gather``."""
    found: list[str] = []
    for offer in offers:
        for counted in _counted(offer, people=people, day=day, store=store, cost_minor=1):
            found += [counted.key, *counted.beside]
    return sorted(set(found))


def left(offer: Offer, seen: Seen, *, people: Sequence[UUID], day: date, store: str | None) -> Left:
    """What is used and left of an offer, as the evaluator takes it."""
    by_member = in_all = 0
    if offer.limit.per_member is not None:
        by_member = sum(seen.used(key) for key in member_keys(offer, people, day))
    if offer.limit.total is not None:
        in_all = seen.used(total_key(offer))
    budget = None
    if offer.budget is not None and offer.budget_terms.stop == "hard":
        budget = max(0, offer.budget - seen.used(budget_key(offer, day=day, store=store)))
    return Left(by_member, in_all, budget)


def claim(
    sheet: Sheet,
    offer: Offer,
    *,
    owner: str,
    cost_minor: int,
    people: Sequence[UUID],
    day: date,
    store: str | None,
    expires_at: datetime | None,
) -> None:
    """Take one use of an offer, and its cost from its budget, for a quote or an order.

    Raises BudgetTaken.
    """
    for counted in _counted(offer, people=people, day=day, store=store, cost_minor=cost_minor):
        sheet.claim(
            owner=owner,
            key=counted.key,
            amount=counted.amount,
            most=counted.most,
            expires_at=expires_at,
            beside=counted.beside,
        )


def _counted(
    offer: Offer, *, people: Sequence[UUID], day: date, store: str | None, cost_minor: int
) -> Iterator[Counted]:
    limit = offer.limit
    if limit.total is not None:
        yield Counted(total_key(offer), 1, limit.total)
    if limit.per_member is not None and people:
        own, *others = member_keys(offer, people, day)
        yield Counted(own, 1, limit.per_member, tuple(others))
    if offer.budget is not None and cost_minor > 0:
        most = offer.budget if offer.budget_terms.stop == "hard" else None
        yield Counted(budget_key(offer, day=day, store=store), cost_minor, most)
