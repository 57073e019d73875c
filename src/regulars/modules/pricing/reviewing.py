"""Linting a merchant's plan: what is published, with drafts put in its place. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from regulars.kernel.instants import show_instant
from regulars.modules.catalog.queries import articles
from regulars.modules.programmes.document import compiled as compiled_programme
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.services import checked
from regulars.modules.promotions.document import OfferDocument
from regulars.modules.promotions.drafts import drafted
from regulars.modules.promotions.queries import book
from regulars.modules.promotions.strength import strongest

from .asked import Place
from .lint.linting import lint
from .lint.types import Finding, Plan, Report, Worst
from .telling import evaluation_json
from .types import Cart, CartLine

MOST_GOODS: Final = 200


def review(
    place: Place,
    *,
    programme: Mapping[str, Any] | None = None,
    offers: Sequence[OfferDocument] = (),
    floor_bps: int | None = None,
    most_order_minor: int = 1_000_000,
) -> dict[str, Any]:
    """What the linter says of the programme in force (or a draft of it) and of the offers, those
    given put in place of those of their codes. Raises Invalid for what is none of them."""
    known = book(place.merchant_id)
    drafts = {offer.code: offer for offer in drafted(offers, place.zone)}
    all_offers = [*(o for o in known.offers if o.code not in drafts), *drafts.values()]
    rules = (
        programme_at(place.merchant_id, place.now)
        if programme is None
        else compiled_programme(0, checked(programme))
    )
    goods = articles(
        place.merchant_id,
        skus=sorted({sku for offer in all_offers for sku in offer.scope.skus}),
        categories=sorted({c for offer in all_offers for c in offer.scope.categories}),
        most=MOST_GOODS,
    )
    plan = Plan(
        programme=rules,
        offers=[strongest(offer) for offer in all_offers],
        goods=[
            CartLine(sku, 1, price or 0, category, kind, tags)
            for sku, category, kind, tags, price in goods
        ],
        zone=place.zone,
        now=place.now,
        max_discount_bps=known.settings.max_discount_bps,
        floor_bps=floor_bps,
        most_order_minor=most_order_minor,
    )
    return report_json(lint(plan))


def report_json(report: Report) -> dict[str, Any]:
    """A report as the API tells it."""
    return {
        "findings": [_finding(finding) for finding in report.findings],
        "dearest": _worst(report.dearest),
        "deepest": _worst(report.deepest),
        "a_day": list(report.a_day),
        "bound_bps": report.bound_bps,
        "carts": report.carts,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "offers": list(finding.offers),
        "tiers": list(finding.tiers),
        "facts": finding.facts,
        "cart": _cart(finding.cart) if finding.cart else None,
    }


def _worst(worst: Worst | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    return {
        "cart": _cart(worst.cart),
        "tier": worst.tier,
        "at": show_instant(worst.at),
        "channel": worst.channel,
        "store": worst.store,
        "cost": worst.cost_minor,
        "of": worst.of_minor,
        "share_bps": worst.share_bps,
        "evaluation": evaluation_json(worst.evaluation),
    }


def _cart(cart: Cart) -> dict[str, Any]:
    return {
        "lines": [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price_minor,
                "category": line.category,
            }
            for line in cart.lines
        ],
        "shipping_minor": cart.shipping_minor,
    }
