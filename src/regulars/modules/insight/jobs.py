"""Forecasts follow the day: each is worked out once the day before is over."""

from __future__ import annotations

from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchants

from .services import refresh_next


@periodic(every_seconds=300)
def keep_insight_fresh() -> int:
    """Work out one forecast that is missing or old; how many were."""
    for merchant in merchants():
        if stopping():
            return 0
        if not merchant.suspended and refresh_next(merchant) is not None:
            return 1
    return 0
