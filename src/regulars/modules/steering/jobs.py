"""The periodic work of steering: plans that were asked for, and coupons of those that started."""

from __future__ import annotations

import structlog

from regulars.infra.jobs import periodic, stopping
from regulars.modules.coupons.sizing import merchants_with_sized
from regulars.modules.merchants.queries import merchant_of_id

from .giving import carry_out
from .ladders import advance, running_ladders
from .models import Plan
from .next_orders import give_due
from .services import work

_log = structlog.get_logger("regulars.steering")


@periodic(every_seconds=2)
def work_plans() -> None:
    """Work out every plan that waits, and go on with every one that is being given."""
    rows = Plan.objects.across_merchants().filter(status__in=("waiting", "starting", "giving"))
    for merchant_id, plan_id, status in rows.order_by("created_at", "id").values_list(
        "merchant_id", "id", "status"
    ):
        if stopping():
            return
        merchant = merchant_of_id(merchant_id)
        try:
            if status == "waiting":
                work(merchant, plan_id)
            else:
                carry_out(merchant, plan_id)
        except Exception as error:  # a plan that failed says so itself; others must go on
            _log.error("plan_failed", plan=plan_id.hex, error=type(error).__name__, exc_info=error)


@periodic(every_seconds=300)
def give_next_orders() -> None:
    """Decide on the sized coupons for next orders that fell due before today."""
    for merchant_id in merchants_with_sized():
        if stopping():
            return
        try:
            give_due(merchant_of_id(merchant_id))
        except Exception as error:  # the next round tries again; other merchants must go on
            _log.error(
                "next_coupons_failed",
                merchant=merchant_id,
                error=type(error).__name__,
                exc_info=error,
            )


@periodic(every_seconds=300)
def advance_ladders() -> None:
    """Take every ladder its step of the day."""
    for merchant_id, ladder_id in running_ladders():
        if stopping():
            return
        try:
            advance(merchant_of_id(merchant_id), ladder_id)
        except Exception as error:  # the next round tries again; other ladders must go on
            _log.error(
                "ladder_failed", ladder=ladder_id.hex, error=type(error).__name__, exc_info=error
            )
