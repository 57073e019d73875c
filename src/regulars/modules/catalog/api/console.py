"""Console: finding goods, at the till and in the offer form, and struck-through prices."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from regulars.infra.http.fields import QueryInt, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.catalog import queries

from .partner import (
    ProductOut,
    StrikeRegionChangedOut,
    StrikeRegionOut,
    put_strike_region,
    read_strike_region,
)

router = Router(tags=["products"])
_STRIKE = "/settings/reference-price"
router.get(_STRIKE, response=StrikeRegionOut, operation_id="read_strike_region")(read_strike_region)
router.put(_STRIKE, response=StrikeRegionChangedOut, operation_id="put_strike_region")(
    put_strike_region
)


class SearchQuery(Strict):
    query: Annotated[
        str, Field(max_length=255, description="Where a sku begins, or part of a name")
    ] = ""
    limit: Annotated[QueryInt, Field(ge=1, le=100)] = 20


class FoundOut(Strict):
    data: list[ProductOut]


@router.get("/products", response=FoundOut, operation_id="search_products")
@requires("catalog.read")
def search_products(request: ApiRequest, query: Query[SearchQuery]) -> dict[str, Any]:
    """Goods by sku or name, the exact sku first; the first ones by sku where nothing is typed."""
    found = queries.search(request.auth.merchant_id, query.query.strip(), most=query.limit)
    return {"data": found}
