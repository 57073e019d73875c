"""Partner API: what a cart costs, shown and promised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Router

from regulars.infra.clock import now_for
from regulars.infra.http.permissions import Forbidden, requires
from regulars.infra.http.principal import ApiRequest

from . import asking
from .routes import add_routes
from .shapes import AskingIn, EvaluationOut, ManyIn, ManyOut

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
    return _evaluation(request, body, now_for(request.auth.merchant))


@router.post(
    "/evaluations/bulk", response=ManyOut, operation_id="evaluate_carts", exclude_unset=True
)
@requires("pricing.evaluate", writes=False)
def evaluate_carts(request: ApiRequest, body: ManyIn) -> dict[str, Any]:
    """Up to 100 carts, each priced as POST /evaluations would and with a verdict of its own: the
    articles of a page, which are no basket. Together they have 1,000 lines at most."""
    now = now_for(request.auth.merchant)
    return asking.evaluations(body.carts, lambda cart: _evaluation(request, cart, now))


def _evaluation(request: ApiRequest, cart: AskingIn, now: datetime) -> dict[str, Any]:
    if cart.member_id is not None and "members.read" not in request.auth.permissions:
        raise Forbidden("This key may not look at members.")
    return asking.evaluation(request, cart, now)


add_routes(router)
