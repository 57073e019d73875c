"""Console: the list of orders, one order with how it earned, refunds and cancellation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import ConfigDict, Field

from regulars.infra.http.answers import id_after, page
from regulars.infra.http.fields import (
    Instant,
    MemberId,
    OrderId,
    PageQuery,
    RefundId,
    ShownId,
    Strict,
)
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest, MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members.queries import names, search
from regulars.modules.members.rules import member_number
from regulars.modules.orders import queries
from regulars.modules.orders.explaining import explained
from regulars.modules.orders.intake import OrderIn, RefundIn
from regulars.modules.orders.queries import OrderRow, RefundView, Wanted, shown_status
from regulars.modules.orders.types import OrderView
from regulars.modules.programmes.rules import Terms

from . import asking
from .detail import DealOut, LineOut, deal_json, lines_json
from .shapes import (
    OrderChangedOut,
    OrderQuery,
    RefundOut,
    RefundPreviewIn,
    RefundPreviewOut,
)

router = Router(tags=["orders"])
OrderInPath = Annotated[UUID, ShownId("ord")]


class BuyerOut(Strict):
    id: MemberId
    number: str
    name: str | None


class RowOut(Strict):
    id: OrderId
    external_id: str
    member: BuyerOut | None
    placed_at: Instant
    paid_at: Instant | None
    status: str
    lines: int
    net_minor: int
    refunded_minor: int
    points: int
    growth_value: int
    channel: str | None
    store: str | None


class RowsOut(Strict):
    data: list[RowOut]
    has_more: bool
    next_cursor: str | None


class ReturnedOut(Strict):
    line: int
    quantity: int


class RefundShownOut(Strict):
    id: RefundId
    external_id: str
    refunded_at: Instant
    cash_minor: int
    points_taken: int
    growth_value_taken: int
    debt: int
    lines: list[ReturnedOut]


class EarnedOut(Strict):
    tier: str
    points_bps: int
    explained: list[dict[str, Any]]


class DetailOut(Strict):
    id: OrderId
    external_id: str
    member: BuyerOut | None
    placed_at: Instant
    paid_at: Instant | None
    status: str
    net_minor: int
    refunded_minor: int
    paid_minor: int
    points: int
    growth_value: int
    channel: str | None
    store: str | None
    lines: list[LineOut]
    refunds: list[RefundShownOut]
    earned: EarnedOut | None
    deal: Annotated[DealOut | None, Field(description="Of an order on a quote")]


class SearchQuery(OrderQuery):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    query: Annotated[
        str | None, Field(max_length=255, description="Order number, or how a member is known")
    ] = None
    member: MemberId | None = None


@router.get("/orders", response=RowsOut, operation_id="list_orders")
@requires("orders.read")
def list_orders(request: ApiRequest, query: Query[SearchQuery]) -> dict[str, Any]:
    """Orders, newest first, as narrowed."""
    text = (query.query or "").strip() or None
    named = tuple(search(request.auth.merchant, text)) if text else ()
    wanted = Wanted(
        member_id=query.member or query.member_id,
        external_id=query.external_id,
        status=query.status,
        store=query.store,
        channel=query.channel,
        text=text,
        named=named,
        first_day=query.first_day,
        last_day=query.last_day,
    )
    return _listed(request.auth.merchant, wanted, query)


@router.get("/members/{member_id}/orders", response=RowsOut, operation_id="list_orders_of_member")
@requires("orders.read")
def list_orders_of_member(
    request: ApiRequest, member_id: Annotated[UUID, ShownId("mem")], query: Query[PageQuery]
) -> dict[str, Any]:
    """A member's orders, also those made under records merged into theirs."""
    return _listed(request.auth.merchant, Wanted(member_id=member_id), query)


