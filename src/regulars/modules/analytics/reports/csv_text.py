"""Reports as CSV: one plain table each, the one behind the chart."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from regulars.modules.analytics import report_shapes as shapes
from regulars.modules.analytics.change_shapes import ProgrammeChangeReport
from regulars.modules.analytics.deferred_shapes import DeferredPointsReport
from regulars.modules.analytics.recruitment_shapes import FrequencyReport, RecruitmentReport
from regulars.modules.analytics.reports.rfm_grid import segment_of
from regulars.modules.analytics.rounding import share_bps

Table = Literal["ageing", "changes", "cohorts", "flow", "measured", "months", "weeks", "what_if"]
_Cell = str | int | float | bool | None
_Line = tuple[_Cell, ...]
# A spreadsheet takes a text that starts with one of these for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def to_csv(report: shapes.Report, table: Table | None = None) -> str:
    """``report`` as CSV with a header line, also where it has no rows; None is an empty field.

    ``table`` is another of the report's tables than its first; a report without it gives its first.
    Text that a spreadsheet would run as a formula (a channel's name, a tier's) gets an apostrophe
    in front.
    """
    name = report["report"]
    header, lines = _OTHER_TABLES.get((name, table), _TABLES[name])
    return table_text(header.split(), lines(report))


def table_text(heads: Iterable[str], lines: Iterable[Iterable[_Cell]]) -> str:
    """A table as CSV with a header line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([cell_text(cell) for cell in line] for line in lines)
    return text.getvalue()


