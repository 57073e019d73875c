"""Pure: the one thing that matters most to a member now, with its amount and its date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.kernel.instants import show_instant
from regulars.kernel.periods import day_start, program_day

SOON_DAYS: Final = 60
_CALENDAR: Final = ("calendar_month", "calendar_quarter", "calendar_year", "anniversary")


@dataclass(frozen=True, slots=True)
class Expiring:
    """Points that are gone from an instant on."""

    at: datetime
    amount: int


def next_step(
    statement: Mapping[str, Any],
    *,
    expiring: Sequence[Expiring],
    keep_money_minor: int | None,
    has_bought: bool,
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any] | None:
    """Points that expire within 60 days, else what keeps the tier where its review is within 60
    days, else the way to the next tier; a welcome to who never bought; None at the top.

    ``statement`` is the tier statement as every face shows it, ``expiring`` soonest first.
    Days told are the last on which something can still be done.
    """
    today = program_day(now, zone)
    soon = today + timedelta(days=SOON_DAYS)
    ahead = [one for one in expiring if now < one.at <= day_start(soon, zone)]
    if ahead:
        points = sum(one.amount for one in ahead if one.at == ahead[0].at)
        return _step("expiring", points=points, at=show_instant(ahead[0].at))
    if not has_bought:
        return _step("welcome")
    unit = statement["counter"]["name"]
    until = statement["grace_until"] or statement["keep_until"]
    if statement["keep_gap"] and until and date.fromisoformat(until) <= soon:
        return _step(
            "keep_tier",
            gap=statement["keep_gap"],
            amount_minor=keep_money_minor,
            unit=unit,
            at=until,
            tier=statement["tier"],
        )
    if statement["next"] is None or statement["gap"] is None:
        return None
    window = statement["window"]
    return _step(
        "next_tier",
        gap=statement["gap"],
        amount_minor=statement["gap_money_minor"],
        unit=unit,
        # A rolling window has no day on which the chance is over.
        at=window["until"] if window["span"] in _CALENDAR else None,
        tier=statement["next"],
    )


def _step(
    kind: str,
    *,
    points: int | None = None,
    amount_minor: int | None = None,
    gap: int | None = None,
    unit: str | None = None,
    at: str | None = None,
    tier: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "points": points,
        "amount_minor": amount_minor,
        "gap": gap,
        "unit": unit,
        "at": at,
        "tier": tier,
    }
