"""What the reports give: plain dictionaries, ready for JSON.

Days are ISO text, money is in minor units, ``_bps`` are basis points rounded half up, and a share
of nothing is 0. ``None`` is "not known (yet)", never zero.
"""

from __future__ import annotations

from typing import Literal

# pydantic reads these shapes for OpenAPI, and before Python 3.12 only in this form.
from typing_extensions import TypedDict

from regulars.modules.analytics.change_shapes import ProgrammeChangeReport
from regulars.modules.analytics.deferred_shapes import DeferredPointsReport
from regulars.modules.analytics.recruitment_shapes import FrequencyReport, RecruitmentReport
from regulars.modules.analytics.types import CurveGroup, Period, ValueFrom


class Cohort(TypedDict):
    """Members by the month of their first purchase.

    The lists start at month 1, the month after the first; months not over are None. ``active``
    bought in that month, ``returned_by`` in any month up to it. ``over``: whether the first month
    itself has ended, so that ``size`` is final.
    """

    cohort: str
    size: int
    over: bool
    active: list[int | None]
    returned_by: list[int | None]
    first_month_revenue_minor: int
    revenue_minor: list[int | None]


class AverageMonth(TypedDict):
    """The average over the cohorts that have seen that month end, weighted by size."""

    month: int
    members: int
    active_bps: int
    returned_by_bps: int


class NextPurchase(TypedDict):
    """Of the ``members`` who made purchase number ``purchase``: who made one more, how soon."""

    purchase: int
    members: int
    ever: int
    within_days: dict[str, int]


class CohortsReport(TypedDict):
    """``members`` have at least one purchase; the sizes of the cohorts add up to them."""

    report: Literal["cohorts"]
    as_of: str
    members: int
    cohorts: list[Cohort]
    average: list[AverageMonth]
    bought_again_within_days: dict[str, int]
    next_purchase: list[NextPurchase]


class RfmMeans(TypedDict):
    """Means to 4 decimals, half up."""

    recency_days: float
    frequency: float
    monetary_minor: float


class RfmScores(TypedDict):
    """Numbers of members with score 1 to 5."""

    r: list[int]
    f: list[int]
    m: list[int]


class RfmCut(TypedDict):
    """The least and most of a value among those with ``score``; None where nobody has it."""

    score: int
    members: int
    least: int | None
    most: int | None


class RfmGridCell(TypedDict):
    """A cell of the recency x frequency grid."""

    r: int
    f: int
    segment: str
    members: int
    revenue_minor: int


class RfmSegment(TypedDict):
    """A named group of grid cells."""

    segment: str
    members: int
    members_bps: int
    revenue_minor: int
    revenue_bps: int


class RfmReport(TypedDict):
    """``quintiles`` are the numbers of members with score 1 to 5; ``cells`` holds all 125.

    ``revenue_of_top_percent_bps``: the share of revenue of the biggest spenders, by percent of
    members (rounded down, at least one).
    """

    report: Literal["rfm"]
    as_of: str
    members: int
    means: RfmMeans
    quintiles: RfmScores
    cells: dict[str, int]
    cuts: dict[str, list[RfmCut]]
    grid: list[RfmGridCell]
    segments: list[RfmSegment]
    revenue_of_top_percent_bps: dict[str, int]


class OtherBuyers(TypedDict):
    """The same rate among buyers who are known by an external identity but are no members."""

    buyers_active: int
    buyers_again: int
    rate_bps: int


class RepurchaseReport(TypedDict):
    """Over the days (as_of - window_days, as_of]; ``coverage_bps`` is the share of its counted
    orders that have a member."""

    report: Literal["repurchase"]
    as_of: str
    window_days: int
    members_active: int
    members_again: int
    rate_bps: int
    coverage_bps: int
    others: OtherBuyers


class TrendPoint(TypedDict):
    """The repurchase rate as of ``day``; ``whole_window`` is false where the window reaches back
    before the first order known, so that the rate is too low."""

    day: str
    members_active: int
    members_again: int
    rate_bps: int
    coverage_bps: int
    whole_window: bool


class RepurchaseTrendReport(TypedDict):
    """Oldest first; the last point is ``as_of`` itself."""

    report: Literal["repurchase_trend"]
    as_of: str
    window_days: int
    period: Period
    points: list[TrendPoint]


class SecondOrderPoint(TypedDict):
    """A day on which someone bought again, and the share who had by then."""

    days: int
    at_risk: int
    bought: int
    again_bps: int


class SecondOrderMilestone(TypedDict):
    """The share by a round number of days; None where nobody has been watched so long."""

    days: int
    at_risk: int
    again_bps: int | None


