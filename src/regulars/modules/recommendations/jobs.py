"""Lists follow the day: each is made anew once the day before is over."""

from __future__ import annotations

from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchants

from .services import refresh_next


@periodic(every_seconds=300)
def keep_recommendations_fresh() -> int:
    """Make one set of lists that is missing or old; how many were."""
    for merchant in merchants():
        if stopping():
            return 0
        if not merchant.suspended and refresh_next(merchant) is not None:
            return 1
    return 0
