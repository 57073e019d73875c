"""What experiments measured on the days of a stretch, for reports that measure nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.analytics.change_shapes import MeasuredBy

from . import services
from .models import Experiment
from .queries import view
from .types import View

#: A stretch with more experiments tells of the standing holdout and the latest.
MOST: Final = 20
_A_DAY: Final = timedelta(days=1)


def measured(merchant: MerchantFacts, first: date, last: date, now: datetime) -> list[MeasuredBy]:
    """The experiments that counted on any day from ``first`` to ``last``: the standing holdout
    first, then those that covered all of it, then the latest."""
    yesterday = program_day(now, ZoneInfo(merchant.zone)) - _A_DAY
    until = min(last, yesterday)
    if until < first:
        return []
    rows = Experiment.objects.of(merchant.id).exclude(status="draft")
    found = [
        (one, days)
        for one in map(view, rows.filter(assigned_on__lt=until).order_by("-assigned_on", "-id"))
        if (days := _days(one, yesterday)) is not None and days[1] >= first
    ]
    found.sort(key=lambda one: _rank(*one, first=first, until=until))
    return [_told(merchant, *one, first=first, until=until, now=now) for one in found[:MOST]]


def _days(one: View, yesterday: date) -> tuple[date, date] | None:
    """The days that counted so far; None before the first is over."""
    if one.assigned_on is None or one.ends_on is None:
        return None
    begins, ends = one.assigned_on + _A_DAY, min(one.ends_on, yesterday)
    if one.result is not None:
        look = one.result.get("look")
        ends = min(ends, date.fromisoformat(look["day"])) if look else ends
    return (begins, ends) if begins <= ends else None


def _covers(days: tuple[date, date], *, first: date, until: date) -> bool:
    return days[0] <= first and days[1] >= until


def _rank(one: View, days: tuple[date, date], *, first: date, until: date) -> tuple[bool, bool]:
    return one.plan.scope != "everything", not _covers(days, first=first, until=until)


def _told(
    merchant: MerchantFacts,
    one: View,
    days: tuple[date, date],
    *,
    first: date,
    until: date,
    now: datetime,
) -> MeasuredBy:
    readout = services.read(merchant, one, now)
    figures: dict[str, Any] = (readout["metrics"] or {}).get(one.plan.metric) or {}
    relative = figures.get("relative") or {}
    return {
        "id": show("exp", one.id),
        "code": one.plan.code,
        "name": one.plan.name,
        "scope": one.plan.scope,
        "offer": one.plan.offer,
        "status": one.status,
        "metric": one.plan.metric,
        "first_day": days[0].isoformat(),
        "last_day": days[1].isoformat(),
        "covers": _covers(days, first=first, until=until),
        "verdict": readout["verdict"],
        "difference": figures.get("difference"),
        "low": figures.get("low"),
        "high": figures.get("high"),
        "relative": relative.get("value"),
        "relative_low": relative.get("low"),
        "relative_high": relative.get("high"),
        "readable_on": readout["readable_on"],
    }
