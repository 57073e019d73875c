"""Two versions of a programme: what stood in as many days before as after.

docs/algorithms/programme-changes.md tells every figure with a worked shop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ibis.expr.types import Table

from regulars.kernel.instants import show_instant
from regulars.modules.analytics.change_shapes import (
    ChangeSide,
    ChangeWeek,
    MovedByVersion,
    ProgrammeChangeReport,
    SideFigures,
    SideName,
    State,
)
from regulars.modules.analytics.expressions import stretches as over
from regulars.modules.analytics.expressions.purchases import counted_orders, purchases
from regulars.modules.analytics.expressions.tiers import moves_by
from regulars.modules.analytics.facts import Facts, FactTables, Row
from regulars.modules.analytics.report_shapes import TierFlow, TiersReport
from regulars.modules.analytics.rounding import half_up, mean_4, share_bps
from regulars.modules.analytics.types import PointValue, PostingKinds
from regulars.modules.programmes.reigns import Reign

from .points_balance import Movement, liability_minor, movement_of
from .tier_pyramid import flow_between, pyramid_of

USUAL_DAYS: Final = (91, 56, 28, 14, 7)
MOST_WEEKS: Final = 53
_ELSE_DAYS: Final = 28
_WEEK: Final = 7
_WHOLE_BPS: Final = 10_000
_A_DAY: Final = timedelta(days=1)
_KINDS: Final = PostingKinds()
_NO_TRADE: Final[Row] = {
    "orders": 0, "orders_with_member": 0, "revenue_minor": 0, "member_minor": 0,
}  # fmt: skip
_NO_BUYERS: Final[Row] = {"active": 0, "again": 0}

Stretch = tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One of the two: when it held, its ladder from the lowest up (names by code), what its
    points are worth."""

    reign: Reign
    name: str
    ladder: Mapping[str, str]
    value: PointValue


@dataclass(frozen=True, slots=True)
class Known:
    """What bounds every window: the first day with an order, and the last day that is over."""

    first: date | None
    last: date

    def state_of(self, window: Stretch | None, reign: Reign) -> State:
        """Whether there are figures of a window, or why not."""
        if window is None:
            return "never"
        first, last = window
        if first < reign.first_day or (reign.last_day is not None and last > reign.last_day):
            return "short"
        if last > self.last:
            return "not_over"
        return "no_history" if self.first is None or first < self.first else "whole"

    def is_seen(self, window: Stretch, reign: Reign) -> bool:
        return self.state_of(window, reign) == "whole"


def programme_change(
    facts: Facts,
    *,
    as_of: date,
    over_day: date,
    before: Version | None,
    after: Version | None,
    window_days: int | None = None,
    major_minor: int = 100,
) -> ProgrammeChangeReport:
    """``before`` and ``after`` with as many days of each; ``over_day`` is the last that is over.

    ``major_minor`` are the minor units of one unit of the currency. Without ``window_days`` it is
    the longest usual one that both can fill.
    """
    with facts.open() as tables:
        orders = tables.keep("counted", counted_orders(tables.table("orders"), as_of=as_of))
        known = Known(_first_day(tables, orders), min(over_day, as_of))
        longest = _longest(before, after, known)
        days = window_days or next((d for d in USUAL_DAYS if d <= longest), _ELSE_DAYS)
        then = _Side.before(before, days) if before else None
        now = _Side.after(after, days) if after else None
        sides = [side for side in (then, now) if side is not None]
        weeks = [week for side in sides for week in side.weeks(days, known)]
        asked: dict[str, Stretch] = {
            side.name: side.window for side in sides if side.window and side.whole(known)
        }
        asked |= {_key(week.side, week.number): week.days for week in weeks}
        sums = _Sums.of(tables, orders, asked, as_of)
        told: dict[str, ChangeSide] = {
            side.name: _told(side, known, sums, tables, major_minor) for side in sides
        }
        flow = _flow(tables, then, now, known)
        moved = _moved(tables, now, as_of)
    return {
        "report": "programme_change",
        "as_of": as_of.isoformat(),
        "window_days": days,
        "longest_days": longest,
        "before": told.get("before"),
        "after": told.get("after"),
        "changes": [],
        "weeks": [_week(week, sums) for week in sorted(weeks, key=lambda one: one.days)],
        "flow": None if flow is None else [{**move} for move in flow],
        "moved_by_version": moved,
        "measured": [],
    }


