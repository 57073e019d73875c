"""Kaplan-Meier: the share who bought again by each day, with those not yet waited for long enough
leaving the count instead of passing for lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.modules.analytics.rounding import half_up

_WHOLE_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Waited:
    """What happened after ``days`` of waiting: ``at_risk`` had waited at least that long."""

    days: int
    at_risk: int
    bought: int
    censored: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A day on which someone bought again, and the share who had by then, in basis points."""

    days: int
    at_risk: int
    bought: int
    again_bps: int


@dataclass(frozen=True, slots=True)
class Curve:
    """``median_days`` is the first day by which half had bought again; None: not reached.

    ``observed_days`` is how long the longest wait has been watched; the curve ends there, unless
    ``all_bought`` and nobody is left to wait for.
    """

    points: tuple[CurvePoint, ...]
    median_days: int | None
    observed_days: int
    all_bought: bool

    def again_bps_by(self, days: int) -> int | None:
        """The share who had bought again by ``days``; None past the longest wait watched."""
        if days > self.observed_days and not self.all_bought:
            return None
        return max((point.again_bps for point in self.points if point.days <= days), default=0)


def kaplan_meier(life_table: Sequence[Waited]) -> Curve:
    """The curve of ``life_table``, which is in order of days.

    Who is censored on a day was still at risk on it. The product is kept as a whole numerator and
    denominator, so that "half" is exact.
    """
    points: list[CurvePoint] = []
    waiting, whole = 1, 1
    median_days: int | None = None
    for day in life_table:
        if not day.bought:
            continue
        waiting *= day.at_risk - day.bought
        whole *= day.at_risk
        if median_days is None and 2 * waiting <= whole:
            median_days = day.days
        again_bps = half_up((whole - waiting) * _WHOLE_BPS, whole)
        points.append(CurvePoint(day.days, day.at_risk, day.bought, again_bps))
    return Curve(
        points=tuple(points),
        median_days=median_days,
        observed_days=life_table[-1].days if life_table else 0,
        all_bought=waiting == 0,
    )