@router.get("/orders/{order_id}", response=DetailOut, operation_id="read_order")
@requires("orders.read")
def read_order(request: ApiRequest, order_id: OrderInPath) -> dict[str, Any]:
    """One order with lines, refunds, and how its points came about."""
    merchant = request.auth.merchant
    view = queries.order(merchant.id, order_id)
    refunds = queries.refunds_of(merchant.id, order_id)
    return {
        "id": show("ord", view.id),
        "external_id": view.external_id,
        "member": _buyers(merchant, [view.member_id]).get(view.member_id),
        "placed_at": show_instant(view.placed_at),
        "paid_at": show_instant(view.paid_at) if view.paid_at else None,
        "status": shown_status(view, refunds),
        "net_minor": view.net_minor,
        "refunded_minor": view.refunded_minor,
        "paid_minor": view.paid_minor,
        "points": view.points,
        "growth_value": view.growth_value,
        "channel": view.channel,
        "store": view.store,
        "lines": lines_json(merchant.id, view),
        "refunds": [_refund(refund) for refund in refunds],
        "earned": _earned(view),
        "deal": deal_json(view.deal) if view.deal else None,
    }


@router.post(
    "/orders/{order_id}/refunds/preview",
    response=RefundPreviewOut,
    operation_id="preview_refund",
)
@requires("orders.refund", writes=False)
def preview_refund(
    request: ApiRequest, order_id: OrderInPath, body: RefundPreviewIn
) -> dict[str, Any]:
    """What a refund of these units would give back and take back; nothing is written."""
    return asking.preview(request, order_id, body)


@router.post(
    "/orders/{order_id}/refunds",
    response={201: RefundOut, 200: RefundOut},
    operation_id="refund_order",
)
@requires("orders.refund")
def refund_order(request: ApiRequest, order_id: OrderInPath, body: RefundIn) -> HttpResponse:
    """Take units back, with exactly what they had earned."""
    return asking.refund(request, order_id, body)


@router.post(
    "/orders", response={201: OrderChangedOut, 200: OrderChangedOut}, operation_id="place_order"
)
@requires("orders.write")
def place_order(request: ApiRequest, body: OrderIn) -> HttpResponse:
    """Take an order at the till, at the price of a quote where one is named."""
    return asking.place(request, body)


@router.post("/orders/{order_id}/cancel", response=OrderChangedOut, operation_id="cancel_order")
@requires("orders.write")
def cancel_order(request: ApiRequest, order_id: OrderInPath) -> HttpResponse:
    """Call an order off."""
    return asking.cancel(request, order_id)


def _listed(merchant: MerchantFacts, wanted: Wanted, part: PageQuery) -> dict[str, Any]:
    after = id_after("ord", part.starting_after)
    rows = queries.orders(
        merchant.id, wanted, zone=ZoneInfo(merchant.zone), limit=part.limit, after=after
    )
    buyers = _buyers(merchant, [row.member_id for row in rows])
    return page(rows, part.limit, lambda row: _row(row, buyers), lambda row: show("ord", row.id))


def _buyers(
    merchant: MerchantFacts, member_ids: Sequence[UUID | None]
) -> dict[UUID | None, Mapping[str, Any]]:
    """Who carries on for each member, with the name they gave."""
    carrier_of = queries.carriers_of(merchant.id, member_ids)
    known = names(merchant.id, carrier_of.values())
    return {
        own: {
            "id": show("mem", carrier),
            "number": member_number(carrier),
            "name": known.get(carrier),
        }
        for own, carrier in carrier_of.items()
    }


def _row(row: OrderRow, buyers: Mapping[UUID | None, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": show("ord", row.id),
        "external_id": row.external_id,
        "member": buyers.get(row.member_id),
        "placed_at": show_instant(row.placed_at),
        "paid_at": show_instant(row.paid_at) if row.paid_at else None,
        "status": row.status,
        "lines": row.lines,
        "net_minor": row.net_minor,
        "refunded_minor": row.refunded_minor,
        "points": row.points,
        "growth_value": row.growth_value,
        "channel": row.channel,
        "store": row.store,
    }


def _refund(refund: RefundView) -> dict[str, Any]:
    return {
        "id": show("ref", refund.id),
        "external_id": refund.external_id,
        "refunded_at": show_instant(refund.refunded_at),
        "cash_minor": refund.cash_minor,
        "points_taken": refund.points_taken,
        "growth_value_taken": refund.growth_value_taken,
        "debt": refund.debt,
        "lines": list(refund.lines),
    }


def _earned(view: OrderView) -> dict[str, Any] | None:
    if view.frozen is None:
        return None
    terms = Terms.from_json(view.frozen)
    return {
        "tier": terms.tier,
        "points_bps": terms.points.tier_bps,
        "explained": explained(terms, view.lines),
    }
