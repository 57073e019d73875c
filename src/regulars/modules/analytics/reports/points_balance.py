"""The points report: what was issued, where it went, what is owed and when it expires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from regulars.modules.analytics.expressions import months
from regulars.modules.analytics.expressions.points import expiring, movements
from regulars.modules.analytics.facts import Facts, Row
from regulars.modules.analytics.report_shapes import PointsLiabilityReport, PointsMonth
from regulars.modules.analytics.rounding import half_up
from regulars.modules.analytics.types import PointValue, PostingKinds

_WHOLE_BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Points by what happened to them; what was spent, expired or taken back counts positive."""

    issued: int = 0
    spent: int = 0
    expired: int = 0
    taken_back: int = 0
    moved: int = 0
    debt: int = 0

    def __add__(self, other: Movement) -> Movement:
        return Movement(
            issued=self.issued + other.issued,
            spent=self.spent + other.spent,
            expired=self.expired + other.expired,
            taken_back=self.taken_back + other.taken_back,
            moved=self.moved + other.moved,
            debt=self.debt + other.debt,
        )

    @property
    def outstanding(self) -> int:
        return self.issued - self.spent - self.expired - self.taken_back + self.moved


def points_liability(
    facts: Facts,
    *,
    as_of: date,
    asset: str = "points",
    value: PointValue | None = None,
    kinds: PostingKinds | None = None,
) -> PointsLiabilityReport:
    """What members hold of ``asset`` at the end of ``as_of`` and how it came about.

    With ``value`` also what that is worth, less the share that will never be used.
    """
    with facts.open() as tables:
        moved = tables.rows(movements(tables.table("postings"), asset=asset, as_of=as_of))
        lots = tables.rows(expiring(tables.table("lots"), asset=asset, as_of=as_of))
    by_month = _by_month(moved, kinds or PostingKinds())
    total = sum((movement for _month, movement in by_month), start=Movement())
    return {
        "report": "points_liability",
        "as_of": as_of.isoformat(),
        "asset": asset,
        "issued": total.issued,
        "spent": total.spent,
        "expired": total.expired,
        "taken_back": total.taken_back,
        "moved": total.moved,
        "outstanding": total.outstanding,
        "debt": total.debt,
        "months": _months(by_month),
        "ageing": [
            {
                "month": None if lot["month"] is None else months.text_of(lot["month"]),
                "points": lot["points"],
            }
            for lot in lots
        ],
        "ageing_points": sum(lot["points"] for lot in lots),
        "value_points": None if value is None else value.points,
        "value_minor": None if value is None else value.minor,
        "value_from": None if value is None else value.said_by,
        "liability_minor": None if value is None else liability_minor(total.outstanding, value),
        "breakage_bps": None if value is None else value.breakage_bps,
    }


def liability_minor(outstanding: int, value: PointValue) -> int:
    """``outstanding`` points at ``value`` less breakage, in minor units, half up."""
    kept_bps = _WHOLE_BPS - value.breakage_bps
    return half_up(outstanding * value.minor * kept_bps, value.points * _WHOLE_BPS)


def _by_month(rows: Sequence[Row], kinds: PostingKinds) -> list[tuple[int, Movement]]:
    return [
        (month, sum((movement_of(row, kinds) for row in group), start=Movement()))
        for month, group in groupby(rows, key=lambda row: int(row["month"]))
    ]


def movement_of(row: Row, kinds: PostingKinds) -> Movement:
    """What the sums of one kind of posting mean."""
    kind, credited, debited = row["kind"], row["credited"], row["debited"]
    if kind in kinds.debt:
        return Movement(debt=debited - credited)
    if kind in kinds.moved:
        return Movement(moved=credited - debited)
    if kind in kinds.spent:
        return Movement(spent=debited - credited)
    if kind in kinds.expired:
        return Movement(expired=debited - credited)
    if kind in kinds.taken_back:
        return Movement(taken_back=debited - credited)
    return Movement(issued=credited, taken_back=debited)


def _months(by_month: Sequence[tuple[int, Movement]]) -> list[PointsMonth]:
    """Every month from the first with a posting to the last, quiet ones too."""
    if not by_month:
        return []
    moved = dict(by_month)
    lines: list[PointsMonth] = []
    outstanding = 0
    for month in range(by_month[0][0], by_month[-1][0] + 1):
        movement = moved.get(month, Movement())
        outstanding += movement.outstanding
        lines.append(
            {
                "month": months.text_of(month),
                "issued": movement.issued,
                "spent": movement.spent,
                "expired": movement.expired,
                "taken_back": movement.taken_back,
                "moved": movement.moved,
                "outstanding": outstanding,
            }
        )
    return lines
