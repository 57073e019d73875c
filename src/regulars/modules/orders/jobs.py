"""What orders leave to be done later: what was parked and whose order has come meanwhile."""

from __future__ import annotations

from typing import Final

from regulars.infra.clock import now_for
from regulars.infra.db import Sql, fetch_all
from regulars.infra.jobs import periodic
from regulars.modules.merchants.queries import merchant_of_id

from .services import apply_parked, scope_of

_APPLICABLE: Final = Sql(
    "SELECT p.merchant_id, p.order_external_id FROM orders_parkedrefund p "
    "JOIN orders_order o ON o.merchant_id = p.merchant_id "
    "AND o.external_id = p.order_external_id "
    "AND o.status IN ('paid', 'cancelled') AND o.paid_at IS NOT NULL "
    "UNION SELECT p.merchant_id, p.order_external_id FROM orders_parkedstep p "
    "JOIN orders_order o ON o.merchant_id = p.merchant_id "
    "AND o.external_id = p.order_external_id AND o.status <> 'undone' ORDER BY 1, 2"
)
_ACTOR: Final = "job:parked_refunds"


@periodic(every_seconds=60)
def apply_parked_refunds() -> int:
    """Do everything parked whose order is there; how many were done."""
    applied = 0
    for merchant_id, name in fetch_all(_APPLICABLE, {}):
        merchant = merchant_of_id(merchant_id)
        applied += apply_parked(scope_of(merchant, actor=_ACTOR, now=now_for(merchant)), name)
    return applied
