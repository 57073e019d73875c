"""Facts follow the books on their own, and the first screen is ready before it is opened."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import periodic, stopping
from regulars.kernel.ids import parse
from regulars.kernel.periods import program_day
from regulars.modules.merchants.queries import merchants
from regulars.modules.segments.scoring import take_scores

from . import queries
from .queries import Freshness
from .reports.rfm_grid import scores_of_members
from .screens.home import warm
from .services import refresh_facts

#: Of all time, an export may take about this share: a big shop is exported less often.
_SHARE: Final = 1 / 20
_MOST_SECONDS_OLD: Final = 900.0
_took_seconds: dict[int, float] = {}
#: Which export the scores were taken from last; whoever reads a report may export, too.
_handed_over: dict[int, datetime | None] = {}


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
        if fresh.exported_at != _handed_over.get(merchant.id):
            hand_over_scores(fresh, merchant, now)
            _handed_over[merchant.id] = fresh.exported_at
        warm(fresh, merchant, now)


def hand_over_scores(fresh: Freshness, merchant: MerchantFacts, now: datetime) -> int:
    """Give segments the scores of the latest RFM grid; how many members they differed for.

    Days alone move no score, so it is enough to do so when purchases were exported.
    """
    as_of = program_day(now, ZoneInfo(merchant.zone))
    found = scores_of_members(fresh.facts, as_of=as_of)
    scores = {parse("mem", shown): score for shown, score in found.items()}
    known = {member_id: score for member_id, score in scores.items() if member_id is not None}
    return take_scores(merchant, known, as_of=fresh.as_of or now, now=now).members


def _is_due(fresh: Freshness) -> bool:
    """Whether enough time has gone by since the last export, for how long one takes."""
    if fresh.exported_at is None or fresh.folder is None:
        return True
    age = (real_now() - fresh.exported_at).total_seconds()
    return age >= min(_took_seconds.get(fresh.merchant_id, 0.0) / _SHARE, _MOST_SECONDS_OLD)
