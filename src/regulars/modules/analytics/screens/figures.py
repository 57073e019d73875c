"""The figures of the first screen, worked out from facts once per export and day.

They are kept as JSON beside the facts, so that opening the screen reads one small file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from ibis import _

from regulars.infra.http.principal import MerchantFacts
from regulars.modules.analytics import folders, reports
from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.expressions.purchases import purchases
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.queries import Freshness
from regulars.modules.analytics.report_shapes import Cohort, CohortsReport
from regulars.modules.analytics.reporting import TREND_POINTS, WINDOW_DAYS, redeemed_at
from regulars.modules.analytics.rounding import share_bps
from regulars.modules.programmes.types import Programme

from . import watching

SERIES_POINTS: Final = 13
_WINDOW: Final = timedelta(days=WINDOW_DAYS)
_WEEK: Final = timedelta(weeks=1)

Told = dict[str, Any]


def figures(
    fresh: Freshness, merchant: MerchantFacts, programme: Programme | None, today: date
) -> Told:
    """Everything on the first screen that comes from facts: ``figures``, ``trend``, ``cohorts``,
    ``pyramid`` (codes alone), ``funnel`` and ``watched`` (count and amount by list)."""
    if fresh.folder is None:
        return _work_out(fresh, merchant, programme, today)

    def keep(path: Path) -> None:
        told = _work_out(fresh, merchant, programme, today)
        path.write_text(json.dumps(told, separators=(",", ":")))

    number = programme.number if programme else 0
    path = folders.derived(fresh.folder, f"home-{number}-{today}.json", keep)
    told: Told = json.loads(path.read_text())
    return told


def _work_out(
    fresh: Freshness, merchant: MerchantFacts, programme: Programme | None, today: date
) -> Told:
    facts = fresh.facts
    cohorts = reports.cohorts(facts, as_of=today)
    trend = reports.repurchase_trend(
        facts, as_of=today, window_days=WINDOW_DAYS, period="week", points=TREND_POINTS
    )["points"]
    points = [
        {
            "at": point["day"],
            "rate_bps": point["rate_bps"],
            "members_active": point["members_active"],
            "whole_window": point["whole_window"],
        }
        for point in trend
    ]
    ladder = [tier.code for tier in programme.ladder.tiers] if programme else []
    tiers = reports.tiers(facts, as_of=today, ladder=ladder)
    joined = reports.new_members(facts, as_of=today, window_days=2 * WINDOW_DAYS)
    rate, active = _repurchase(facts, today, points)
    return {
        "figures": [
            rate,
            _returning(facts, today),
            _new_members([line["members"] for line in joined["days"]], today),
            _liability(facts, programme, today),
            active,
        ],
        "trend": points,
        "cohorts": [_shown(cohort) for cohort in cohorts["cohorts"]],
        "pyramid": [{"code": line["tier"], "members": line["members"]} for line in tiers["tiers"]],
        "funnel": _funnel(tiers["members"], cohorts),
        "second_purchase_bps": _second_purchase_bps(cohorts),
        "watched": _watched(fresh, merchant, programme, today),
    }


def _shown(cohort: Cohort) -> Told:
    """What the first screen shows of a cohort; the report has more."""
    return {
        "cohort": cohort["cohort"],
        "size": cohort["size"],
        "over": cohort["over"],
        "active": cohort["active"],
        "returned_by": cohort["returned_by"],
    }


def _figure(
    id: str,
    unit: str,
    value: int | None,
    before: int | None,
    series: Sequence[tuple[date | str, int]],
    **detail: int | None,
) -> Told:
    return {
        "id": id,
        "value": value,
        "unit": unit,
        "before": before,
        "series": [{"at": str(at), "value": number} for at, number in series],
        "detail": detail,
    }


def _repurchase(facts: Facts, today: date, trend: Sequence[Mapping[str, Any]]) -> tuple[Told, Told]:
    """The rate and the number of active members, which come from one report."""
    now = reports.repurchase(facts, as_of=today, window_days=WINDOW_DAYS)
    then = reports.repurchase(facts, as_of=today - _WINDOW, window_days=WINDOW_DAYS)
    known, known_then = now["members_active"] > 0, then["members_active"] > 0
    last = [point for point in trend if point["whole_window"]][-SERIES_POINTS:]
    rate = _figure(
        "repurchase_rate",
        "bps",
        now["rate_bps"] if known else None,
        then["rate_bps"] if known_then else None,
        [(point["at"], point["rate_bps"]) for point in last],
        coverage_bps=now["coverage_bps"],
        members_active=now["members_active"],
        members_again=now["members_again"],
    )
    active = _figure(
        "active_members",
        "count",
        now["members_active"],
        then["members_active"] if known_then else None,
        [(point["at"], point["members_active"]) for point in last],
    )
    return rate, active


def _returning(facts: Facts, today: date) -> Told:
    """What members spent after the day of their first purchase, as a share of all they spent."""
    with facts.open() as tables:
        bought = purchases(tables.table("orders"), as_of=today)
        marked = bought.mutate(first_day=_.day.min().over(group_by="member_id"))
        daily = marked.group_by("day").agg(
            spent=_.value_minor.sum(),
            returning=_.value_minor.sum(where=_.day > _.first_day).fill_null(0),
        )
        rows = {row["day"]: (row["returning"], row["spent"]) for row in tables.rows(daily)}

    def window(last: date) -> tuple[int, int]:
        days = [rows.get(last - timedelta(days=back), (0, 0)) for back in range(WINDOW_DAYS)]
        return sum(returning for returning, _spent in days), sum(spent for _, spent in days)

    (returning, spent), (returning_then, spent_then) = window(today), window(today - _WINDOW)
    weeks = [(day, window(day)) for day in _weeks(today)]
    return _figure(
        "returning_revenue",
        "bps",
        share_bps(returning, spent) if spent else None,
        share_bps(returning_then, spent_then) if spent_then else None,
        [(day, share_bps(*sums)) for day, sums in weeks if sums[1]],
        returning_minor=returning,
        spent_minor=spent,
    )


def _new_members(joined: Sequence[int], today: date) -> Told:
    """``joined`` are the last two windows day by day."""
    weeks = [joined[len(joined) - 7 * back : len(joined) - 7 * (back - 1)] for back in _BACK]
    return _figure(
        "new_members",
        "count",
        sum(joined[-WINDOW_DAYS:]),
        sum(joined[:-WINDOW_DAYS]),
        [(day, sum(week)) for day, week in zip(_weeks(today), weeks, strict=True)],
    )


_BACK: Final = range(SERIES_POINTS, 0, -1)


def _liability(facts: Facts, programme: Programme | None, today: date) -> Told:
    value = redeemed_at(programme) if programme else None
    report = reports.points_liability(facts, as_of=today, value=value)
    then = reports.points_liability(facts, as_of=today - _WINDOW)
    ends = [
        (min(months.last_day(months.number_of(date.fromisoformat(f"{line['month']}-01"))), today),
         line["outstanding"])
        for line in report["months"][-SERIES_POINTS:]
    ]  # fmt: skip
    return _figure(
        "points_liability",
        "points",
        report["outstanding"],
        then["outstanding"] if then["months"] else None,
        ends,
        debt=report["debt"],
        liability_minor=report["liability_minor"],
    )


def _weeks(today: date) -> list[date]:
    """The last days of the last weeks, oldest first; the last of them is ``today``."""
    return [today - _WEEK * (back - 1) for back in _BACK]


def _funnel(joined: int, cohorts: CohortsReport) -> list[Told]:
    """How many joined, and how many of them came to their first, second and third purchase."""
    ladder = cohorts["next_purchase"]
    reached = [cohorts["members"], *(step["ever"] for step in ladder[:2]), 0, 0][:3]
    ids = ("joined", "first_order", "second_order", "third_order")
    return [
        {"id": id, "members": members} for id, members in zip(ids, (joined, *reached), strict=True)
    ]


def _second_purchase_bps(cohorts: CohortsReport) -> int:
    return share_bps(cohorts["bought_again_within_days"][str(WINDOW_DAYS)], cohorts["members"])


def _watched(
    fresh: Freshness, merchant: MerchantFacts, programme: Programme | None, today: date
) -> Told:
    lists = {"expiring": watching.expiring(fresh, today), "lapsing": watching.lapsing(fresh, today)}
    if programme is not None:
        lists["at_risk"] = watching.at_risk(fresh, merchant, programme, today)
    return {
        name: {"count": len(listed.member_ids), "amount": listed.amount}
        for name, listed in lists.items()
    }
