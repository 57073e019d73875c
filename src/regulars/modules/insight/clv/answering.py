"""One merchant's lifetime values: facts first, then both models."""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.periods import program_day
from regulars.modules.analytics import services

from .scoring import Calibration, Scores, calibration, scores

HORIZON_DAYS: Final = 365


def lifetime_values(
    merchant: MerchantFacts, *, as_of: date | None = None, horizon_days: int = HORIZON_DAYS
) -> tuple[Scores, Calibration | None]:
    """Expectations on everything committed up to ``as_of`` (today), and how they fared before.

    Raises ValueError for a horizon that is none and TooFewBuyers where nothing can be learnt.
    """
    now = now_for(merchant)
    day = as_of or program_day(now, ZoneInfo(merchant.zone))
    facts = services.fresh(merchant.id, now, ("orders",)).facts
    return (
        scores(facts, as_of=day, horizon_days=horizon_days),
        calibration(facts, as_of=day, horizon_days=horizon_days),
    )
