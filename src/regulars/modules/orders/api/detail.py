"""Console: one order in detail, with the price that was quoted for it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from regulars.infra.http.fields import QuoteId, Strict
from regulars.kernel.ids import show
from regulars.modules.catalog.queries import product_names
from regulars.modules.orders.types import OrderView
from regulars.modules.pricing.deal import Deal, discounts_json, gifts_json, tenders_json

from .shapes import DiscountOut, GiftOut, TendersOut


class LineOut(Strict):
    """The last three stand only on an order that was placed on a quote."""

    line: int
    sku: str
    name: str | None
    category: str | None
    quantity: int
    returned: int
    unit_price_minor: int | None
    net_minor: Annotated[int, Field(description="Paid in money, tenders left out")]
    gross_minor: int | None
    discounts: list[DiscountOut]
    tenders: TendersOut | None


class TenderOut(Strict):
    asset: str
    units: int
    minor: Annotated[int, Field(description="What they paid")]


class AppliedOut(Strict):
    """``amount`` is 0 for a gift or a multiplier; the name is the one of the day of sale."""

    offer: str
    name: str
    amount: int


class DealOut(Strict):
    """The price that was quoted: gross, what came off it, what paid the rest."""

    quote_id: QuoteId
    gross_minor: Annotated[int, Field(description="Of the goods")]
    applied: list[AppliedOut]
    shipping_gross_minor: int
    shipping_minor: int
    payable_minor: int
    tenders: list[TenderOut]
    due_minor: int
    gifts: list[GiftOut]


def lines_json(merchant_id: int, view: OrderView) -> list[dict[str, Any]]:
    """The lines of an order with what the catalogue says of them now."""
    goods = product_names(merchant_id, [line.sku for line in view.lines])
    shown = []
    for line in view.lines:
        name, category = goods.get(line.sku, (None, None))
        shown.append(
            {
                "line": line.line,
                "sku": line.sku,
                "name": name,
                "category": category,
                "quantity": line.quantity,
                "returned": line.returned,
                "unit_price_minor": line.unit_price_minor,
                "net_minor": line.net_minor,
                **_priced(view.deal, line.line),
            }
        )
    return shown


def _priced(deal: Deal | None, number: int) -> dict[str, Any]:
    if deal is None:
        return {"gross_minor": None, "discounts": [], "tenders": None}
    priced = deal.lines[number - 1].priced
    return {
        "gross_minor": priced.gross_minor,
        "discounts": discounts_json(priced.discounts),
        "tenders": tenders_json(priced.tenders),
    }


def deal_json(deal: Deal) -> dict[str, Any]:
    """What was quoted, added up over the order."""
    names = {sold.document["code"]: sold.document.get("name") for sold in deal.offers}
    shares = [line.priced.tenders for line in deal.lines]
    tenders = [
        {
            "asset": asset,
            "units": sum(getattr(share, asset) for share in shares),
            "minor": sum(getattr(share, f"{asset}_minor") for share in shares),
        }
        for asset in TendersOut.model_fields
    ]
    return {
        "quote_id": show("quo", deal.quote_id),
        "gross_minor": sum(line.priced.gross_minor for line in deal.lines),
        "applied": [
            {
                "offer": one.offer,
                "name": names.get(one.offer) or one.offer,
                "amount": one.amount_minor,
            }
            for one in deal.applied
        ],
        "shipping_gross_minor": deal.shipping_gross_minor,
        "shipping_minor": deal.shipping_minor,
        "payable_minor": deal.net_minor + deal.shipping_minor,
        "tenders": [tender for tender in tenders if tender["minor"]],
        "due_minor": deal.due_minor,
        "gifts": gifts_json(deal.gifts),
    }
