"""Forecasts follow the day: each is worked out once the day before is over, or when asked for."""

from __future__ import annotations

import structlog

from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchant_of_id, merchants

from .running import waiting_runs, work
from .services import refresh_next

_log = structlog.get_logger("regulars.insight")


@periodic(every_seconds=300)
def keep_insight_fresh() -> int:
    """Work out one forecast that is missing or old; how many were."""
    for merchant in merchants():
        if stopping():
            return 0
        if not merchant.suspended and refresh_next(merchant) is not None:
            return 1
    return 0


@periodic(every_seconds=2)
def work_out_now() -> None:
    """Take every run that was asked for to its end."""
    for merchant_id, run_id in waiting_runs():
        if stopping():
            return
        try:
            work(merchant_of_id(merchant_id), run_id)
        except Exception as error:  # the run says what went wrong; other runs must go on
            _log.error(
                "forecasts_failed", run=run_id.hex, error=type(error).__name__, exc_info=error
            )
