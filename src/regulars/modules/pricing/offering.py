"""The merchant's offers as the evaluator takes them, compiled once per version and process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple

from regulars.modules.promotions.eligibility import matcher
from regulars.modules.promotions.funding import with_caps
from regulars.modules.promotions.queries import Book, book
from regulars.modules.promotions.stocking import gift_skus
from regulars.modules.promotions.strength import Band, bands
from regulars.modules.promotions.types import Funder, Offer

from .book import OfferBook, compile_offers
from .claims import is_counted

_compiled: dict[int, Compiled] = {}
_lock = Lock()


class Compiled(NamedTuple):
    """A book of offers, compiled, those of which anything is counted, those with a holdout, and
    what any of them may give, and those whose strength varies."""

    book: Book
    offers: OfferBook
    counted: tuple[Offer, ...]
    campaigns: tuple[Offer, ...]
    gift_skus: frozenset[str]
    bands: tuple[Band, ...]


def offer_book(merchant_id: int, version: int) -> Compiled:
    """The merchant's offers of a version, compiled once per process."""
    offers = book(merchant_id, version)
    known = _compiled.get(merchant_id)
    if known is not None and known.book is offers:
        return known
    found = compile_book(offers)
    with _lock:
        _compiled[merchant_id] = found
    return found


def with_drafts(offers: Book, drafts: Sequence[Offer]) -> Book:
    """The book as it would be with ``drafts`` in place of what has their code."""
    given = {offer.code: offer for offer in drafts}
    kept = [offer for offer in offers.offers if offer.code not in given]
    return replace(
        offers, offers=tuple(sorted([*kept, *given.values()], key=lambda offer: offer.code))
    )


def compile_book(offers: Book) -> Compiled:
    """A book as the evaluator takes it."""
    predicates = {
        offer.code: test for offer in offers.offers if (test := matcher(offer.who)) is not None
    }
    compiled = compile_offers(
        [_with_hard_budget(offer, offers.funders) for offer in offers.offers],
        max_discount_bps=offers.settings.max_discount_bps,
        predicates=predicates,
    )
    counted = tuple(offer for offer in offers.offers if is_counted(offer, offers.funders))
    campaigns = tuple(offer for offer in offers.offers if offer.held_out_bps is not None)
    gifts = frozenset(gift_skus(offers.offers))
    varied = bands(offers.offers)
    return Compiled(offers, compiled, counted, campaigns, gifts, varied)


def _with_hard_budget(offer: Offer, funders: Mapping[str, Funder]) -> Offer:
    """The offer under the budget that cuts it: its own, or what who pays allows, where that is
    less. What is soft counts and warns; it cuts nothing."""
    budget = with_caps(offer, funders)
    return offer if budget == offer.budget else replace(offer, budget=budget)


def last_known(merchant_id: int) -> Compiled | None:
    """What this process compiled last; a gather tells whether it is still true."""
    return _compiled.get(merchant_id)
