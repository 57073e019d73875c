"""Evaluations and quotes as the API tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant

from .deal import discounts_json, gifts_json, tenders_json
from .gather import StoredQuote
from .types import Evaluation, PricedLine, Rejected, RejectionCode

#: Why, in a sentence; screens have their own words in three languages for each code.
REASONS: Final[dict[RejectionCode, str]] = {
    "not_active": "It is a draft or paused.",
    "not_now": "It does not hold at this time.",
    "not_for_member": "It is not for this buyer, channel or store.",
    "code_missing": "It needs a coupon.",
    "not_in_scope": "Nothing in the cart belongs to it.",
    "held_out": "It is measured what it does: by chance, this buyer is among those without it.",
    "limit_reached": "It was used as often as it may be.",
    "budget_spent": "Its budget is spent.",
    "gift_out_of_stock": "There is nothing left of its gift, nor of what would stand in for it.",
    "group_taken": "Another offer of its group gives more.",
    "exclusive_taken": "It does not go together with an offer that gives more.",
    "below_threshold": "The cart is below its threshold.",
    "no_effect": "Beside the others it changes nothing.",
    "not_best": "Without it the cart costs less.",
    "coupon_invalid": "This coupon cannot be used here.",
    "out_of_stock": "Less of it is left than the cart asks for.",
    "not_on_sale_yet": "It is not on sale for this buyer yet.",
    "tender_reduced": "Less is redeemed than was asked for: there is no more, or no more counts.",
}


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation without id and end."""
    certificate = evaluation.certificate
    return {
        "lines": [_line(line) for line in evaluation.lines],
        "shipping": {
            "gross": evaluation.shipping_gross_minor,
            "discounts": discounts_json(evaluation.shipping_discounts),
        },
        "gifts": gifts_json(evaluation.gifts),
        "gross": evaluation.gross_minor,
        "discount": evaluation.discount_minor,
        "payable": evaluation.payable_minor,
        "due": evaluation.due_minor,
        "points_to_earn": evaluation.points_to_earn,
        "applied": [
            {"offer": offer.offer, "amount": offer.amount_minor} for offer in evaluation.applied
        ],
        "rejected": [_rejected(one) for one in evaluation.rejected],
        "suggestions": [
            {
                "offer": one.offer,
                "add": one.add_minor,
                "save": one.save_minor,
                "proved": one.proved,
            }
            for one in evaluation.suggestions
        ],
        "certificate": {
            "value": certificate.value_minor,
            "bound": certificate.bound_minor,
            "gap": certificate.gap_minor,
        },
    }


def _line(line: PricedLine) -> dict[str, Any]:
    return {
        "line": line.line,
        "gross": line.gross_minor,
        "discounts": discounts_json(line.discounts),
        "tenders": tenders_json(line.tenders),
        "net": line.net_minor,
    }


def _rejected(one: Rejected) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if one.offer is not None:
        told["offer"] = one.offer
    if one.coupon is not None:
        told["coupon"] = one.coupon
    told["code"] = one.code
    told["reason"] = REASONS[one.code]
    if one.missing_minor is not None:
        told["missing"] = one.missing_minor
    if one.sku is not None:
        told["sku"] = one.sku
    if one.left is not None:
        told["left"] = one.left
    if one.opens_at is not None:
        told["opens_at"] = show_instant(one.opens_at)
    return told


def quote_json(quote: StoredQuote, now: datetime) -> dict[str, Any]:
    """A stored quote: what was promised, and what became of it."""
    deal = quote.deal
    state = "expired" if quote.state == "open" and quote.expires_at <= now else quote.state
    return {
        "id": show("quo", quote.id),
        "expires_at": show_instant(quote.expires_at),
        "state": state,
        "member_id": show("mem", quote.member_id) if quote.member_id else None,
        "order_id": show("ord", quote.order_id) if quote.order_id else None,
        "lines": [
            {
                "sku": line.goods.sku,
                "quantity": line.goods.quantity,
                "unit_price": line.goods.unit_price_minor,
                **_line(line.priced),
            }
            for line in deal.lines
        ],
        "shipping": {
            "gross": deal.shipping_gross_minor,
            "discounts": discounts_json(deal.shipping_discounts),
        },
        "gifts": gifts_json(deal.gifts),
        "gross": sum(line.priced.gross_minor for line in deal.lines),
        "discount": sum(offer.amount_minor for offer in deal.applied),
        "payable": deal.net_minor + deal.shipping_minor,
        "due": deal.due_minor,
        "points_to_earn": deal.points_to_earn,
        "applied": [{"offer": one.offer, "amount": one.amount_minor} for one in deal.applied],
    }
