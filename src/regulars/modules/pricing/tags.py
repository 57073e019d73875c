"""What stands on the price tag of an article: for everybody, for who would join, for each tier,
and what may lawfully be struck through beside it. Writes nothing.

Every article is a basket of one unit. What hangs on the person (rules on their facts, segments,
coupons) is on no tier's tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError
from regulars.modules.catalog.queries import ListPrice, lawful_references, list_prices
from regulars.modules.catalog.reference_price import lawful_strike
from regulars.modules.coupons.types import ReadCodes
from regulars.modules.programmes.types import Programme
from regulars.modules.promotions.queries import changed_since
from regulars.modules.promotions.types import Buyer

from .asked import Asking, Goods, Place
from .engine import evaluate
from .errors import NoPrice, UnlawfulStrike
from .evaluating import context_of, earning_of, goods_of, with_offers
from .gathering import counting_of, gathered
from .known import Known
from .offering import Compiled, offer_book
from .opening import open_since
from .types import Cart, CartLine, Context, Evaluation

_TICK: Final = timedelta(microseconds=1)
_NO_CODES: Final = ReadCodes({}, ())


@dataclass(frozen=True, slots=True)
class Article:
    """A sku, what the page asks for it (else its list price), and what the page would strike."""

    sku: str
    unit_price_minor: int | None = None
    strike_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """Prices of one unit. ``strike_minor`` is what may stand struck through beside the price for
    everybody; None: nothing may."""

    sku: str
    list_minor: int | None
    shown: Evaluation
    joining: Evaluation
    tiers: Mapping[str, Evaluation]
    strike_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """What all articles have in common."""

    place: Place
    asking: Asking
    known: Known
    rules: Programme
    book: Compiled
    goods: tuple[CartLine, ...]

    def stranger(self) -> Context:
        return self._context(self.asking)

    def newcomer(self) -> Context:
        return self._context(replace(self.asking, as_new_member=True))

    def of_tier(self, tier: str, newcomer: Context) -> Context:
        asking, at = self.asking, newcomer.at
        earn, rates = earning_of(self.place, asking, self.known, self.rules, self.goods, tier, at)
        return replace(newcomer, buyer=Buyer(tier=tier), earn=earn, line_rate_bps=rates)

    def price(self, place: int, context: Context) -> Evaluation:
        return evaluate(self.book.offers, Cart((self.goods[place],), 0), context)

    def _context(self, asking: Asking) -> Context:
        context = context_of(
            self.place, asking, self.known, self.rules, self.book.book, self.goods, {}
        )
        counting = counting_of(self.place, asking, self.known, self.book, _NO_CODES)
        return with_offers(self.place, self.known, context, self.book, counting)


def price_tags(
    merchant: MerchantFacts,
    place: Place,
    articles: Sequence[Article],
    *,
    channel: str | None = None,
    store: str | None = None,
) -> list[Tag | NoPrice | UnlawfulStrike]:
    """A tag for each article, or why it has none, in three reads of the database and a few more
    where prices are reduced."""
    listed = list_prices(place.merchant_id, [article.sku for article in articles])
    units = [_unit(article, listed) for article in articles]
    priced = [number for number, unit in enumerate(units) if unit is not None]
    if not priced:
        return [NoPrice() for _ in articles]
    shelf = _shelf(
        place,
        [Goods(articles[number].sku, 1, units[number] or 0) for number in priced],
        channel,
        store,
    )
    stranger, newcomer = shelf.stranger(), shelf.newcomer()
    tiers = {tier.code: shelf.of_tier(tier.code, newcomer) for tier in shelf.rules.ladder.tiers}
    shown = [shelf.price(number, stranger) for number in range(len(priced))]
    bases = _bases(merchant, shelf, stranger, shown, listed)
    tags: list[Tag | NoPrice | UnlawfulStrike] = [NoPrice() for _ in articles]
    for at, number in enumerate(priced):
        article, base = articles[number], bases.get(at)
        lawful = base if lawful_strike(base, shown[at].due_minor) else None
        wanted = article.strike_minor
        if wanted is not None and (lawful is None or wanted > lawful):
            tags[number] = _unlawful(lawful)
            continue
        own = listed.get(article.sku)
        tags[number] = Tag(
            sku=article.sku,
            list_minor=own.minor if own else None,
            shown=shown[at],
            joining=shelf.price(at, newcomer),
            tiers={code: shelf.price(at, context) for code, context in tiers.items()},
            strike_minor=lawful,
        )
    return tags


def _unit(article: Article, listed: Mapping[str, ListPrice]) -> int | None:
    if article.unit_price_minor is not None:
        return article.unit_price_minor
    own = listed.get(article.sku)
    return own.minor if own else None


def _shelf(place: Place, goods: Sequence[Goods], channel: str | None, store: str | None) -> _Shelf:
    asking = Asking(lines=tuple(goods), channel=channel, store=store)
    known, rules = gathered(place, asking, None, _NO_CODES)
    return _Shelf(
        place=place,
        asking=asking,
        known=known,
        rules=rules,
        book=offer_book(place.merchant_id, known.book_version),
        goods=goods_of(asking.lines, known),
    )


def _bases(
    merchant: MerchantFacts,
    shelf: _Shelf,
    stranger: Context,
    shown: Sequence[Evaluation],
    listed: Mapping[str, ListPrice],
) -> dict[int, int]:
    """With what each price may be compared, by its place on the shelf, where it may at all."""
    applied = {one.offer for evaluation in shown for one in evaluation.applied}
    began = _began(shelf, stranger.at, sorted(applied))
    begins: dict[int, datetime] = {}
    offered: dict[int, int] = {}
    for at, evaluation in enumerate(shown):
        line = shelf.goods[at]
        own = listed.get(line.sku)
        if evaluation.applied:
            begins[at] = max(began[one.offer] for one in evaluation.applied)
            # Until then those that begin with it were not there, whatever they say themselves.
            new = frozenset(code for code, instant in began.items() if instant >= begins[at])
            before = replace(stranger, at=begins[at] - _TICK, held_out=stranger.held_out | new)
            offered[at] = shelf.price(at, before).due_minor
        elif own is not None and line.unit_price_minor == own.minor:
            begins[at] = own.since
        else:
            # The page's own price: since when it holds nobody knows, so it is compared with now.
            begins[at] = stranger.at
    return _compared(merchant, shelf, begins, offered)


def _compared(
    merchant: MerchantFacts,
    shelf: _Shelf,
    begins: Mapping[int, datetime],
    offered: Mapping[int, int],
) -> dict[int, int]:
    """One look for all skus; another where a sku stands on the shelf twice."""
    found = {}
    waiting = dict(begins)
    while waiting:
        once = {shelf.goods[at].sku: at for at in reversed(waiting)}
        bases = lawful_references(
            merchant,
            {sku: waiting[at] for sku, at in once.items()},
            {sku: offered[at] for sku, at in once.items() if at in offered},
        )
        for sku, at in once.items():
            del waiting[at]
            if sku in bases:
                found[at] = bases[sku]
    return found


def _began(shelf: _Shelf, at: datetime, codes: Sequence[str]) -> dict[str, datetime]:
    """Since when each offer takes what it takes: since it opened, or was changed after that."""
    if not codes:
        return {}
    changed = changed_since(shelf.place.merchant_id, codes)
    found = {}
    for code in codes:
        offer = shelf.book.book.offer(code)
        assert offer is not None
        opened = open_since(offer.when, zone=shelf.place.zone, at=at)
        found[code] = changed[code] if opened is None else max(opened, changed[code])
    return found


def _unlawful(lawful: int | None) -> UnlawfulStrike:
    fix = "Strike nothing through." if lawful is None else f"The most is {lawful}."
    return UnlawfulStrike(fix, errors=[FieldError("/strike", "unlawful_strike", fix)])
