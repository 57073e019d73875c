"""Merchants themselves: set up, settings, clock, suspension."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from regulars.events.merchants import ClockMoved, MerchantCreated
from regulars.infra import outbox
from regulars.infra.clock import now_for, real_now
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.instants import show_instant
from regulars.kernel.money import minor_exponent
from regulars.modules.merchants import queries
from regulars.modules.merchants.errors import ClockBackwards, MerchantExists
from regulars.modules.merchants.models import Merchant

_MOST_NAME: Final = 200
_CODE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: How far a client's "now" may lie behind ours when it freezes the clock for the first time.
_SKEW: Final = timedelta(minutes=1)


@transaction.atomic
def create_merchant(
    *,
    code: str,
    currency: str,
    zone: str,
    name: str = "",
    locale: str = "en",
    source_note: str = "",
    clock_at: datetime | None = None,
) -> MerchantFacts:
    """Set up a merchant. Raises Invalid with the field at fault, or MerchantExists."""
    _check(code, currency, zone, locale, name)
    if Merchant.objects.filter(code=code).exists():
        raise MerchantExists(f"Choose another code than {code!r}.")

    row = Merchant.objects.create(
        code=code,
        name=name or code,
        currency=currency,
        zone=zone,
        locale=locale,
        source_note=source_note,
        clock_at=clock_at,
    )

    facts = queries.facts_of(row)
    now = now_for(facts)
    event = MerchantCreated(
        merchant_id=row.id, happened_at=now, code=code, currency=currency, zone=zone
    )
    outbox.publish(aggregate="merchant", events=[event], at=now)
    return facts


@transaction.atomic
def change_settings(
    *, merchant_id: int, name: str | None = None, locale: str | None = None
) -> MerchantFacts:
    """Change what a merchant may change of itself; None leaves a field as it is."""
    row = Merchant.objects.get(id=merchant_id)
    if name is not None:
        row.name = name
    if locale is not None:
        _check_locale(locale)
        row.locale = locale
    row.save(update_fields=["name", "locale"])
    return queries.facts_of(row)


@transaction.atomic
def move_clock(*, merchant_id: int, to: datetime) -> MerchantFacts:
    """Freeze the merchant's programme time at ``to``, never before what it is.

    What falls due by it is not done here. Raises ClockBackwards.
    """
    # The condition lives in the UPDATE: two movers at once cannot turn time back.
    earliest_first = real_now() - _SKEW
    forward = Q(clock_at__lte=to) | (Q(clock_at=None) if to >= earliest_first else Q(pk=None))
    moved = Merchant.objects.filter(forward, id=merchant_id).update(clock_at=to)
    facts = queries.merchant_of_id(merchant_id)
    if not moved:
        raise ClockBackwards(
            f"It is {show_instant(now_for(facts))} at this merchant.",
            errors=[FieldError("/to", "clock_backwards", "Give an instant from then on.")],
        )
    event = ClockMoved(merchant_id=merchant_id, happened_at=to, clock_at=to)
    outbox.publish(aggregate="merchant", events=[event], at=to)
    return facts


def suspend(*, merchant_id: int, suspended: bool) -> None:
    """Close or open a merchant's access from the next request on; nothing is deleted."""
    Merchant.objects.filter(id=merchant_id).update(suspended=suspended)


def _check(code: str, currency: str, zone: str, locale: str, name: str) -> None:
    faults = []
    if len(name) > _MOST_NAME:
        detail = f"A name has at most {_MOST_NAME} characters."
        faults.append(FieldError("/name", "too_long", detail))
    if not _CODE.fullmatch(code):
        faults.append(
            FieldError("/merchant", "malformed", "Use 1 to 40 of a-z, 0-9 and - for the code.")
        )
    try:
        minor_exponent(currency)
    except ValueError as error:
        faults.append(FieldError("/currency", "unknown_value", str(error)))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(
            FieldError("/timezone", "unknown_value", "Use an IANA zone such as Asia/Shanghai.")
        )
    if faults:
        raise Invalid(" ".join(fault.detail for fault in faults), errors=faults)
    _check_locale(locale)


def _check_locale(locale: str) -> None:
    known = [code for code, _ in settings.LANGUAGES]
    if locale not in known:
        detail = f"Use one of {', '.join(known)}."
        raise Invalid(detail, errors=[FieldError("/locale", "unknown_value", detail)])
