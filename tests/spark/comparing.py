"""Asking both engines the same, and laying the answers side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.liability import Terms
from regulars.modules.analytics.reports.programme_change import Version
from regulars.modules.analytics.reports.rfm_grid import rfm_members, scores_of_members
from regulars.modules.analytics.types import PointValue
from regulars.modules.programmes.reigns import reigns
from regulars.modules.programmes.types import VersionView

Ask = Callable[[Facts], Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure on both engines; a mapping's keys and a list's places lead to it."""

    path: str
    duckdb: Any
    spark: Any

    @property
    def equal(self) -> bool:
        """Same type, same value: 1 is not 1.0, nor None nothing."""
        return type(self.duckdb) is type(self.spark) and self.duckdb == self.spark


def questions(as_of: date, ladder: Sequence[str]) -> dict[str, Ask]:
    """Every report and every list of members behind one, by name."""
    month_ago = as_of - timedelta(days=30)
    first_cohort = f"{as_of - timedelta(days=365):%Y-%m}"
    return {
        "cohorts": lambda on: reports.cohorts(on, as_of=as_of),
        "members of a cohort": lambda on: reports.cohort_members(
            on, as_of=as_of, cohort=first_cohort, month=1
        ),
        "rfm": lambda on: reports.rfm(on, as_of=as_of),
        "rfm of each member": lambda on: scores_of_members(on, as_of=as_of),
        "members of rfm cells": lambda on: rfm_members(
            on, as_of=as_of, recency=(5, 1), frequency=(2, 5)
        ),
        "repurchase in 90 days": lambda on: reports.repurchase(on, as_of=as_of, window_days=90),
        "repurchase in a year": lambda on: reports.repurchase(on, as_of=as_of, window_days=365),
        "trend by week": lambda on: reports.repurchase_trend(
            on, as_of=as_of, window_days=90, period="week", points=53
        ),
        "trend by month": lambda on: reports.repurchase_trend(
            on, as_of=as_of, window_days=30, period="month", points=13
        ),
        "second order": lambda on: reports.second_order(on, as_of=as_of),
        "second order by cohort": lambda on: reports.second_order(on, as_of=as_of, by="cohort"),
        "second order by channel": lambda on: reports.second_order(on, as_of=as_of, by="channel"),
        "second order by store": lambda on: reports.second_order(on, as_of=as_of, by="store"),
        "tiers": lambda on: reports.tiers(on, as_of=as_of, since=month_ago, ladder=ladder),
        "points": lambda on: reports.points_liability(
            on, as_of=as_of, value=PointValue(points=100, minor=100, breakage_bps=1_234)
        ),
        "growth value": lambda on: reports.points_liability(on, as_of=as_of, asset="growth_value"),
        "deferred points": lambda on: reports.deferred_points(on, as_of=as_of, terms=Terms()),
        "coverage": lambda on: reports.coverage(on, as_of=as_of),
        "coverage in 90 days": lambda on: reports.coverage(on, as_of=as_of, window_days=90),
        "sales in 90 days": lambda on: reports.sales(on, as_of=as_of, window_days=90),
        "sales of all time": lambda on: reports.sales(on, as_of=as_of, window_days=36_525),
        "two versions of the programme": lambda on: reports.programme_change(
            on,
            as_of=as_of,
            over_day=as_of,
            before=_version(1, as_of, ladder),
            after=_version(2, as_of, ladder),
            window_days=21,
        ),
        "recruitment": lambda on: reports.recruitment(on, as_of=as_of),
        "frequency": lambda on: reports.frequency(on, as_of=as_of, window_days=90),
        "new members": lambda on: reports.new_members(on, as_of=as_of, window_days=365),
    }


def _version(number: int, as_of: date, ladder: Sequence[str]) -> Version:
    """The first of two versions, or the second, which took effect thirty days before."""
    change = datetime.combine(as_of - timedelta(days=30), time(), UTC)
    starts = (datetime(1970, 1, 1, tzinfo=UTC), change)
    views = [VersionView(n, at, at, "test", {}) for n, at in enumerate(starts, start=1)]
    return Version(
        reign=reigns(views, ZoneInfo("UTC"))[number - 1],
        name="shop",
        ladder={tier: tier for tier in ladder},
        value=PointValue(points=100, minor=number * 50),
    )


def compared(ask: Ask, facts: Facts) -> list[Figure]:
    """Every figure of what ``ask`` gives, side by side."""
    here = dict(_figures("", ask(facts.on("duckdb"))))
    there = dict(_figures("", ask(facts.on("spark"))))
    return [
        Figure(path, here.get(path, _MISSING), there.get(path, _MISSING))
        for path in dict.fromkeys((*here, *there))
    ]


class _Missing:
    def __repr__(self) -> str:
        return "(missing)"


_MISSING = _Missing()


def _figures(path: str, found: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(found, Mapping):
        # Of a mapping it is the keys that count, not the order in which an engine found them.
        yield f"{path}#", sorted(map(str, found))
        for key, value in found.items():
            yield from _figures(f"{path}.{key}" if path else str(key), value)
    elif isinstance(found, list | tuple):
        yield f"{path}#", len(found)
        for place, value in enumerate(found):
            yield from _figures(f"{path}[{place}]", value)
    else:
        yield path, found
