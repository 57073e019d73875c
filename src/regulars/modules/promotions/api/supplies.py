"""Supplies: how much there is of an article to sell and to give, and from when on who may buy."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field, ValidationError, model_validator

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once, part
from regulars.infra.http.fields import ExternalId, Instant, Moment, PartQuery, Strict
from regulars.infra.http.items import faults_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import Invalid
from regulars.kernel.instants import show_instant
from regulars.modules.promotions import supplies
from regulars.modules.promotions.parts import Count, fault
from regulars.modules.promotions.types import Early, Supply
from regulars.modules.promotions.windows import EarlyPart, begin_in, compiled_early, early_in

from .shapes import Effects, TakenOut, taken_json

Sku = Annotated[ExternalId, Field(description="The sku, percent-encoded")]
_Early = Annotated[list[EarlyPart], Field(max_length=20)]


class SupplyIn(Strict):
    """What holds for an article from now on. With everything left out it is not looked at."""

    units: Annotated[
        Count | None,
        Field(description="How many there were at first, to sell and to give; None: not counted"),
    ] = None
    opens_at: Annotated[
        Moment | None, Field(description="From when on everybody may buy it; a day from its start")
    ] = None
    early: Annotated[_Early, Field(description="Tiers whose members may buy it before that")] = []  # noqa: RUF012
    early_units: Annotated[
        Count | None,
        Field(description="The most that is sold early; the rest is kept for the general sale"),
    ] = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.early and self.opens_at is None:
            fault(("early",), "needs_opens_at", "Say when it opens for everybody.")
        if self.early_units is not None and not self.early:
            fault(("early_units",), "needs_early", "Nobody may buy it early.")
        if None not in (self.early_units, self.units) and self.early_units > self.units:  # type: ignore[operator]
            fault(("early_units",), "too_large", "There are not so many in all.")
        return self


class EarlyOut(Strict):
    tiers: list[str]
    begins: Annotated[Instant, Field(alias="from")]


class SupplyOut(Strict):
    sku: str
    units: int | None
    opens_at: Instant | None
    early: list[EarlyOut]
    early_units: int | None
    stock: Annotated[TakenOut | None, Field(description="Sold and given, held, and left")]
    early_stock: Annotated[TakenOut | None, Field(description="The same of the early part")]


class SuppliesOut(Strict):
    data: list[SupplyOut]
    has_more: bool
    next_cursor: str | None


class SupplyChangedOut(Strict):
    sku: str
    units: int | None
    opens_at: Instant | None
    early: list[EarlyOut]
    early_units: int | None
    effects: Effects


def add_supply_routes(router: Router) -> None:
    """The same for every audience that may write offers."""
    router.get("/supplies", response=SuppliesOut, operation_id="list_supplies", by_alias=True)(
        list_supplies
    )
    router.put(
        "/supplies/{path:sku}",
        response=SupplyChangedOut,
        operation_id="put_supply",
        by_alias=True,
    )(put_supply)


@requires("offers.read")
def list_supplies(request: ApiRequest, query: Annotated[PartQuery, Query()]) -> dict[str, Any]:
    """Every article of which there is only so much, or that opens at an hour, by sku."""
    merchant = request.auth.merchant
    found = supplies.standings(merchant.id, now_for(merchant))
    return part(found, query, _standing, lambda one: one.supply.sku)


@requires("offers.write")
def put_supply(request: ApiRequest, sku: Sku, body: SupplyIn) -> HttpResponse:
    """Say how much there is of an article and from when on who may buy it, from the next quote on.

    What quotes and their orders sell and give is counted; orders without a quote are not.
    """
    zone = ZoneInfo(request.auth.merchant.zone)

    def act(now: datetime) -> Outcome:
        supply = _read(sku, body, zone)
        events = supplies.put_supply(
            merchant_id=request.auth.merchant_id, sku=sku, supply=supply, now=now
        )
        told = {**_supply(sku, supply), "effects": effects(events)}
        return Outcome(status=200, body=told, subject=f"supply:{sku}"[:64])

    return answer_once(request, "supplies.put", act, sku)


def _read(sku: str, body: SupplyIn, zone: ZoneInfo) -> Supply | None:
    opens_at = begin_in(body.opens_at, zone)
    try:
        early: tuple[Early, ...] = compiled_early(early_in(body.early, opens_at, zone, ("early",)))
    except ValidationError as error:
        raise Invalid("The supply does not hold together.", errors=faults_of(error)) from None
    if body.units is None and opens_at is None:
        return None
    return Supply(
        sku=sku, units=body.units, opens_at=opens_at, early=early, early_units=body.early_units
    )


def _standing(one: supplies.SupplyStanding) -> dict[str, Any]:
    return {
        **_supply(one.supply.sku, one.supply),
        "stock": taken_json(one.stock) if one.stock else None,
        "early_stock": taken_json(one.early) if one.early else None,
    }


def _supply(sku: str, supply: Supply | None) -> dict[str, Any]:
    found = supply or Supply(sku=sku)
    return {
        "sku": sku,
        "units": found.units,
        "opens_at": show_instant(found.opens_at) if found.opens_at else None,
        "early": [
            {"tiers": sorted(one.tiers), "from": show_instant(one.begins)} for one in found.early
        ],
        "early_units": found.early_units,
    }
