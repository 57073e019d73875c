"""The periodic work of segments."""

from __future__ import annotations

from regulars.infra.clock import now_for
from regulars.infra.jobs import periodic, stopping
from regulars.modules.merchants.queries import merchant_of_id, merchants

from .refreshing import refresh, refresh_due, waiting_merchants
from .sweeping import build, sweep


@periodic(every_seconds=1)
def follow_events() -> None:
    """Read again whoever an event marked."""
    for merchant_id in waiting_merchants():
        if stopping():
            return
        merchant = merchant_of_id(merchant_id)
        refresh(merchant, now_for(merchant))


@periodic(every_seconds=2)
def follow_rules() -> None:
    """Ask new rules of everybody, and everybody whose day has come."""
    for merchant in merchants():
        if stopping():
            return
        now = now_for(merchant)
        sweep(merchant, now)
        build(merchant, now)
        refresh_due(merchant, now)
