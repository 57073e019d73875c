"""The periodic work of budgets."""

from __future__ import annotations

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic
from regulars.modules.merchants.queries import merchants

from .services import free_run_out


@periodic(every_seconds=10)
def free_everywhere() -> None:
    """Free what quotes held and nobody came back for; buyers who look sooner free it themselves."""
    for merchant in merchants():
        free_run_out(merchant.id, now_for(merchant))