@dataclass(frozen=True, slots=True)
class _Week:
    side: SideName
    number: int
    days: Stretch


@dataclass(frozen=True, slots=True)
class _Side:
    """A version and its window; None where it never held for a whole day."""

    name: SideName
    version: Version
    window: Stretch | None

    @staticmethod
    def before(version: Version, days: int) -> _Side:
        last = version.reign.last_day
        held = version.reign.ever and last is not None
        window = (_shifted(last, 1 - days), last) if held and last else None
        return _Side("before", version, window)

    @staticmethod
    def after(version: Version, days: int) -> _Side:
        first = version.reign.first_day
        window = (first, _shifted(first, days - 1)) if version.reign.ever else None
        return _Side("after", version, window)

    def whole(self, known: Known) -> bool:
        return known.state_of(self.window, self.version.reign) == "whole"

    def weeks(self, days: int, known: Known) -> list[_Week]:
        """The whole weeks of the window that are over, away from the change."""
        if self.window is None:
            return []
        found = []
        for number in range(1, min(days // _WEEK, MOST_WEEKS) + 1):
            back = timedelta(days=_WEEK * number)
            if self.name == "before":
                last = self.window[1] - back + timedelta(days=_WEEK)
                week = _Week("before", -number, (last - timedelta(days=_WEEK - 1), last))
            else:
                first = self.window[0] + back - timedelta(days=_WEEK)
                week = _Week("after", number, (first, first + timedelta(days=_WEEK - 1)))
            if known.is_seen(week.days, self.version.reign):
                found.append(week)
        return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """What the expressions say of every stretch at once, by its name."""

    trade: Mapping[str, Row]
    buyers: Mapping[str, Row]
    points: Mapping[str, Movement]
    until: Mapping[str, Movement]

    @staticmethod
    def of(tables: FactTables, orders: Table, asked: Mapping[str, Stretch], as_of: date) -> _Sums:
        stretches = tables.stretches("stretches", asked)
        bought = purchases(orders, as_of=as_of)
        postings = tables.table("postings")
        moved = tables.rows(over.points(postings, stretches, asset="points"))
        until = tables.rows(over.points_until(postings, stretches, asset="points"))
        return _Sums(
            trade={r["stretch"]: r for r in tables.rows(over.trade(orders, stretches))},
            buyers={r["stretch"]: r for r in tables.rows(over.buyers(bought, stretches))},
            points=_movements(moved),
            until=_movements(until),
        )


def _movements(rows: Sequence[Row]) -> dict[str, Movement]:
    found: dict[str, Movement] = {}
    for row in rows:
        name = row["stretch"]
        found[name] = found.get(name, Movement()) + movement_of(row, _KINDS)
    return found


def _first_day(tables: FactTables, orders: Table) -> date | None:
    first: date | None = tables.rows(orders.agg(first_day=orders.day.min()))[0]["first_day"]
    return first


def _longest(before: Version | None, after: Version | None, known: Known) -> int:
    """How many days both sides can fill."""
    if before is None or after is None or known.first is None:
        return 0
    last = before.reign.last_day
    if last is None or last > known.last or not (before.reign.ever and after.reign.ever):
        return 0
    held = (last - max(before.reign.first_day, known.first)).days + 1
    until = min(after.reign.last_day or known.last, known.last)
    begun = (until - max(after.reign.first_day, known.first)).days + 1
    return max(0, min(held, begun))


def _told(
    side: _Side, known: Known, sums: _Sums, tables: FactTables, major_minor: int
) -> ChangeSide:
    reign = side.version.reign
    first, last = side.window or (None, None)
    state = known.state_of(side.window, reign)
    figures = None
    if state == "whole" and first and last:
        ladder = list(side.version.ladder)
        flow = flow_between(tables, first - _A_DAY, last)
        stood = pyramid_of(flow, as_of=last, since=first - _A_DAY, ladder=ladder)
        figures = _figures(side, sums, stood, major_minor)
    return {
        "version": reign.number,
        "name": side.version.name,
        "effective_at": show_instant(reign.since),
        "until": show_instant(reign.until) if reign.until else None,
        "first_day": first.isoformat() if first else None,
        "last_day": last.isoformat() if last else None,
        "state": state,
        "figures": figures,
    }


def _figures(side: _Side, sums: _Sums, stood: TiersReport, major_minor: int) -> SideFigures:
    value, ladder = side.version.value, side.version.ladder
    trade = sums.trade.get(side.name, _NO_TRADE)
    bought = sums.buyers.get(side.name, _NO_BUYERS)
    points = sums.points.get(side.name, Movement())
    outstanding = sums.until.get(side.name, Movement()).outstanding
    sold, issued = trade["member_minor"], points.issued - points.taken_back
    return {
        "orders": trade["orders"],
        "orders_with_member": trade["orders_with_member"],
        "coverage_bps": share_bps(trade["orders_with_member"], trade["orders"]),
        "revenue_minor": trade["revenue_minor"],
        "member_minor": sold,
        "members_active": bought["active"],
        "members_again": bought["again"],
        "rate_bps": share_bps(bought["again"], bought["active"]),
        "issued": points.issued,
        "taken_back": points.taken_back,
        "issued_per_100": mean_4(issued * 100 * major_minor, sold) if sold else None,
        "issued_bps": half_up(issued * value.minor * _WHOLE_BPS, value.points * sold)
        if sold
        else None,
        "spent": points.spent,
        "spent_minor": liability_minor(points.spent, value),
        "outstanding": outstanding,
        "liability_minor": liability_minor(outstanding, value),
        "value_points": value.points,
        "value_minor": value.minor,
        "joined": stood["joined"],
        "upgraded": stood["upgraded"] or 0,
        "downgraded": stood["downgraded"] or 0,
        "tiers": [
            {
                "tier": line["tier"],
                "name": ladder.get(line["tier"], line["tier"]),
                "members_before": line["members_before"],
                "members": line["members"],
            }
            for line in stood["tiers"]
        ],
    }


def _week(week: _Week, sums: _Sums) -> ChangeWeek:
    name = _key(week.side, week.number)
    trade, bought = sums.trade.get(name, _NO_TRADE), sums.buyers.get(name, _NO_BUYERS)
    points = sums.points.get(name, Movement())
    return {
        "side": week.side,
        "week": week.number,
        "first_day": week.days[0].isoformat(),
        "last_day": week.days[1].isoformat(),
        "orders": trade["orders"],
        "member_minor": trade["member_minor"],
        "members_active": bought["active"],
        "members_again": bought["again"],
        "issued": points.issued,
        "spent": points.spent,
    }


def _shifted(day: date, days: int) -> date:
    """``days`` later, or earlier; the end of the calendar where it has no such day."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _key(side: SideName, number: int) -> str:
    return f"{side}{number}"


def _flow(
    tables: FactTables, then: _Side | None, now: _Side | None, known: Known
) -> list[TierFlow] | None:
    """From the last day before to the last day after; None while that is to come."""
    if then is None or now is None or then.window is None or now.window is None:
        return None
    if not now.whole(known):
        return None
    return flow_between(tables, then.window[1], now.window[1])


def _moved(tables: FactTables, now: _Side | None, as_of: date) -> MovedByVersion | None:
    """Whom the later version recounted so far onto another tier; None before it takes effect."""
    if now is None or now.window is None:
        return None
    reign = now.version.reign
    first, last = reign.began_on, min(reign.last_day or as_of, as_of)
    if last < first:
        return None
    changes = moves_by(
        tables.table("tier_changes"), reason="programme", first_day=first, last_day=last
    )
    ranks = {tier: rank for rank, tier in enumerate(now.version.ladder)}
    up = down = 0
    for row in tables.rows(changes):
        start, end = ranks.get(row["from_tier"] or ""), ranks.get(row["to_tier"] or "")
        if start is None or end is None:
            continue
        up += row["members"] if end > start else 0
        down += row["members"] if end < start else 0
    return {"last_day": last.isoformat(), "up": up, "down": down}
