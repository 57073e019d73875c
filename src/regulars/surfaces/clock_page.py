"""POST /api/v1/test/clock: freeze and move a merchant's time, where the test clock is on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.conf import settings
from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.infra.http.answers import sent
from regulars.infra.http.fields import Instant, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Asked, Outcome, checked_key, fingerprint_of, once
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id
from regulars.kernel.instants import show_instant
from regulars.modules.merchants import services as merchants

router = Router(tags=["test"])


class ClockIn(Strict):
    """Where the clock is moved to; never back."""

    to: Annotated[Instant, Field(description="RFC 3339, not before the merchant's present time")]


class ClockOut(Strict):
    """The merchant's time from now on."""

    now: Instant


@router.post("/test/clock", response=ClockOut, operation_id="move_test_clock")
@requires("clock.move", writes=False)
def move_test_clock(request: ApiRequest, body: ClockIn) -> HttpResponse:
    """Freeze the merchant's time at an instant and do everything that fell due by it.

    Only with REGULARS_TEST_CLOCK=1; otherwise 404. The Idempotency-Key may be left out: moving
    to the same instant again changes nothing.
    """
    if not settings.TEST_CLOCK:
        raise NotFound
    key = request.headers.get("Idempotency-Key")
    asked = Asked(
        merchant_id=request.auth.merchant_id,
        actor=request.auth.actor,
        operation="test.clock",
        key=checked_key(key) if key is not None else new_id().hex,
        fingerprint=fingerprint_of(request.parsed),
        now=body.to,
    )
    answer = once(asked, lambda: _moved(asked.merchant_id, body.to))
    run_due(asked.merchant_id, body.to)
    return sent(answer)


def run_due(merchant_id: int, now: datetime) -> int:
    """Do everything that falls due by ``now`` at one merchant; how much there was."""
    from regulars.infra.jobs import load
    from regulars.infra.outbox import relay_all
    from regulars.modules.budgets.services import free_run_out
    from regulars.modules.coupons.issuing import issue_due
    from regulars.modules.merchants.queries import merchant_of_id
    from regulars.modules.notices.services import announce_due
    from regulars.modules.programmes import services as programmes
    from regulars.modules.segments.refreshing import refresh_due

    total = 0
    while done := programmes.run_due(merchant_id, now):
        total += done
    # What was paid just now may promise a coupon that is due by then; whoever relays must know
    # every handler, else news is told to nobody.
    load()
    relay_all()
    merchant = merchant_of_id(merchant_id)
    total += free_run_out(merchant_id, now) + issue_due(merchant, now)
    total += announce_due(merchant, now)
    return total + refresh_due(merchant, now).members


def _moved(merchant_id: int, to: datetime) -> Outcome:
    merchants.move_clock(merchant_id=merchant_id, to=to)
    return Outcome(status=200, body={"now": show_instant(to)}, subject="clock")
