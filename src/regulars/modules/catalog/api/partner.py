"""Partner API: what is known of the goods."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ExternalId, ShortText, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.modules.catalog import queries, services

router = Router(tags=["products"])
Sku = Annotated[ExternalId, Field(description="A slash in it is sent as %2F")]
PriceMinor = Annotated[int, Field(ge=0, le=10**15)]


class ProductIn(Strict):
    """What is left out stays as it is; null forgets it."""

    name: Annotated[ShortText, Field(max_length=255)] | None = None
    category: ShortText | None = None
    type: ShortText | None = None
    tags: Annotated[list[ExternalId], Field(max_length=50, default_factory=list)]
    list_price: PriceMinor | None = None


class ProductOut(Strict):
    sku: str
    name: str | None
    category: str | None
    type: str | None
    tags: list[str]
    list_price: int | None


class ProductChangedOut(ProductOut):
    effects: Annotated[
        list[dict[str, Any]], Field(description="What changed: event names and their particulars")
    ]


class StrikeRegionIn(Strict):
    region: Literal["cn", "eu", "none"]


class StrikeRegionOut(Strict):
    region: Annotated[
        str, Field(description="cn: lowest deal of 7 days; eu: lowest of 30 days; none: no rule")
    ]


class StrikeRegionChangedOut(StrikeRegionOut):
    effects: Annotated[
        list[dict[str, Any]], Field(description="What changed: event names and their particulars")
    ]


@router.get(
    "/settings/reference-price", response=StrikeRegionOut, operation_id="read_strike_region"
)
@requires("settings.read")
def read_strike_region(request: ApiRequest) -> dict[str, Any]:
    """By which region's rule prices are struck through; the country's own where none is set."""
    merchant = request.auth.merchant
    return {"region": queries.strike_region(merchant, now_for(merchant))}


@router.put(
    "/settings/reference-price",
    response=StrikeRegionChangedOut,
    operation_id="put_strike_region",
)
@requires("settings.write")
def put_strike_region(request: ApiRequest, body: StrikeRegionIn) -> HttpResponse:
    """Choose the rule for struck-through prices, from now on."""

    def act(now: datetime) -> Outcome:
        events = services.put_strike_region(
            merchant_id=request.auth.merchant_id, region=body.region, now=now
        )
        told = {"region": body.region, "effects": effects(events)}
        return Outcome(status=200, body=told, subject="settings:reference-price")

    return answer_once(request, "settings.reference_price", act)


@router.get("/products/{path:sku}", response=ProductOut, operation_id="read_product")
@requires("catalog.read")
def read_product(request: ApiRequest, sku: Sku) -> dict[str, Any]:
    """What is known of a sku; one that only orders name is 404."""
    return queries.product(request.auth.merchant_id, sku)


@router.put("/products/{path:sku}", response=ProductChangedOut, operation_id="put_product")
@requires("catalog.write")
def put_product(request: ApiRequest, sku: Sku, body: ProductIn) -> HttpResponse:
    """Set what is known of a sku. Orders paid before keep what they earned.

    A new list price joins the history of prices.
    """

    def act(now: datetime) -> Outcome:
        given = {name: getattr(body, name) for name in body.model_fields_set}
        told, events = services.put_product(
            merchant_id=request.auth.merchant_id, sku=sku, given=given, now=now
        )
        told["effects"] = effects(events)
        return Outcome(status=200, body=told, subject=f"product:{sku}"[:64])

    return answer_once(request, "products.put", act, sku)
