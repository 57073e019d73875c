"""Console: offers and pricing settings, and what the offer form is drawn from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.periods import program_day
from regulars.modules.merchants.queries import stores
from regulars.modules.promotions import queries
from regulars.modules.promotions.document import OfferDocument
from regulars.modules.promotions.eligibility import FACTS, OPERATORS, PRESETS
from regulars.modules.promotions.festivals import REGIONS, upcoming
from regulars.modules.promotions.kinds import KINDS
from regulars.modules.promotions.standing import Standing, standings

from .funders import add_funder_routes
from .routes import add_routes
from .shapes import KindsOut, StandingsOut, taken_json
from .supplies import add_supply_routes

router = Router(tags=["offers"])
_DRAWN_DAYS: Final = 3 * 366 + 90
add_routes(router)
add_funder_routes(router)
add_supply_routes(router)


@router.get("/offers/kinds", response=KindsOut, operation_id="list_offer_kinds")
@requires("offers.read")
def list_offer_kinds(request: ApiRequest) -> dict[str, Any]:
    """The kinds with the schema of their parameters, what rules may say of a buyer, and the days of
    festivals for three years."""
    merchant = request.auth.merchant
    today = program_day(now_for(merchant), ZoneInfo(merchant.zone))
    return {
        "kinds": [
            {
                "kind": spec.kind,
                "title": spec.title,
                "stage": spec.stage,
                "params_schema": spec.shape.model_json_schema(),
            }
            for spec in KINDS.values()
        ],
        "facts": [
            {
                "name": fact.name,
                "type": fact.type,
                "title": fact.title,
                "operators": list(OPERATORS[fact.type]),
            }
            for fact in FACTS.values()
        ],
        "presets": [{"name": name, "rule": rule} for name, rule in PRESETS.items()],
        "festivals": {
            region: {name: [day.isoformat() for day in days] for name, days in found.items()}
            for region in REGIONS
            for found in [upcoming(region, today - timedelta(days=90), _DRAWN_DAYS)]
        },
        "document_schema": OfferDocument.model_json_schema(by_alias=True),
    }


@router.get("/offer-counts", response=StandingsOut, operation_id="list_offer_counts")
@requires("offers.read")
def list_offer_counts(request: ApiRequest) -> dict[str, Any]:
    """What is used, held and left of every offer with a total limit or a budget, as of now."""
    merchant = request.auth.merchant
    now = now_for(merchant)
    found = standings(
        merchant.id,
        queries.offers(merchant.id),
        stores=[store.code for store in stores(merchant.id)],
        day=program_day(now, ZoneInfo(merchant.zone)),
        now=now,
    )
    return {"data": [_standing(standing) for standing in found]}


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "code": standing.code,
        "uses": taken_json(standing.uses) if standing.uses else None,
        "budgets": [{"store": pot.store, **taken_json(pot.taken)} for pot in standing.pots],
    }
