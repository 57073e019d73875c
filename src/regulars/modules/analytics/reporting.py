"""One merchant's report by name: which facts it needs, and what it is asked with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import NotFound
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import day_start, program_day
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.statements import named
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers.types import Ladder

from . import engines, reports, services
from .changing import Compared, compare
from .facts import Facts
from .liability import Terms
from .marks import Part
from .queries import Freshness
from .report_shapes import Report
from .types import CurveGroup, PointValue
from .windows import window_start

Name = Literal[
    "repurchase",
    "cohorts",
    "rfm",
    "tiers",
    "points_liability",
    "deferred_points",
    "coverage",
    "second_order",
    "sales",
    "trend",
    "new_members",
    "programme_change",
    "recruitment",
    "frequency",
]
NAMES: Final[tuple[Name, ...]] = get_args(Name)
WINDOW_DAYS: Final = 90
TREND_POINTS: Final = 53
_TIER_DAYS: Final = 30
_OF_POINTS: Final[frozenset[Name]] = frozenset({"points_liability", "deferred_points"})
_A_DAY: Final = timedelta(days=1)
_AN_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A report as asked for. Without ``as_of`` it is of today, without a window of the usual one;
    ``by`` splits the curves of ``second_order``, ``terms`` are those of ``deferred_points``. Both
    reports of points go by ``value``; without one, by what the programme redeems points at.
    ``before`` and ``after`` are the versions of ``programme_change``, told in ``locale``."""

    name: Name
    as_of: date | None = None
    window_days: int | None = None
    by: CurveGroup | None = None
    terms: Terms | None = None
    value: PointValue | None = None
    before: int | None = None
    after: int | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A report, and how fresh the facts behind it are."""

    report: Report
    fresh: Freshness
    stale: bool


@dataclass(frozen=True, slots=True)
class _On:
    """What a report is made with."""

    merchant: MerchantFacts
    now: datetime
    facts: Facts
    as_of: date
    window_days: int | None
    compared: Compared
    by: CurveGroup | None
    ladder: Ladder | None
    terms: Terms
    value: PointValue | None

    @property
    def window(self) -> int:
        return self.window_days or WINDOW_DAYS


def answer(
    merchant: MerchantFacts, question: Question, *, at_most_rows: int | None = None
) -> Answer:
    """The report on everything that is committed; what is stale is exported first.

    With ``at_most_rows`` a longer export is left to the jobs, and ``stale`` tells so.
    """
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    part, make = _REPORTS[question.name]
    parts = (part, *_ALSO.get(question.name, ()))
    fresh = services.fresh(merchant.id, now, parts, at_most_rows=at_most_rows)
    today = program_day(now, zone)
    as_of = question.as_of or today
    terms = question.terms or Terms()
    value = question.value
    if value is None and question.name in _OF_POINTS:
        end = now if as_of >= today else day_start(as_of + _A_DAY, zone) - _AN_INSTANT
        programme = programme_of(merchant.id, end)
        value = redeemed_at(programme) if programme else None
    on = _On(
        merchant=merchant,
        now=now,
        compared=Compared(
            before=question.before,
            after=question.after,
            window_days=question.window_days,
            locale=question.locale,
        ),
        facts=fresh.facts.on(engines.chosen()),
        as_of=as_of,
        window_days=question.window_days,
        by=question.by,
        ladder=ladder_of(merchant.id, now) if question.name == "tiers" else None,
        terms=terms if value is None else replace(terms, value=value),
        value=value and replace(value, breakage_bps=terms.breakage_bps or 0),
    )
    return Answer(make(on), fresh, fresh.is_stale(parts))


def redeemed_at(programme: Programme) -> PointValue:
    """What points are worth by what the programme redeems them at."""
    rate = programme.redeeming.points
    return PointValue(points=rate.units, minor=rate.minor, said_by="programme")


def programme_of(merchant_id: int, at: datetime) -> Programme | None:
    """The programme in force; None where the merchant has none yet."""
    try:
        return programme_at(merchant_id, at)
    except NotFound:
        return None


def ladder_of(merchant_id: int, now: datetime) -> Ladder | None:
    """The ladder in force; None where the merchant has no programme yet."""
    programme = programme_of(merchant_id, now)
    return programme.ladder if programme else None


def tier_names(ladder: Ladder | None, locale: str) -> dict[str, str]:
    """The names of the tiers by code, from the lowest up."""
    return {tier.code: named(tier, locale)["name"] for tier in ladder.tiers} if ladder else {}


def freshness_shown(fresh: Freshness, *, stale: bool) -> dict[str, Any]:
    """How fresh facts are, in plain JSON."""
    return {
        "as_of": show_instant(fresh.as_of) if fresh.as_of else None,
        "exported_at": show_instant(fresh.exported_at) if fresh.exported_at else None,
        "stale": stale,
    }


def _tiers(on: _On) -> Report:
    ladder = [tier.code for tier in on.ladder.tiers] if on.ladder else []
    since = window_start(on.as_of, on.window_days or _TIER_DAYS)
    return reports.tiers(on.facts, as_of=on.as_of, since=since, ladder=ladder)


#: Parts of the facts that a report needs beside its first.
_ALSO: Final[Mapping[Name, tuple[Part, ...]]] = {
    "deferred_points": ("orders",),
    "programme_change": ("ledger", "people"),
    "recruitment": ("people",),
    "frequency": ("people",),
}
_REPORTS: Final[Mapping[Name, tuple[Part, Callable[[_On], Report]]]] = {
    "repurchase": (
        "orders",
        lambda on: reports.repurchase(on.facts, as_of=on.as_of, window_days=on.window),
    ),
    "cohorts": ("orders", lambda on: reports.cohorts(on.facts, as_of=on.as_of)),
    "rfm": ("orders", lambda on: reports.rfm(on.facts, as_of=on.as_of)),
    "tiers": ("people", _tiers),
    "points_liability": (
        "ledger",
        lambda on: reports.points_liability(on.facts, as_of=on.as_of, value=on.value),
    ),
    "deferred_points": (
        "ledger",
        lambda on: reports.deferred_points(on.facts, as_of=on.as_of, terms=on.terms),
    ),
    "coverage": (
        "orders",
        lambda on: reports.coverage(on.facts, as_of=on.as_of, window_days=on.window_days),
    ),
    "second_order": (
        "orders",
        lambda on: reports.second_order(on.facts, as_of=on.as_of, by=on.by),
    ),
    "sales": (
        "orders",
        lambda on: reports.sales(on.facts, as_of=on.as_of, window_days=on.window),
    ),
    "trend": (
        "orders",
        lambda on: reports.repurchase_trend(
            on.facts,
            as_of=on.as_of,
            window_days=on.window,
            period="week",
            points=TREND_POINTS,
        ),
    ),
    "new_members": (
        "people",
        lambda on: reports.new_members(on.facts, as_of=on.as_of, window_days=on.window),
    ),
    "programme_change": (
        "orders",
        lambda on: compare(on.merchant, on.facts, on.compared, as_of=on.as_of, now=on.now),
    ),
    "recruitment": ("orders", lambda on: reports.recruitment(on.facts, as_of=on.as_of)),
    "frequency": (
        "orders",
        lambda on: reports.frequency(on.facts, as_of=on.as_of, window_days=on.window),
    ),
}
