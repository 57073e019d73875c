"""From a cart as it was asked for to its price: gather, decide. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from regulars.infra.clock import real_now
from regulars.infra.writes import Answer, Asked, replay
from regulars.kernel.errors import NotFound
from regulars.kernel.periods import program_day
from regulars.modules.coupons.gather import read_codes
from regulars.modules.coupons.guessing import GUARD
from regulars.modules.coupons.rules import resolve
from regulars.modules.coupons.types import Coupon, ReadCodes, Resolved
from regulars.modules.earning.gather import counter_index
from regulars.modules.earning.rules import BPS
from regulars.modules.earning.types import Frozen, LineFacts
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import Purses, purse_of_row
from regulars.modules.ledger.types import GROWTH_VALUE, POINTS
from regulars.modules.members.errors import HasLeft
from regulars.modules.members.types import LEFT
from regulars.modules.programmes.rules import Circumstances, terms_of
from regulars.modules.programmes.types import Programme, Redemption
from regulars.modules.promotions.facts import buyer_facts
from regulars.modules.promotions.holding_out import held_out_of
from regulars.modules.promotions.queries import Book
from regulars.modules.promotions.strength import Band
from regulars.modules.promotions.types import STRANGER, Buyer, Offer
from regulars.modules.tiers.queries import stand
from regulars.modules.tiers.rules import effective_tier, first_standing

from .asked import Asking, Goods, Place
from .book import OfferBook
from .claims import Counting
from .engine import evaluate
from .gathering import counting_of, gathered
from .known import Known
from .offering import Compiled, compile_book, offer_book, with_drafts
from .supplying import with_supply
from .types import Cart, CartLine, Context, Evaluation, Rejected, Tender


@dataclass(slots=True, kw_only=True)
class Priced:
    """A price with all that a quote needs to hold it. ``purses`` are complete where something is
    redeemed, and caught up in ``journal``."""

    asking: Asking
    known: Known
    book: Book
    offers: OfferBook
    rules: Programme
    context: Context
    evaluation: Evaluation
    counting: Counting
    counted: tuple[Offer, ...]
    bands: tuple[Band, ...]
    coupons: Mapping[str, Coupon]
    goods: tuple[CartLine, ...]
    journal: Journal
    purses: Mapping[str, Purse]


def price(
    place: Place,
    asking: Asking,
    *,
    asked: Asked | None = None,
    suggest: bool = False,
    drafts: Sequence[Offer] = (),
) -> Priced | Answer:
    """The price of a cart; or the first answer, where ``asked`` was answered before.

    ``drafts`` stand in the book in place of what has their code. Raises NotFound for a member
    nobody knows, and KeyReused.
    """
    codes = _codes(place, asking)
    known, rules = gathered(place, asking, asked, codes)
    if asked is not None:
        first = replay(known.remembered, asked.fingerprint)
        if first is not None:
            return first
    _must_be_member(asking, known)
    found = _book_of(place, known, drafts)
    offers, compiled, counted = found.book, found.offers, found.counted
    counting = counting_of(place, asking, known, found, codes)
    coupons = resolve(
        codes,
        known.coupons,
        seen=counting.seen,
        people=counting.people,
        now=asking.at or place.now,
        offers=[offer.code for offer in offers.offers],
    )
    _tell_guesses(place, asking, coupons.invalid)
    goods = goods_of(asking.lines, known)
    journal = Journal()
    purses = _purses(place, asking, known, journal)
    context = context_of(place, asking, known, rules, offers, goods, purses)
    context = replace(
        with_offers(place, known, context, found, counting),
        given={offer: coupon.code for offer, coupon in coupons.by_offer.items()},
    )
    evaluation = evaluate(compiled, Cart(goods, asking.shipping_minor), context, suggest=suggest)
    evaluation = _with_invalid(evaluation, coupons)
    return Priced(
        asking=asking,
        known=known,
        book=offers,
        offers=compiled,
        rules=rules,
        context=context,
        evaluation=with_supply(evaluation, goods, context, counting.supplies),
        counting=counting,
        counted=counted,
        bands=found.bands,
        coupons=coupons.by_offer,
        goods=goods,
        journal=journal,
        purses=purses,
    )


def _must_be_member(asking: Asking, known: Known) -> None:
    if asking.member_id is not None and known.carrier is None:
        raise NotFound
    if known.status == LEFT:
        raise HasLeft


def _book_of(place: Place, known: Known, drafts: Sequence[Offer]) -> Compiled:
    found = offer_book(place.merchant_id, known.book_version)
    return compile_book(with_drafts(found.book, drafts)) if drafts else found


def _codes(place: Place, asking: Asking) -> ReadCodes:
    """The codes given, judged by their check; none is looked at for whoever guesses too much."""
    guesser = asking.guesser
    if guesser is not None and asking.coupon_codes:
        verdict = GUARD.verdict(
            merchant_id=place.merchant_id,
            api_key=guesser.api_key,
            member=guesser.member,
            address=guesser.address,
            at=real_now(),
        )
        if verdict == "locked" or (verdict == "members_only" and asking.member_id is None):
            return ReadCodes({}, asking.coupon_codes)
    return read_codes(place.merchant_id, asking.coupon_codes)


def _tell_guesses(place: Place, asking: Asking, invalid: Sequence[str]) -> None:
    guesser = asking.guesser
    if guesser is not None:
        GUARD.wrong(
            len(invalid),
            merchant_id=place.merchant_id,
            api_key=guesser.api_key,
            member=guesser.member,
            address=guesser.address,
            at=real_now(),
        )


def _with_invalid(evaluation: Evaluation, coupons: Resolved) -> Evaluation:
    """One refusal for every code that cannot be used, whatever the reason."""
    if not coupons.invalid:
        return evaluation
    told = tuple(Rejected("coupon_invalid", coupon=code) for code in coupons.invalid)
    return replace(evaluation, rejected=(*evaluation.rejected, *told))


# ── what the evaluator is told ────────────────────────────────────────────────────────────


def goods_of(lines: Sequence[Goods], known: Known) -> tuple[CartLine, ...]:
    nothing = (None, None, frozenset[str]())
    return tuple(
        CartLine(
            line.sku, line.quantity, line.unit_price_minor, *known.products.get(line.sku, nothing)
        )
        for line in lines
    )


def _purses(place: Place, asking: Asking, known: Known, journal: Journal) -> Mapping[str, Purse]:
    """Complete and caught up where something is redeemed or fell due; from the one read else."""
    if known.carrier is None:
        return {}
    names = {POINTS: "points", GROWTH_VALUE: "growth_value"}
    light = [
        purse_of_row(place.merchant_id, known.carrier, row, complete=False)
        for row in known.accounts
    ]
    due = any(p.next_due_at is not None and p.next_due_at <= place.now for p in light)
    if not due and not any(asking.redeem.values()):
        return {names[purse.asset]: purse for purse in light}
    whole = Purses(place.merchant_id, [known.carrier])
    found = {}
    for asset, name in names.items():
        found[name] = whole.of(known.carrier, asset)
        found[name].catch_up(journal, place.now)
    return found


def context_of(
    place: Place,
    asking: Asking,
    known: Known,
    rules: Programme,
    offers: Book,
    goods: Sequence[CartLine],
    purses: Mapping[str, Purse],
) -> Context:
    at = asking.at or place.now
    buyer, earn = STRANGER, None
    rates: dict[str, int] = {}
    if known.carrier is not None or asking.as_new_member:
        tier = _tier(place, known, rules)
        buyer = _buyer(place, asking, known, tier, at)
        earn, rates = earning_of(place, asking, known, rules, goods, tier, at)
    settings = offers.settings
    return Context(
        at=at,
        zone=place.zone,
        buyer=buyer,
        channel=asking.channel,
        store=asking.store,
        earn=earn,
        line_rate_bps=rates,
        points=_tender(asking, "points", purses, rules.redeeming.points, settings.points_max_bps),
        growth_value=_tender(
            asking, "growth_value", purses, rules.redeeming.growth_value, settings.growth_max_bps
        ),
        stored_value=Tender(wanted=asking.redeem.get("stored_value", 0)),
    )


def _tier(place: Place, known: Known, rules: Programme) -> str:
    """The tier as of now, also where no job has moved it yet."""
    day = program_day(place.now, place.zone)
    ladder = rules.ladder
    stored = known.standing
    if stored is None or known.carrier is None:
        return effective_tier(first_standing(ladder, day), ladder, day).code
    standing = stored.standing
    moves = standing.review_on is not None and standing.review_on <= day
    slides = ladder.keep.mode == "follow" and ladder.window.span != "lifetime"
    if moves or slides or stored.programme not in (0, rules.number):
        found = stand(
            merchant_id=place.merchant_id,
            member_id=known.carrier,
            ladder=ladder,
            number=rules.number,
            zone=place.zone,
            now=place.now,
        )
        return found.statement.tier.code
    return effective_tier(standing, ladder, day).code


def _buyer(place: Place, asking: Asking, known: Known, tier: str, at: datetime) -> Buyer:
    facts = buyer_facts(
        today=program_day(at, place.zone),
        joined_on=program_day(known.joined_at or place.now, place.zone),
        orders=known.lifetime[0],
        spend_minor=known.lifetime[1],
        birthday=known.birthday(place.merchant_id),
        tier=tier,
        segments=known.segments,
        channel=asking.channel,
        store=asking.store,
    )
    return Buyer(tier=tier, segments=known.segments, facts=facts)


def earning_of(
    place: Place,
    asking: Asking,
    known: Known,
    rules: Programme,
    goods: Sequence[CartLine],
    tier: str,
    at: datetime,
) -> tuple[Frozen, dict[str, int]]:
    """Under what the order would earn points now, and the rate of each sku that has its own."""
    terms = terms_of(
        rules,
        [LineFacts(line.sku, line.category, line.type) for line in goods],
        Circumstances(
            tier=tier,
            counter=known.activity[counter_index(rules.ladder.counter)],
            day=program_day(at, place.zone),
            store=asking.store,
            channel=asking.channel,
            points_today=known.activity[3],
            growth_value_today=known.activity[4],
        ),
    ).points
    own = zip(goods, terms.line_bps, strict=True) if terms.line_bps else ()
    return terms._replace(line_bps=()), {line.sku: bps for line, bps in own if bps != BPS}


def with_offers(
    place: Place, known: Known, context: Context, compiled: Compiled, counting: Counting
) -> Context:
    """The context with what is used and left of the offers, and which this buyer is held out of."""
    counted = compiled.counted
    return replace(
        context,
        uses=counting.uses(counted),
        pots=counting.pots(counted),
        stock=counting.stock(),
        held_out=_held_out_here(place, known, context, compiled),
        strength=_strengths(known, context, compiled),
    )


def _strengths(known: Known, context: Context, compiled: Compiled) -> dict[str, int]:
    """How strong offers are for this buyer, where that is more than for everybody."""
    if not compiled.bands or known.impersonal:
        return {}
    facts = context.buyer.facts
    decided = {band.offer.code: band.decide(facts) for band in compiled.bands}
    return {code: one.bps for code, one in decided.items() if one.step is not None}


def _held_out_here(
    place: Place, known: Known, context: Context, compiled: Compiled
) -> frozenset[str]:
    """By a hash of what is known already: nothing is read. Strangers meet no campaign anyway."""
    if not context.buyer.is_member:
        return frozenset()
    standing_bps = compiled.book.standing_held_out_bps
    return held_out_of(
        place.merchant_id, known.carrier, compiled.campaigns, standing_bps=standing_bps
    )


def _tender(
    asking: Asking, name: str, purses: Mapping[str, Purse], worth: Redemption, cap_bps: int
) -> Tender:
    purse = purses.get(name)
    return Tender(
        wanted=asking.redeem.get(name, 0),
        available=purse.available if purse else 0,
        cap_bps=cap_bps,
        units=worth.units,
        minor=worth.minor,
    )
