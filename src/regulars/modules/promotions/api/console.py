"""Console: offers and pricing settings, and what the offer form is drawn from."""

from __future__ import annotations

from typing import Any

from ninja import Router

from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.promotions.document import OfferDocument
from regulars.modules.promotions.eligibility import FACTS, OPERATORS, PRESETS
from regulars.modules.promotions.kinds import KINDS

from .routes import add_routes
from .shapes import KindsOut

router = Router(tags=["offers"])
add_routes(router)


@router.get("/offers/kinds", response=KindsOut, operation_id="list_offer_kinds")
@requires("offers.read")
def list_offer_kinds(request: ApiRequest) -> dict[str, Any]:
    """The kinds with the schema of their parameters, and what rules may say of a buyer."""
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
        "document_schema": OfferDocument.model_json_schema(by_alias=True),
    }
