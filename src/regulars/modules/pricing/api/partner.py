"""Partner API: what a cart costs, shown and promised."""

from __future__ import annotations

from typing import Any

from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.permissions import Forbidden, requires
from regulars.infra.http.principal import ApiRequest

from . import asking
from .routes import add_routes
from .shapes import AskingIn, EvaluationOut

router = Router(tags=["pricing"])


@router.post(
    "/evaluations", response=EvaluationOut, operation_id="evaluate_cart", exclude_unset=True
)
@requires("pricing.evaluate", writes=False)
def evaluate_cart(request: ApiRequest, body: AskingIn) -> dict[str, Any]:
    """What a cart costs, and why: the best combination of offers, and a reason for every other.

    Nothing is written and nothing is held. A publishable key asks for strangers alone, and for
    what they would pay as members (as_new_member).
    """
    if body.member_id is not None and "members.read" not in request.auth.permissions:
        raise Forbidden("This key may not look at members.")
    return asking.evaluation(request, body, now_for(request.auth.merchant))


add_routes(router)
