"""Runs that wait are run; runs whose process died are gone on with."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from regulars.infra.clock import now_for, real_now
from regulars.infra.jobs import periodic
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.orders.settlement import Scope

from .errors import RunBusy
from .services import run_import, stale_runs, undo_run

_SILENT_FOR: Final = timedelta(seconds=120)
_log = structlog.get_logger("regulars.imports")


@periodic(every_seconds=2)
def run_waiting() -> int:
    """Take every waiting run to its end; how many."""
    waiting = stale_runs(real_now() - _SILENT_FOR)
    for row in waiting:
        merchant = merchant_of_id(row.merchant_id)
        scope = Scope(
            merchant_id=merchant.id,
            zone=ZoneInfo(merchant.zone),
            currency=merchant.currency,
            actor=row.created_by,
            now=now_for(merchant),
        )
        try:
            if row.status == "undoing":
                undo_run(scope, row.id)
            else:
                run_import(scope, row.id)
        except RunBusy:
            continue
        except Exception as error:  # the run says what went wrong; other runs must go on
            _log.error("run_failed", run=row.id.hex, error=type(error).__name__, exc_info=error)
    return len(waiting)
