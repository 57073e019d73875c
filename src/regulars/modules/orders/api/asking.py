"""From a request to the use case it asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from regulars.infra.clock import now_for
from regulars.infra.http.answers import asked, sent
from regulars.infra.http.items import read_item
from regulars.infra.http.principal import ApiRequest, MerchantFacts
from regulars.infra.writes import fingerprint_of
from regulars.kernel.errors import Refusal
from regulars.kernel.ids import show
from regulars.modules.orders import services
from regulars.modules.orders.intake import OrderIn, RefundIn, ReturnsIn
from regulars.modules.orders.many import Sent, place_many
from regulars.modules.orders.settlement import Scope

from .shapes import BulkIn


def scope_for(request: ApiRequest, now: datetime) -> Scope:
    return services.scope_of(request.auth.merchant, actor=request.auth.actor, now=now)


def place(request: ApiRequest, body: OrderIn) -> HttpResponse:
    """Place an order. Raises as services.place."""
    merchant = request.auth.merchant
    now = now_for(merchant)
    wanted = asked(request, "orders.place", now=now)
    return sent(services.place(scope_for(request, now), wanted, body.draft(merchant)))


def bulk(request: ApiRequest, body: BulkIn) -> HttpResponse:
    """Place every order of a request. Raises KeyReused."""
    now = now_for(request.auth.merchant)
    orders = [_sent(item, request.auth.merchant) for item in body.orders]
    wanted = asked(request, "orders.bulk", now=now)
    return sent(place_many(scope_for(request, now), wanted, orders))


def refund(request: ApiRequest, order_id: UUID, body: RefundIn) -> HttpResponse:
    """Refund units of an order. Raises as services.refund."""
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.refund", show("ord", order_id), now=now)
    return sent(services.refund(scope_for(request, now), wanted, order_id, body.asked()))


def preview(request: ApiRequest, order_id: UUID, body: ReturnsIn) -> dict[str, Any]:
    """What a refund would do. Raises as services.preview_refund."""
    now = now_for(request.auth.merchant)
    return services.preview_refund(scope_for(request, now), order_id, body.returns())


def cancel(request: ApiRequest, order_id: UUID) -> HttpResponse:
    """Call an order off. Raises as services.cancel."""
    now = now_for(request.auth.merchant)
    wanted = asked(request, "orders.cancel", show("ord", order_id), now=now)
    return sent(services.cancel(scope_for(request, now), wanted, order_id))


def _sent(item: Any, merchant: MerchantFacts) -> Sent:
    fingerprint = fingerprint_of(item)
    try:
        return Sent(fingerprint, read_item(OrderIn, item, called="order").draft(merchant))
    except Refusal as refusal:
        return Sent(fingerprint, refusal)
