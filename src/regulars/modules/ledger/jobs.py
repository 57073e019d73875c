"""What the ledger does by itself: posts what falls due, and seals every merchant daily."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import periodic, stopping
from regulars.kernel.periods import program_day
from regulars.modules.merchants.queries import merchants

from .seals import latest_seal, seal_if_moved
from .services import expire_and_activate

#: Accounts brought up to date for one merchant before the next has its turn.
_TURN: Final = 5_000
_log = structlog.get_logger("regulars.ledger")


@periodic(every_seconds=30)
def post_what_fell_due() -> int:
    """Post expiries, pending credits and ended holds of every merchant."""
    return _for_each(
        "posting_what_fell_due_failed",
        lambda merchant: expire_and_activate(
            merchant_id=merchant.id, now=now_for(merchant), limit=_TURN
        ),
    )


@periodic(every_seconds=600)
def seal_the_day() -> int:
    """Seal each merchant whose program day has no seal yet, if anything moved since the last."""
    return _for_each("sealing_failed", _seal_the_day_of)


def _seal_the_day_of(merchant: MerchantFacts) -> int:
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    last = latest_seal(merchant.id)
    if last is not None and program_day(last.at, zone) >= program_day(now, zone):
        return 0
    return int(seal_if_moved(merchant_id=merchant.id, now=now) is not None)


def _for_each(failure: str, work: Callable[[MerchantFacts], int]) -> int:
    done = 0
    for merchant in merchants():
        if stopping():
            break
        try:
            done += work(merchant)
        except Exception as error:  # one merchant's trouble must not keep the others waiting
            _log.error(failure, merchant=merchant.id, error=type(error).__name__, exc_info=error)
    return done
