"""The periodic work of notices."""

from __future__ import annotations

import structlog

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchants

from .services import announce_due

_log = structlog.get_logger("regulars.notices")


@periodic(every_seconds=300)
def announce_everywhere() -> int:
    """Tell every merchant's members what they should hear in time."""
    told = 0
    for merchant in merchants():
        if stopping():
            break
        try:
            told += announce_due(merchant, now_for(merchant))
        except Exception as error:  # one merchant's trouble must not keep the others waiting
            _log.error("failed", merchant=merchant.id, error=type(error).__name__, exc_info=error)
    return told
