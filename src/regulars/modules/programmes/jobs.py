"""The periodic work of running programmes."""

from __future__ import annotations

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic
from regulars.modules.merchants.queries import merchants

from .services import run_due


@periodic(every_seconds=60)
def due_everywhere() -> None:
    """Keep every merchant's programme up with its clock."""
    for merchant in merchants():
        run_due(merchant.id, now_for(merchant))
