"""Placing on a quote: what was promised is charged, or the order is refused without a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from regulars.kernel.errors import NotFound
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.restoring import last_spent_first, restore, spend_held
from regulars.modules.ledger.types import ASSET_OF_NAME, Cause, entry_id
from regulars.modules.pricing.deal import Deal, Spending
from regulars.modules.pricing.errors import (
    PriceChanged,
    QuoteExpired,
    QuoteOfAnother,
    QuoteReleased,
    QuoteUsed,
)
from regulars.modules.pricing.gather import StoredQuote, quote_of_row, stored_quote

from .gather import Gathered, carrier_of
from .person import Person
from .settlement import Scope
from .types import Draft, DraftLine


@dataclass(frozen=True, slots=True)
class Accepted:
    """A quote that holds, and the order as it was quoted."""

    quote: StoredQuote
    draft: Draft


def with_member_of_quote(scope: Scope, draft: Draft) -> Draft:
    """An order that does not say whose it is belongs to whom its quote was made for."""
    if draft.quote_id is None or draft.member_id is not None or draft.identity is not None:
        return draft
    quote = stored_quote(scope.merchant_id, draft.quote_id)
    return replace(draft, member_id=quote.member_id) if quote else draft


def accepted(scope: Scope, draft: Draft, gathered: Gathered) -> Accepted | None:
    """The quote an order is placed on, and the order in its terms; None without a quote.

    Raises NotFound, QuoteUsed, QuoteReleased, QuoteExpired, QuoteOfAnother, PriceChanged.
    """
    if draft.quote_id is None:
        return None
    if gathered.quote is None:
        raise NotFound
    quote = quote_of_row(gathered.quote)
    if quote.state == "used":
        raise QuoteUsed("An order was placed on this quote already; ask for a new one.")
    if quote.state == "released":
        raise QuoteReleased("This quote was given up; ask for a new one.")
    if quote.expires_at <= scope.now:
        raise QuoteExpired("What it held is free again; ask for a new quote.")
    _check_buyer(scope, quote, gathered)
    _check_goods(quote.deal, draft)
    return Accepted(quote, _in_its_terms(draft, quote.deal))


def _check_buyer(scope: Scope, quote: StoredQuote, gathered: Gathered) -> None:
    theirs = quote.member_id
    if theirs != gathered.carrier and theirs is not None:
        theirs = carrier_of(scope.merchant_id, theirs)
    if theirs != gathered.carrier:
        raise QuoteOfAnother("Ask for a quote for the member who orders.")


def _check_goods(deal: Deal, draft: Draft) -> None:
    quoted = [(line.goods.sku, line.goods.quantity, line.goods.unit_price_minor)
              for line in deal.lines]  # fmt: skip
    sent = [(line.sku, line.quantity, line.unit_price_minor) for line in draft.lines]
    if sent and sent != quoted:
        raise PriceChanged("The lines are not those of the quote; ask for a new one.")
    for name, asked, told in (
        ("channel", draft.channel, deal.channel),
        ("store", draft.store, deal.store),
    ):
        if asked is not None and asked != told:
            raise PriceChanged(f"The {name} is not that of the quote; ask for a new one.")
    if draft.paid_minor != deal.due_minor:
        raise PriceChanged(f"{deal.due_minor} is due, not {draft.paid_minor}; ask again.")


def _in_its_terms(draft: Draft, deal: Deal) -> Draft:
    lines = [
        DraftLine(
            line.goods.sku,
            line.goods.quantity,
            line.goods.unit_price_minor,
            line.priced.cash_minor,
        )
        for line in deal.lines
    ]
    return replace(draft, lines=tuple(lines), channel=deal.channel, store=deal.store)


def spend(deal: Deal, person: Person, journal: Journal, *, order: Cause, at: datetime) -> Deal:
    """Spend what the quote held. Raises QuoteExpired where a hold is gone."""
    spent = {}
    for name, hold_hex in deal.holds.items():
        purse = purse_of(person, name)
        purse.catch_up(journal, at)
        hold = purse.holds.get(UUID(hex=hold_hex))
        if hold is None:
            raise QuoteExpired("What it held is free again; ask for a new quote.")
        entry, parts = spend_held(purse, journal, hold, cause=order, at=at)
        spent[name] = Spending(entry, tuple(parts))
    return deal.with_spent(spent)


def give_back_tender(
    spending: Spending,
    purse: Purse,
    person: Person,
    journal: Journal,
    *,
    before: int,
    after: int,
    cause: Cause,
    at: datetime,
    least_until: datetime,
) -> None:
    """Let what has gone back of a tender rise from ``before`` to ``after`` units in all."""
    parts = last_spent_first(spending.parts, before=before, after=after)
    if not parts:
        return
    # After a merge the lots have other numbers here: then they are opened anew.
    here = spending.entry.startswith(entry_id(purse.member_hex, purse.asset, 0)[:-1])
    restore(
        purse,
        journal,
        parts,
        known=(lambda number: person.lot(purse.asset, number)) if here else (lambda number: None),
        reverses=spending.entry,
        cause=cause,
        at=at,
        least_until=least_until,
    )


def purse_of(person: Person, name: str) -> Purse:
    assets = {person.points.asset: person.points, person.growth_value.asset: person.growth_value}
    return assets[ASSET_OF_NAME[name]]


def lot_numbers(deal: Deal | None) -> list[int]:
    """The lots that a return may give back to."""
    if deal is None:
        return []
    return sorted({part.number for spending in deal.spent.values() for part in spending.parts})
