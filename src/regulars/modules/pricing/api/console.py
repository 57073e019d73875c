"""Console: the till prices a basket, promises the price, and gives it up."""

from __future__ import annotations

from typing import Any

from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest

from . import asking
from .routes import add_routes
from .shapes import EvaluationOut, TrialIn

router = Router(tags=["pricing"])


@router.post(
    "/evaluations", response=EvaluationOut, operation_id="evaluate_cart", exclude_unset=True
)
@requires("pricing.evaluate", writes=False)
def evaluate_cart(request: ApiRequest, body: TrialIn) -> dict[str, Any]:
    """What a basket costs, and why, with drafts of offers where some are given; nothing is
    written."""
    return asking.evaluation(request, body, now_for(request.auth.merchant), body.offers)


add_routes(router)