class SecondOrderCurve(TypedDict):
    """The curve of one ``group``: None stands for everyone, or for those without a value."""

    group: str | None
    members: int
    bought_again: int
    censored: int
    median_days: int | None
    observed_days: int
    milestones: list[SecondOrderMilestone]
    points: list[SecondOrderPoint]


class SecondOrderReport(TypedDict):
    """Time from the first purchase to the second, with those still waited for as censored."""

    report: Literal["second_order"]
    as_of: str
    by: CurveGroup | None
    curves: list[SecondOrderCurve]


class TierLine(TypedDict):
    """A tier now and at the earlier day; ``arrived`` and ``gone`` count moves between tiers."""

    tier: str
    members: int
    members_bps: int
    members_before: int
    joined: int
    left: int
    arrived: int
    gone: int


class TierFlow(TypedDict):
    """How many went from tier to tier, those who stayed included; None is outside the programme."""

    from_tier: str | None
    to_tier: str | None
    members: int


class TiersReport(TypedDict):
    """``upgraded`` and ``downgraded`` are None where the order of the tiers was not given."""

    report: Literal["tiers"]
    as_of: str
    since: str
    members: int
    joined: int
    left: int
    upgraded: int | None
    downgraded: int | None
    tiers: list[TierLine]
    flow: list[TierFlow]


class PointsMonth(TypedDict):
    """The movements of one month, and what was outstanding at its end."""

    month: str
    issued: int
    spent: int
    expired: int
    taken_back: int
    moved: int
    outstanding: int


class PointsExpiring(TypedDict):
    """Points left in lots that expire in ``month``; None: never."""

    month: str | None
    points: int


class PointsLiabilityReport(TypedDict):
    """outstanding = issued - spent - expired - taken_back + moved, always.

    ``debt`` is what members owe because it was gone when it should have been taken back; it is
    apart from outstanding, and counts as taken back when it is repaid.
    ``ageing`` is of the lots at the time of the export, ``ageing_points`` its sum.
    ``value_points`` are worth ``value_minor``, as ``value_from`` says: what the programme redeems
    them at, or what was asked. ``liability_minor`` is outstanding x value x (1 - breakage), half
    up; None, as the value is, where there is no programme and nobody said.
    """

    report: Literal["points_liability"]
    as_of: str
    asset: str
    issued: int
    spent: int
    expired: int
    taken_back: int
    moved: int
    outstanding: int
    debt: int
    months: list[PointsMonth]
    ageing: list[PointsExpiring]
    ageing_points: int
    value_points: int | None
    value_minor: int | None
    value_from: ValueFrom | None
    liability_minor: int | None
    breakage_bps: int | None


class CoverageCounts(TypedDict):
    """Counted orders and their worth, and the part of both that has a member."""

    orders: int
    orders_with_member: int
    coverage_bps: int
    revenue_minor: int
    revenue_with_member_minor: int
    revenue_coverage_bps: int


class CoverageLine(CoverageCounts):
    """The same for one channel or store; None: the orders that name none."""

    name: str | None


class CoverageReport(CoverageCounts):
    """``window_days`` None: every day up to ``as_of``."""

    report: Literal["coverage"]
    as_of: str
    window_days: int | None
    channels: list[CoverageLine]
    stores: list[CoverageLine]


class SalesReport(TypedDict):
    """What counted orders of the window were worth after refunds, and whose they were.

    ``returning_minor`` is what members spent after the day of their first purchase, ``new_minor``
    on that day, ``unknown_minor`` the worth of orders without a member; ``returning_bps`` is the
    returning share of what members spent. Means to 4 decimals, half up.
    """

    report: Literal["sales"]
    as_of: str
    window_days: int
    orders: int
    revenue_minor: int
    order_value_minor: float
    members_active: int
    purchases_per_member: float
    new_minor: int
    returning_minor: int
    unknown_minor: int
    returning_bps: int
    revenue_coverage_bps: int


class NewMembersDay(TypedDict):
    """How many joined on one day."""

    day: str
    members: int


class NewMembersReport(TypedDict):
    """Every day of the window, those without a new member too."""

    report: Literal["new_members"]
    as_of: str
    window_days: int
    members: int
    days: list[NewMembersDay]


Report = (
    CohortsReport
    | RfmReport
    | RepurchaseReport
    | RepurchaseTrendReport
    | SecondOrderReport
    | TiersReport
    | PointsLiabilityReport
    | DeferredPointsReport
    | CoverageReport
    | SalesReport
    | NewMembersReport
    | ProgrammeChangeReport
    | RecruitmentReport
    | FrequencyReport
)
