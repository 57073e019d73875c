"""Quotes: a price is promised for a while, and what is scarce in it is held as one unit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.events.effects import effects
from regulars.events.pricing import QuoteCreated
from regulars.events.pricing import QuoteReleased as Released
from regulars.infra.db import is_postgres, retrying
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text, remember
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.instants import show_instant
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.announce import events_of
from regulars.modules.ledger.engine import Journal
from regulars.modules.ledger.errors import InsufficientPoints
from regulars.modules.ledger.gather import Purses, carrier_for_write
from regulars.modules.ledger.types import ASSET_OF_NAME

from .asked import Asking, Place
from .claims import owner_of, release_of
from .errors import QuoteExpired, QuoteUsed
from .evaluating import Priced, price
from .gather import StoredQuote, stored_quote
from .recorder import QUOTE, add_released, quote_row
from .selling import deal_of
from .supplying import refuse_what_is_gone
from .telling import evaluation_json, quote_json

LIFE: Final = timedelta(minutes=15)
TENDERS: Final = ("points", "growth_value")


def quote(place: Place, asked: Asked, asking: Asking, *, life: timedelta = LIFE) -> Answer:
    """Promise the price of a cart once per key, and hold what is scarce in it until its end.

    Raises NotFound, InsufficientPoints (more is to be redeemed than there is), OutOfStock,
    NotOnSaleYet, Contention.
    """
    queue = f"{place.merchant_id}|{asking.member_id or asked.key}"
    return _in_one_unit(lambda: _quote(place, asked, asking, life), queue=queue)


def _in_one_unit(attempt: Callable[[], Answer], *, queue: str) -> Answer:
    def guarded() -> Answer:
        if is_postgres():
            return attempt()
        with transaction.atomic():
            return attempt()

    return retrying(guarded, queue=queue)


def _quote(place: Place, asked: Asked, asking: Asking, life: timedelta) -> Answer:
    priced = price(place, asking, asked=asked, suggest=True)
    if isinstance(priced, Answer):
        return priced
    _refuse_reduced(priced)
    refuse_what_is_gone(priced.evaluation, priced.goods)

    quote_id, expires_at = new_id(), place.now + life
    writes, journal = Writes(), priced.journal
    holds = {}
    for name in TENDERS:
        units = sum(getattr(line.tenders, name) for line in priced.evaluation.lines)
        if units:
            hold_id = new_id()
            priced.purses[name].hold(
                journal, units, id=hold_id, at=place.now, expires_at=expires_at
            )
            holds[name] = hold_id.hex
    stock = _claim(place, priced, writes, quote_id, expires_at)
    deal = deal_of(priced, quote_id, holds, stock)
    row = quote_row(
        merchant_id=place.merchant_id,
        quote_id=quote_id,
        member_id=priced.known.carrier,
        created_at=place.now,
        expires_at=expires_at,
        deal=deal,
    )
    writes.add(QUOTE, row)

    events: list[Event] = [
        QuoteCreated(
            merchant_id=place.merchant_id,
            happened_at=place.now,
            quote_id=quote_id,
            member_id=priced.known.carrier,
            due_minor=deal.due_minor,
            expires_at=expires_at,
        ),
        *events_of(journal),
    ]
    body = {
        "id": show("quo", quote_id),
        "expires_at": show_instant(expires_at),
        **evaluation_json(priced.evaluation),
        "effects": effects(events),
    }
    return _record(
        place, asked, writes, journal, events, status=201, body=body,
        subject=show("quo", quote_id), aggregate=priced.known.carrier or quote_id,
    )  # fmt: skip


def _claim(
    place: Place, priced: Priced, writes: Writes, quote_id: UUID, expires_at: datetime
) -> dict[str, int]:
    """Hold what is counted; the units taken of articles, by sku."""
    counting = priced.counting
    sheet = Sheet(place.merchant_id, counting.seen, place.now)
    counting.claim(
        sheet,
        priced.counted,
        priced.coupons,
        priced.evaluation,
        owner=owner_of(quote_id),
        expires_at=expires_at,
    )
    stock = counting.claim_stock(
        sheet,
        priced.goods,
        priced.evaluation,
        owner=owner_of(quote_id),
        expires_at=expires_at,
    )
    sheet.add_to(writes)
    return stock


def _refuse_reduced(priced: Priced) -> None:
    """A quote takes exactly what was asked for, or nothing (an evaluation takes the most)."""
    reduced = [one for one in priced.evaluation.rejected if one.code == "tender_reduced"]
    if reduced:
        raise InsufficientPoints("More is to be redeemed than there is, or than this cart takes.")


def release(place: Place, asked: Asked, quote_id: UUID) -> Answer:
    """Give a quote up: what it held is free at once. A second time changes nothing.

    Raises NotFound, QuoteUsed, QuoteExpired, Contention.
    """
    return _in_one_unit(
        lambda: _release(place, asked, quote_id), queue=f"{place.merchant_id}|{quote_id}"
    )


def _release(place: Place, asked: Asked, quote_id: UUID) -> Answer:
    stored = stored_quote(place.merchant_id, quote_id)
    if stored is None:
        raise NotFound
    if stored.state == "used":
        raise QuoteUsed("An order was placed on it; cancel the order.")
    if stored.state == "released":
        return Answer(200, answer_text({**quote_json(stored, place.now), "effects": []}))
    if stored.expires_at <= place.now:
        raise QuoteExpired("What it held is free already.")

    writes, journal = Writes(), Journal()
    _free_holds(place, stored, journal)
    release_of(writes, place.merchant_id, quote_id, place.now)
    add_released(writes, place.merchant_id, quote_id)

    events: list[Event] = [
        Released(
            merchant_id=place.merchant_id,
            happened_at=place.now,
            quote_id=quote_id,
            member_id=stored.member_id,
        ),
        *events_of(journal),
    ]
    told = quote_json(stored, place.now) | {"state": "released", "effects": effects(events)}
    return _record(
        place, asked, writes, journal, events, status=200, body=told,
        subject=show("quo", quote_id), aggregate=stored.member_id or quote_id,
    )  # fmt: skip


def _free_holds(place: Place, stored: StoredQuote, journal: Journal) -> None:
    if not stored.deal.holds or stored.member_id is None:
        return
    carrier = carrier_for_write(place.merchant_id, stored.member_id)
    assert carrier is not None
    purses = Purses(place.merchant_id, [carrier])
    for name, hold_hex in stored.deal.holds.items():
        purse = purses.of(carrier, ASSET_OF_NAME[name])
        purse.catch_up(journal, place.now)
        hold = purse.holds.get(UUID(hex=hold_hex))
        if hold is not None:
            purse.release(journal, hold, at=place.now)


def _record(
    place: Place,
    asked: Asked,
    writes: Writes,
    journal: Journal,
    events: list[Event],
    *,
    status: int,
    body: dict[str, Any],
    subject: str,
    aggregate: UUID,
) -> Answer:
    text = answer_text(body)
    remember(writes, asked, subject=subject, status=status, answer=text)
    ledger.add_to(writes, journal)
    writes.add(
        OUTBOX,
        outbox_row(
            merchant_id=place.merchant_id, aggregate=aggregate.hex, events=events, at=place.now
        ),
    )
    writes.record()
    return Answer(status, text)
