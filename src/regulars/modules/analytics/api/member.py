"""Member pages: the card, and one's own orders."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from ninja import Query, Router
from pydantic import Field

from regulars.infra.http.answers import id_after, page
from regulars.infra.http.fields import PageQuery, Strict
from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.analytics.screens.card import card
from regulars.modules.orders.queries import OrderRow, Wanted, orders

from .shown import CardOut, OwnOrdersOut

router = Router(tags=["card"])


class CardQuery(Strict):
    lang: Annotated[str | None, Field(max_length=20, description="en, zh-hans or zh-hant")] = None


@router.get("/card", response=CardOut, operation_id="read_own_card")
@requires("self.read")
def read_own_card(request: ApiRequest, query: Annotated[CardQuery, Query()]) -> dict[str, Any]:
    """The card with everything on it, in one answer."""
    return card(request.auth.merchant, own_id(request), locale=language_of(request, query.lang))


@router.get("/orders", response=OwnOrdersOut, operation_id="list_own_orders")
@requires("self.read")
def list_own_orders(request: ApiRequest, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
    """One's own orders, newest first."""
    after = id_after("ord", query.starting_after)
    merchant = request.auth.merchant
    rows = orders(
        merchant.id,
        Wanted(member_id=own_id(request)),
        zone=ZoneInfo(merchant.zone),
        limit=query.limit,
        after=after,
    )
    return page(rows, query.limit, _order, lambda row: show("ord", row.id))


def _order(row: OrderRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "external_id": row.external_id,
        "placed_at": show_instant(row.placed_at),
        "status": row.status,
        "lines": row.lines,
        "net_minor": row.net_minor,
        "refunded_minor": row.refunded_minor,
        "points": row.points,
        "store": row.store,
    }
