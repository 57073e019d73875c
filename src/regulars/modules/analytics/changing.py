"""Which two versions of a merchant's programme are compared, and the report on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.money import minor_exponent
from regulars.kernel.periods import program_day
from regulars.modules.programmes.changes import Change, changes
from regulars.modules.programmes.queries import programme, versions
from regulars.modules.programmes.reigns import Reign, in_force, reigns
from regulars.modules.programmes.statements import named
from regulars.modules.programmes.types import VersionView
from regulars.modules.programmes.wording import locale_of, told

from . import reports
from .change_shapes import ChangeLine, ChangeSide, MeasuredBy, ProgrammeChangeReport
from .facts import Facts
from .parts import measured_above
from .reports.programme_change import Version
from .types import PointValue

_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions by number, and how long a window; without numbers the one in force and the one
    before it."""

    before: int | None = None
    after: int | None = None
    window_days: int | None = None
    locale: str | None = None


def compare(
    merchant: MerchantFacts, facts: Facts, asked: Compared, *, as_of: date, now: datetime
) -> ProgrammeChangeReport:
    """The report. Raises Invalid for a version there is not, and for two in the wrong order."""
    zone = ZoneInfo(merchant.zone)
    views = versions(merchant.id)
    held = reigns(views, zone)
    before, after = _chosen(held, asked, now)
    locale = asked.locale or merchant.locale
    report = reports.programme_change(
        facts,
        as_of=as_of,
        over_day=program_day(now, zone) - _A_DAY,
        before=_version(merchant.id, before, locale) if before else None,
        after=_version(merchant.id, after, locale) if after else None,
        window_days=asked.window_days,
        major_minor=10 ** minor_exponent(merchant.currency),
    )
    if before and after:
        report["changes"] = _changes(views, before, after, locale, merchant.currency)
    report["measured"] = _measured(merchant, report["after"], now)
    return report


def _chosen(held: list[Reign], asked: Compared, now: datetime) -> tuple[Reign | None, Reign | None]:
    places = {reign.number: place for place, reign in enumerate(held)}
    for name, number in (("before", asked.before), ("after", asked.after)):
        if number is not None and number not in places:
            detail = f"There is no version {number}."
            raise Invalid(detail, errors=[FieldError(f"?{name}", "unknown_version", detail)])
    if asked.before is not None and asked.after is None:
        before = places[asked.before]
        after = before + 1
    else:
        current = in_force(held, now)
        number = asked.after if asked.after is not None else (current.number if current else None)
        after = places[number] if number is not None else 0
        before = places[asked.before] if asked.before is not None else after - 1
    if before >= after:
        detail = "Name the version that took effect first as the one before."
        raise Invalid(detail, errors=[FieldError("?before", "not_before", detail)])
    return (
        held[before] if 0 <= before < len(held) else None,
        held[after] if after < len(held) else None,
    )


def _version(merchant_id: int, reign: Reign, locale: str) -> Version:
    found = programme(merchant_id, reign.number)
    rate = found.redeeming.points
    return Version(
        reign=reign,
        name=found.name,
        ladder={tier.code: named(tier, locale)["name"] for tier in found.ladder.tiers},
        value=PointValue(points=rate.units, minor=rate.minor, said_by="programme"),
    )


def _changes(
    views: list[VersionView], before: Reign, after: Reign, locale: str, currency: str
) -> list[ChangeLine]:
    documents = {view.number: view.document for view in views}
    found = changes(documents[before.number], documents[after.number])
    return [_line(change, locale, currency) for change in found]


def _line(change: Change, locale: str, currency: str) -> ChangeLine:
    words = told(change, locale=locale_of(locale), currency=currency)
    return {
        "field": change.key.field,
        "asset": change.key.asset,
        "tier": change.key.tier,
        "item": change.key.item,
        "kind": change.kind,
        "label": words.label,
        "before": words.before,
        "after": words.after,
        "before_value": change.before.value if change.before else None,
        "after_value": change.after.value if change.after else None,
    }


def _measured(merchant: MerchantFacts, after: ChangeSide | None, now: datetime) -> list[MeasuredBy]:
    first, last = (after["first_day"], after["last_day"]) if after else (None, None)
    if first is None or last is None:
        return []
    return measured_above(merchant, date.fromisoformat(first), date.fromisoformat(last), now)
