"""What both the partner API and the console offer: offers and pricing settings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once, page
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.modules.promotions import queries, services
from regulars.modules.promotions.document import OfferDocument

from .shapes import (
    OfferCode,
    OfferOut,
    OfferPatchIn,
    OffersOut,
    OffersQuery,
    OfferWrittenOut,
    PricingSettingsChangedOut,
    PricingSettingsIn,
    PricingSettingsOut,
    offer_json,
)


def add_routes(router: Router) -> None:
    """Offers and pricing settings, the same for every audience that may write them."""
    router.post(
        "/offers", response={201: OfferWrittenOut}, operation_id="create_offer", by_alias=True
    )(create_offer)
    router.get("/offers", response=OffersOut, operation_id="list_offers", by_alias=True)(
        list_offers
    )
    router.get("/offers/{code}", response=OfferOut, operation_id="read_offer", by_alias=True)(
        read_offer
    )
    router.patch(
        "/offers/{code}", response=OfferWrittenOut, operation_id="change_offer", by_alias=True
    )(change_offer)
    router.get(
        "/settings/pricing", response=PricingSettingsOut, operation_id="read_pricing_settings"
    )(read_pricing_settings)
    router.put(
        "/settings/pricing",
        response=PricingSettingsChangedOut,
        operation_id="put_pricing_settings",
    )(put_pricing_settings)


@requires("offers.write")
def create_offer(request: ApiRequest, body: OfferDocument) -> HttpResponse:
    """Write an offer. Its code is its name for ever; one that is taken is 409 offer_exists."""

    def act(now: datetime) -> Outcome:
        written = services.create_offer(
            merchant_id=request.auth.merchant_id,
            document=body,
            zone=ZoneInfo(request.auth.merchant.zone),
            now=now,
        )
        return _told(201, written)

    return answer_once(request, "offers.create", act)


@requires("offers.read")
def list_offers(request: ApiRequest, query: Query[OffersQuery]) -> dict[str, Any]:
    """Offers by code."""
    rows = queries.offer_views(
        request.auth.merchant_id,
        limit=query.limit,
        after=query.starting_after,
        status=query.status,
    )
    return page(rows, query.limit, offer_json, lambda view: view.code)


@requires("offers.read")
def read_offer(request: ApiRequest, code: OfferCode) -> dict[str, Any]:
    """One offer."""
    return offer_json(queries.offer_view(request.auth.merchant_id, code))


@requires("offers.write")
def change_offer(request: ApiRequest, code: OfferCode, body: OfferPatchIn) -> HttpResponse:
    """Replace fields of an offer. Quotes given before keep their price.

    Uses and budgets count on; what is counted of a limit begins when the limit is first set.
    """
    given = body.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def act(now: datetime) -> Outcome:
        written = services.change_offer(
            merchant_id=request.auth.merchant_id,
            code=code,
            given=given,
            zone=ZoneInfo(request.auth.merchant.zone),
            now=now,
        )
        return _told(200, written)

    return answer_once(request, "offers.change", act, code)


@requires("settings.read")
def read_pricing_settings(request: ApiRequest) -> dict[str, int]:
    """How far discounts and tenders may go."""
    return asdict(services.settings_of(request.auth.merchant_id))


@requires("settings.write")
def put_pricing_settings(request: ApiRequest, body: PricingSettingsIn) -> HttpResponse:
    """Set how far discounts and tenders may go, from the next quote on."""
    given = {name: value for name in body.model_fields_set if (value := getattr(body, name))
             is not None}  # fmt: skip

    def act(now: datetime) -> Outcome:
        settings, events = services.put_settings(
            merchant_id=request.auth.merchant_id, given=given, now=now
        )
        told = {**asdict(settings), "effects": effects(events)}
        return Outcome(status=200, body=told, subject="settings:pricing")

    return answer_once(request, "settings.pricing", act)


def _told(status: int, written: services.Written) -> Outcome:
    told = {**offer_json(written.view), "effects": effects(written.events)}
    return Outcome(status=status, body=told, subject=f"offer:{written.view.code}"[:64])
