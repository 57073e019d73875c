"""From a price to the deal that is kept of it, and from a deal to the sale that returns undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from regulars.modules.promotions.brief import in_full
from regulars.modules.promotions.document import OfferDocument, compiled
from regulars.modules.promotions.splitting import parts
from regulars.modules.promotions.types import PercentOff

from .deal import Deal, DealLine, Decided, Funded, SoldOffer
from .evaluating import Priced
from .requalifying import gifts_kept
from .sale import FrozenOffer, Sale, freeze
from .types import Cart


def deal_of(
    priced: Priced, quote_id: UUID, holds: Mapping[str, str], stock: Mapping[str, int]
) -> Deal:
    """The whole price as it is kept; ``holds`` are the ledger's, by the name of the asset, and
    ``stock`` the units taken of articles that are counted."""
    evaluation, context = priced.evaluation, priced.context
    cart = Cart(priced.goods, priced.asking.shipping_minor)
    frozen = freeze(priced.offers, cart, context, evaluation)
    chosen = [offer.offer for offer in evaluation.applied]
    return Deal(
        quote_id=quote_id,
        lines=tuple(
            DealLine(goods, line)
            for goods, line in zip(priced.goods, evaluation.lines, strict=True)
        ),
        shipping_gross_minor=evaluation.shipping_gross_minor,
        shipping_discounts=evaluation.shipping_discounts,
        gifts=evaluation.gifts,
        applied=evaluation.applied,
        points_to_earn=evaluation.points_to_earn,
        programme=priced.rules.number,
        tier=context.buyer.tier,
        channel=context.channel,
        store=context.store,
        max_discount_bps=frozen.max_discount_bps,
        offers=tuple(
            SoldOffer(_document(priced, one.offer.code), one.lines, one.budget_minor)
            for one in frozen.offers
        ),
        coupons={code: priced.coupons[code].key for code in chosen if code in priced.coupons},
        holds=holds,
        funded=tuple(_funded(priced)),
        stock=stock,
        decided=tuple(_decided(priced)),
    )


def _document(priced: Priced, code: str) -> Mapping[str, Any]:
    """The offer as it was for this buyer."""
    document, bps = priced.book.briefs[code], priced.context.strength.get(code)
    return document if bps is None else {**document, "params": {"bps": bps}, "personal": None}


def _decided(priced: Priced) -> Iterator[Decided]:
    facts = {} if priced.known.impersonal else priced.context.buyer.facts
    applied = {one.offer for one in priced.evaluation.applied}
    for band in priced.bands:
        offer = band.offer
        if offer.code in applied and offer.personal and isinstance(offer.params, PercentOff):
            bps, step = band.decide(facts)
            most = offer.personal.most_bps
            personal = not priced.known.impersonal
            yield Decided(offer.code, bps, offer.params.bps, most, step, personal)


def _funded(priced: Priced) -> Iterator[Funded]:
    """Each funder's part of what was taken off."""
    for applied in priced.evaluation.applied:
        offer = priced.offers.by_code[applied.offer].offer
        shares = offer.budget_terms.funding
        split = parts(shares, applied.amount_minor)
        for share, amount in zip(shares, split, strict=True):
            if amount:
                yield Funded(offer.code, share.funder, amount)


def sale_of(deal: Deal) -> Sale:
    """What returns are reckoned from: the cart, its shares, and the offers as they were written."""
    gifts = {gift.offer: gift for gift in deal.gifts}
    return Sale(
        cart=Cart(tuple(line.goods for line in deal.lines), deal.shipping_gross_minor),
        lines=tuple(line.priced for line in deal.lines),
        offers=tuple(
            FrozenOffer(
                offer=compiled(OfferDocument.model_validate(in_full(sold.document))),
                lines=sold.lines,
                budget_minor=sold.budget_minor,
                gift=gifts.get(sold.document["code"]),
            )
            for sold in deal.offers
        ),
        max_discount_bps=deal.max_discount_bps,
    )


def still_out(deal: Deal, returned: Sequence[int]) -> tuple[dict[str, int], dict[str, int]]:
    """Units sold and given that are not back yet, by sku. A gift whose threshold the kept units
    miss is back with the return that names it."""
    sold: dict[str, int] = {}
    for line, units in zip(deal.lines, returned, strict=True):
        sold[line.goods.sku] = sold.get(line.goods.sku, 0) + line.goods.quantity - units
    given: dict[str, int] = {}
    for gift in gifts_kept(sale_of(deal), returned):
        given[gift.sku] = given.get(gift.sku, 0) + gift.quantity
    return sold, given
