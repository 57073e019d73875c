"""The periodic work of experiments."""

from __future__ import annotations

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchant_of_id

from .following import open_due, waiting_merchants


@periodic(every_seconds=2)
def open_experiments() -> int:
    """Assign the members of offers that were published with a holdout and begin by now."""
    started = 0
    for merchant_id in waiting_merchants():
        if stopping():
            break
        merchant = merchant_of_id(merchant_id)
        started += open_due(merchant, now_for(merchant))
    return started
