"""From a price to the deal that is kept of it, and from a deal to the sale that returns undo."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from regulars.modules.promotions.brief import in_full
from regulars.modules.promotions.document import OfferDocument, compiled

from .deal import Deal, DealLine, SoldOffer
from .evaluating import Priced
from .sale import FrozenOffer, Sale, freeze
from .types import Cart


def deal_of(priced: Priced, quote_id: UUID, holds: Mapping[str, str]) -> Deal:
    """The whole price as it is kept; ``holds`` are the ledger's, by the name of the asset."""
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
            SoldOffer(priced.book.briefs[one.offer.code], one.lines, one.budget_minor)
            for one in frozen.offers
        ),
        coupons={code: priced.coupons[code].key for code in chosen if code in priced.coupons},
        holds=holds,
    )


def sale_of(deal: Deal) -> Sale:
    """What returns are reckoned from: the cart, its shares, and the offers as they were written."""
    return Sale(
        cart=Cart(tuple(line.goods for line in deal.lines), deal.shipping_gross_minor),
        lines=tuple(line.priced for line in deal.lines),
        offers=tuple(
            FrozenOffer(
                offer=compiled(OfferDocument.model_validate(in_full(sold.document))),
                lines=sold.lines,
                budget_minor=sold.budget_minor,
            )
            for sold in deal.offers
        ),
        max_discount_bps=deal.max_discount_bps,
    )
