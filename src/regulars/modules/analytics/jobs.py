"""Facts follow the books on their own, and the first screen is ready before it is opened."""

from __future__ import annotations

import time
from typing import Final

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchants

from . import queries
from .queries import Freshness
from .screens.home import warm
from .services import refresh_facts

#: Of all time, an export may take about this share: a big shop is exported less often.
_SHARE: Final = 1 / 20
_MOST_SECONDS_OLD: Final = 900.0
_took_seconds: dict[int, float] = {}


@periodic(every_seconds=15)
def keep_facts_fresh() -> None:
    """Export what is stale and work the first screen out, merchant by merchant."""
    for merchant in merchants():
        if stopping():
            return
        if not merchant.suspended:
            keep_fresh(merchant)


def keep_fresh(merchant: MerchantFacts) -> None:
    """Export what is stale of one merchant, if it is due, and ready the first screen."""
    now = now_for(merchant)
    fresh = queries.freshness(merchant.id)
    if fresh.is_stale() and _is_due(fresh):
        began = time.monotonic()
        fresh = refresh_facts(merchant.id, now)
        _took_seconds[merchant.id] = time.monotonic() - began
    if fresh.folder is not None:
        warm(fresh, merchant, now)


def _is_due(fresh: Freshness) -> bool:
    """Whether enough time has gone by since the last export, for how long one takes."""
    if fresh.exported_at is None or fresh.folder is None:
        return True
    age = (real_now() - fresh.exported_at).total_seconds()
    return age >= min(_took_seconds.get(fresh.merchant_id, 0.0) / _SHARE, _MOST_SECONDS_OLD)