def cell_text(cell: _Cell) -> str:
    """A cell as CSV holds it; nothing a spreadsheet would run."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return str(cell)


def _recruitment(report: RecruitmentReport) -> Iterator[_Line]:
    told = [("all", report["total"])]
    told += [("source", line) for line in report["sources"]]
    told += [("cohort", line) for line in report["cohorts"]]
    for dimension, line in told:
        ages = [age[key] for age in line["ages"] for key in ("joined", "first", "second")]
        shares = line["first_bps"], line["second_bps"], line["third_bps"]
        steps = line["joined"], line["first"], line["second"], line["third"]
        worth = line["revenue_minor"], line["revenue_per_member_minor"]
        yield dimension, line["name"], *steps, *shares, *worth, *ages


def _frequency(report: FrequencyReport) -> Iterator[_Line]:
    for one in report["groups"]:
        bought: list[int | None] = [*one["bought"]] if one["bought"] else [None] * 5
        yield (
            one["group"],
            one["orders"],
            one["revenue_minor"],
            one["order_value_minor"],
            one["buyers"],
            one["purchases"],
            one["frequency"],
            *bought,
        )


def _cohorts(report: shapes.CohortsReport) -> Iterator[_Line]:
    for cohort in report["cohorts"]:
        name, size = cohort["cohort"], cohort["size"]
        yield name, size, 0, size, 10_000, None, None, cohort["first_month_revenue_minor"]
        months = zip(cohort["active"], cohort["returned_by"], cohort["revenue_minor"], strict=True)
        for month, (active, returned_by, revenue_minor) in enumerate(months, start=1):
            shares = [None if n is None else share_bps(n, size) for n in (active, returned_by)]
            yield name, size, month, active, shares[0], returned_by, shares[1], revenue_minor


def _rfm(report: shapes.RfmReport) -> Iterator[_Line]:
    for cell, members in report["cells"].items():
        r, f, m = (int(score) for score in cell)
        yield r, f, m, segment_of(recency=r, frequency=f), members


def _repurchase(report: shapes.RepurchaseReport) -> Iterator[_Line]:
    window, coverage = report["window_days"], report["coverage_bps"]
    active, again, rate = report["members_active"], report["members_again"], report["rate_bps"]
    yield report["as_of"], window, active, again, rate, coverage


def _trend(report: shapes.RepurchaseTrendReport) -> Iterator[_Line]:
    for point in report["points"]:
        yield (
            point["day"],
            report["window_days"],
            point["members_active"],
            point["members_again"],
            point["rate_bps"],
            point["coverage_bps"],
            point["whole_window"],
        )


def _second_order(report: shapes.SecondOrderReport) -> Iterator[_Line]:
    for curve in report["curves"]:
        for point in curve["points"]:
            again = point["bought"], point["again_bps"]
            yield curve["group"], point["days"], point["at_risk"], *again


def _tiers(report: shapes.TiersReport) -> Iterator[_Line]:
    for line in report["tiers"]:
        now = line["tier"], line["members"], line["members_bps"], line["members_before"]
        yield *now, line["joined"], line["left"], line["arrived"], line["gone"]


def _points(report: shapes.PointsLiabilityReport) -> Iterator[_Line]:
    expiring = {lot["month"]: lot["points"] for lot in report["ageing"]}
    for line in report["months"]:
        gone = line["spent"], line["expired"], line["taken_back"]
        balance = line["moved"], line["outstanding"]
        yield line["month"], line["issued"], *gone, *balance, expiring.pop(line["month"], None)
    for month, points in expiring.items():
        yield month or "never", None, None, None, None, None, None, points


def _deferred(report: DeferredPointsReport) -> Iterator[_Line]:
    """A journal: what is put off when points are sold, what is released when they are used."""
    revenue, owed = "revenue", "deferred_revenue_points"
    for line in report["journal"]:
        for entry, amount, debit, credit in (
            ("deferral", line["deferred_minor"], revenue, owed),
            ("release", line["released_minor"], owed, revenue),
        ):
            if amount < 0:
                yield line["month"], f"{entry}_corrected", credit, debit, -amount, True
            elif amount:
                yield line["month"], entry, debit, credit, amount, True


def _ageing(report: shapes.PointsLiabilityReport) -> Iterator[_Line]:
    for lot in report["ageing"]:
        yield lot["month"] or "never", lot["points"]


def _deferred_months(report: DeferredPointsReport) -> Iterator[_Line]:
    for line in report["journal"]:
        moved = line["deferred_minor"], line["released_minor"]
        yield line["month"], line["opening_minor"], *moved, line["closing_minor"], True


def _deferred_cohorts(report: DeferredPointsReport) -> Iterator[_Line]:
    for line in report["cohorts"]:
        points = line["issued"], line["redeemed"], line["expired"], line["outstanding"]
        expected = line["expected"], line["expected_bps"], line["initial_bps"]
        money = line["allocated_minor"], line["recognised_minor"], line["deferred_minor"]
        yield line["month"], *points, *expected, *money, True


def _deferred_what_if(report: DeferredPointsReport) -> Iterator[_Line]:
    told = report["what_if"]
    for line in told["cohorts"] if told else ():
        expected = line["expected"], line["expected_bps"]
        yield line["month"], *expected, line["deferred_minor"], line["difference_minor"], True


def _coverage(report: shapes.CoverageReport) -> Iterator[_Line]:
    yield "all", None, *_counts(report)
    for channel in report["channels"]:
        yield "channel", channel["name"], *_counts(channel)
    for store in report["stores"]:
        yield "store", store["name"], *_counts(store)


def _counts(line: shapes.CoverageCounts) -> tuple[int, ...]:
    orders = line["orders"], line["orders_with_member"], line["coverage_bps"]
    revenue = line["revenue_minor"], line["revenue_with_member_minor"]
    return *orders, *revenue, line["revenue_coverage_bps"]


def _sales(report: shapes.SalesReport) -> Iterator[_Line]:
    orders = report["orders"], report["revenue_minor"], report["order_value_minor"]
    members = report["members_active"], report["purchases_per_member"]
    whose = report["new_minor"], report["returning_minor"], report["unknown_minor"]
    shares = report["returning_bps"], report["revenue_coverage_bps"]
    yield report["as_of"], report["window_days"], *orders, *members, *whose, *shares


def _new_members(report: shapes.NewMembersReport) -> Iterator[_Line]:
    for line in report["days"]:
        yield line["day"], line["members"]


def _change(report: ProgrammeChangeReport) -> Iterator[_Line]:
    """A line for each figure; a side without figures has empty ones, and its state says why."""
    sides: list[Mapping[str, Any] | None] = [report["before"], report["after"]]
    for name in ("version", "effective_at", "first_day", "last_day", "state"):
        yield name, *(side[name] if side else None for side in sides)
    figures = [side["figures"] if side else None for side in sides]
    for name in _CHANGE_FIGURES.split():
        yield name, *(found[name] if found else None for found in figures)
    tiers: dict[str, list[int | None]] = {}
    for place, found in enumerate(figures):
        for stand in found["tiers"] if found else ():
            tiers.setdefault(stand["tier"], [None, None])[place] = stand["members"]
    for tier, members in tiers.items():
        yield f"members_in:{tier}", *members


def _change_lines(report: ProgrammeChangeReport) -> Iterator[_Line]:
    for line in report["changes"]:
        about = line["field"], line["asset"], line["tier"], line["item"], line["kind"]
        yield *about, line["label"], line["before"], line["after"]


def _change_weeks(report: ProgrammeChangeReport) -> Iterator[_Line]:
    for week in report["weeks"]:
        when = week["side"], week["week"], week["first_day"], week["last_day"]
        who = week["members_active"], week["members_again"]
        yield *when, week["orders"], week["member_minor"], *who, week["issued"], week["spent"]


def _change_flow(report: ProgrammeChangeReport) -> Iterator[_Line]:
    for move in report["flow"] or ():
        yield move["from_tier"], move["to_tier"], move["members"]


def _change_measured(report: ProgrammeChangeReport) -> Iterator[_Line]:
    for one in report["measured"]:
        what = one["id"], one["code"], one["name"], one["scope"], one["offer"], one["status"]
        when = one["first_day"], one["last_day"], one["covers"]
        said = one["metric"], one["verdict"], one["difference"], one["low"], one["high"]
        share = one["relative"], one["relative_low"], one["relative_high"]
        yield *what, *when, *said, *share, one["readable_on"]


_CHANGE_FIGURES: Final = (
    "orders orders_with_member coverage_bps revenue_minor member_minor members_active "
    "members_again rate_bps issued taken_back issued_per_100 issued_bps spent spent_minor "
    "outstanding liability_minor value_points value_minor joined upgraded downgraded"
)
_COVERAGE = "orders orders_with_member coverage_bps revenue_minor revenue_with_member_minor"
_Told = tuple[str, Callable[[Any], Iterator[_Line]]]
_TABLES: Final[Mapping[str, _Told]] = {
    "cohorts": (
        "cohort size month active active_bps returned_by returned_by_bps revenue_minor",
        _cohorts,
    ),
    "rfm": ("r f m segment members", _rfm),
    "repurchase": (
        "as_of window_days members_active members_again rate_bps coverage_bps",
        _repurchase,
    ),
    "repurchase_trend": (
        "day window_days members_active members_again rate_bps coverage_bps whole_window",
        _trend,
    ),
    "second_order": ("group days at_risk bought again_bps", _second_order),
    "tiers": ("tier members members_bps members_before joined left arrived gone", _tiers),
    "points_liability": (
        "month issued spent expired taken_back moved outstanding expiring",
        _points,
    ),
    "deferred_points": ("month entry debit credit amount_minor estimate", _deferred),
    "coverage": (f"dimension name {_COVERAGE} revenue_coverage_bps", _coverage),
    "sales": (
        "as_of window_days orders revenue_minor order_value_minor members_active "
        "purchases_per_member new_minor returning_minor unknown_minor returning_bps "
        "revenue_coverage_bps",
        _sales,
    ),
    "new_members": ("day members", _new_members),
    "programme_change": ("figure before after", _change),
    "recruitment": (
        "dimension name joined first second third first_bps second_bps third_bps revenue_minor "
        "revenue_per_member_minor joined_30 first_30 second_30 joined_90 first_90 second_90",
        _recruitment,
    ),
    "frequency": (
        "group orders revenue_minor order_value_minor buyers purchases frequency bought_1 "
        "bought_2 bought_3 bought_4 bought_5_or_more",
        _frequency,
    ),
}
_OTHER_TABLES: Final[Mapping[tuple[str, Table | None], _Told]] = {
    ("points_liability", "ageing"): ("month points", _ageing),
    ("deferred_points", "months"): (
        "month opening_minor deferred_minor released_minor closing_minor estimate",
        _deferred_months,
    ),
    ("deferred_points", "cohorts"): (
        "month issued redeemed expired outstanding expected expected_bps initial_bps "
        "allocated_minor recognised_minor deferred_minor estimate",
        _deferred_cohorts,
    ),
    ("deferred_points", "what_if"): (
        "month expected expected_bps deferred_minor difference_minor estimate",
        _deferred_what_if,
    ),
    ("programme_change", "changes"): (
        "field asset tier item kind label before after",
        _change_lines,
    ),
    ("programme_change", "weeks"): (
        "side week first_day last_day orders member_minor members_active members_again issued "
        "spent",
        _change_weeks,
    ),
    ("programme_change", "flow"): ("from_tier to_tier members", _change_flow),
    ("programme_change", "measured"): (
        "id code name scope offer status first_day last_day covers metric verdict difference low "
        "high relative relative_low relative_high readable_on",
        _change_measured,
    ),
}
