"""One merchant's lifetime values: facts first, then both models."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services
from regulars.modules.orders.queries import paid_back_since

from .scoring import Calibration, Scores, calibration, scores

HORIZON_DAYS: Final = 365
_SHORTEST_DAYS: Final = 14


def lifetime_values(
    merchant: MerchantFacts, *, as_of: date | None = None, horizon_days: int = HORIZON_DAYS
) -> tuple[Scores, Calibration | None]:
    """Expectations on everything committed up to ``as_of`` (today), and how they fared before:
    over the same horizon, or half of it, or a quarter, where the history is no longer.

    Raises ValueError for a horizon that is none and TooFewBuyers where nothing can be learnt.
    """
    day = as_of or today(merchant)
    facts = services.fresh(merchant.id, now_for(merchant), ("orders",)).facts
    # What was given back since was not known then.
    after = day_start(day + timedelta(days=1), ZoneInfo(merchant.zone))
    since = {
        show("ord", order_id): minor for order_id, minor in paid_back_since(merchant.id, after)
    }
    found = scores(facts, as_of=day, horizon_days=horizon_days, paid_back=since)
    held, days = None, horizon_days
    while held is None and days >= min(_SHORTEST_DAYS, horizon_days):
        # A young shop is held against a shorter past rather than against none.
        held, days = calibration(facts, as_of=day, horizon_days=days, paid_back=since), days // 2
    return found, held


def today(merchant: MerchantFacts) -> date:
    """The program day that it is for a merchant."""
    return program_day(now_for(merchant), ZoneInfo(merchant.zone))
