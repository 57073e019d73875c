"""What a price is worked out from: one read, and what is counted of the offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regulars.infra.writes import Asked
from regulars.kernel.periods import DAWN, program_day
from regulars.modules.budgets.gather import look
from regulars.modules.coupons.types import ReadCodes
from regulars.modules.programmes.queries import schedule_of
from regulars.modules.programmes.types import Programme
from regulars.modules.promotions.types import Supply
from regulars.modules.tiers.rules import window_from

from .asked import Asking, Place
from .claims import NOBODY, Counting
from .known import Known, Question, known_of
from .offering import Compiled, last_known


def gathered(
    place: Place, asking: Asking, asked: Asked | None, codes: ReadCodes
) -> tuple[Known, Programme]:
    """One read; again only where another version of the programme counts other days."""
    schedule = schedule_of(place.merchant_id)
    at = asking.at or place.now
    guess = schedule.at(at)
    before = last_known(place.merchant_id)
    people = (asking.member_id,) if asking.member_id else ()
    own = Counting(
        people,
        program_day(at, place.zone),
        asking.store,
        tuple(codes.by_key),
        funders=before.book.funders if before else {},
        supplies=_supplies(before, asking) if before else {},
        at=at,
    )
    question = Question(
        merchant_id=place.merchant_id,
        zone=place.zone,
        member_id=asking.member_id,
        skus=[line.sku for line in asking.lines],
        at=at,
        now=place.now,
        window_from=_window_from(guess, at, place.zone),
        budget_keys=own.keys(before.counted if before else ()),
        coupon_keys=tuple(codes.by_key),
        asked=asked,
    )
    known = known_of(question)
    rules = guess
    if known.newest_programme != schedule.newest:
        rules = schedule_of(place.merchant_id, known.newest_programme).at(at)
    if rules.number != guess.number:
        known = known_of(replace(question, window_from=_window_from(rules, at, place.zone)))
    return known, rules


def counting_of(
    place: Place, asking: Asking, known: Known, compiled: Compiled, codes: ReadCodes
) -> Counting:
    """What is counted of the offers, and what of it is used.

    The one read asked for the keys of the book and of the record that this process knew; where
    the book is another now, or the person has other records, it is asked again.
    """
    at = asking.at or place.now
    people = (known.carrier, *known.merged) if known.carrier else NOBODY
    found = Counting(
        people,
        program_day(at, place.zone),
        asking.store,
        tuple(codes.by_key),
        known.seen,
        compiled.book.funders,
        _supplies(compiled, asking),
        at,
    )
    wanted = found.keys(compiled.counted)
    if set(known.asked_keys).issuperset(wanted):
        return found
    return replace(found, seen=look(place.merchant_id, wanted, place.now))


def _supplies(compiled: Compiled, asking: Asking) -> dict[str, Supply]:
    """What is counted, or not for everybody yet, of the goods asked for and of what may be
    given."""
    known = compiled.book.supplies
    if not known:
        return {}
    wanted = {line.sku for line in asking.lines} | compiled.gift_skus
    return {sku: supply for sku, supply in known.items() if sku in wanted}


def _window_from(rules: Programme, at: datetime, zone: ZoneInfo) -> date:
    if rules.ladder.window.span == "anniversary":
        return DAWN
    return window_from(rules.ladder, program_day(at, zone), DAWN)
