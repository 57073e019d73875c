"""Partner API: orders, their payment, refunds and cancellation."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router

from regulars.infra.clock import now_for
from regulars.infra.http.answers import asked, id_after, page, sent
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import show
from regulars.modules.orders import queries, services
from regulars.modules.orders.intake import EarlyRefundIn, OrderIn, RefundIn
from regulars.modules.orders.settlement import order_body

from . import asking
from .shapes import (
    BulkIn,
    BulkOut,
    EarlyCancelIn,
    EarlyPayIn,
    OrderChangedOut,
    OrderOut,
    OrderPage,
    OrderQuery,
    ParkedOut,
    ParkedStepOut,
    PayIn,
    RefundOut,
    RefundPreviewIn,
    RefundPreviewOut,
    summary_json,
)

router = Router(tags=["orders"])
OrderInPath = Annotated[UUID, ShownId("ord")]


@router.post(
    "/orders", response={201: OrderChangedOut, 200: OrderChangedOut}, operation_id="place_order"
)
@requires("orders.write")
def place_order(request: ApiRequest, body: OrderIn) -> HttpResponse:
    """Place an order (201). The same external_id again is 200 with the first one, with other
    content 409 external_id_reused.

    The line totals are the net and earn once it is paid. An identity that nobody holds enrols a
    shopper. Instants may lie in the past as far as they like, never ahead of the clock.
    """
    return asking.place(request, body)


@router.post("/orders/bulk", response=BulkOut, operation_id="place_orders")
@requires("orders.write")
def place_orders(request: ApiRequest, body: BulkIn) -> HttpResponse:
    """Place up to 1,000 orders, each as POST /orders would and with a verdict of its own."""
    return asking.bulk(request, body)


@router.get("/orders", response=OrderPage, operation_id="list_orders", by_alias=True)
@requires("orders.read")
def list_orders(request: ApiRequest, query: Query[OrderQuery]) -> dict[str, Any]:
    """Orders, newest first; those of one member in the order they were placed.

    status narrows by what became of an order (paid: nothing went back yet), from and until by the
    day it was placed.
    """
    merchant = request.auth.merchant
    after = id_after("ord", query.starting_after)
    rows = queries.orders(
        merchant.id, query.wanted(), zone=ZoneInfo(merchant.zone), limit=query.limit, after=after
    )
    return page(rows, query.limit, summary_json, lambda row: show("ord", row.id))


@router.get("/orders/{order_id}", response=OrderOut, operation_id="read_order", exclude_unset=True)
@requires("orders.read")
def read_order(request: ApiRequest, order_id: OrderInPath) -> dict[str, Any]:
    """An order with its lines."""
    return order_body(queries.order(request.auth.merchant_id, order_id))


@router.post("/orders/{order_id}/pay", response=OrderChangedOut, operation_id="pay_order")
@requires("orders.write")
def pay_order(request: ApiRequest, order_id: OrderInPath, body: PayIn) -> HttpResponse:
    """Pay an order that was placed without paid_at: it earns and counts from then on."""
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.pay", show("ord", order_id), now=now)
    return sent(services.pay(asking.scope_for(request, now), wanted, order_id, body.paid_at))


@router.post(
    "/orders/{order_id}/refunds",
    response={201: RefundOut, 200: RefundOut},
    operation_id="refund_order",
)
@requires("orders.refund")
def refund_order(request: ApiRequest, order_id: OrderInPath, body: RefundIn) -> HttpResponse:
    """Take units back once per external_id, with exactly what they had earned.

    What is no longer available becomes debt. More than is left is 409 over_refund.
    """
    return asking.refund(request, order_id, body)


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


@router.post("/orders/{order_id}/cancel", response=OrderChangedOut, operation_id="cancel_order")
@requires("orders.write")
def cancel_order(request: ApiRequest, order_id: OrderInPath) -> HttpResponse:
    """Call an order off: everything it brought is taken back, and it no longer counts."""
    return asking.cancel(request, order_id)


@router.post(
    "/refunds",
    response={201: RefundOut, 200: RefundOut | ParkedOut, 202: ParkedOut},
    operation_id="refund_by_external_id",
)
@requires("orders.refund")
def refund_by_external_id(request: ApiRequest, body: EarlyRefundIn) -> HttpResponse:
    """Refund an order known by its external_id alone.

    A refund that comes before its order, or before it is paid, is parked (202) and applied as soon
    as the order is there.
    """
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.refund_early", now=now)
    answer = services.refund_by_external_id(
        asking.scope_for(request, now), wanted, body.order_external_id, body.asked()
    )
    return sent(answer)


@router.post(
    "/payments",
    response={200: OrderChangedOut | ParkedStepOut, 202: ParkedStepOut},
    operation_id="pay_by_external_id",
)
@requires("orders.write")
def pay_by_external_id(request: ApiRequest, body: EarlyPayIn) -> HttpResponse:
    """Pay an order known by its external_id alone.

    A payment that comes before its order is parked (202) and done as soon as the order is there.
    """
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.pay_early", now=now)
    return sent(
        services.pay_by_external_id(
            asking.scope_for(request, now), wanted, body.order_external_id, body.paid_at
        )
    )


@router.post(
    "/cancellations",
    response={200: OrderChangedOut | ParkedStepOut, 202: ParkedStepOut},
    operation_id="cancel_by_external_id",
)
@requires("orders.write")
def cancel_by_external_id(request: ApiRequest, body: EarlyCancelIn) -> HttpResponse:
    """Call an order off that is known by its external_id alone.

    One that comes before its order is parked (202) and done as soon as the order is there.
    """
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.cancel_early", now=now)
    scope = asking.scope_for(request, now)
    return sent(services.cancel_by_external_id(scope, wanted, body.order_external_id))
