"""Forecasts as they are asked for and given; shares in basis points, money in minor units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from regulars.infra.http.fields import Day, Instant, PageQuery, Strict
from regulars.modules.insight.churn.lost import LostAs
from regulars.modules.insight.types import Kind, Level

MemberInQuery = Annotated[str, Field(pattern="^mem_[0-9a-f]{32}$")]
State = Annotated[
    Literal["ready", "waiting", "abstained"],
    Field(description="waiting: the jobs are at it; abstained: too little to learn from"),
]


class DueQuery(PageQuery):
    level: Annotated[Level, Field(description="What an item is")] = "type"
    member_id: MemberInQuery | None = None
    item: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class LevelQuery(Strict):
    level: Annotated[Level, Field(description="What an item is")] = "type"


class ChurnQuery(PageQuery):
    kind: Annotated[
        Kind, Field(description="drop: half the trips in 8 weeks; silent: none in 4")
    ] = "drop"


class LostQuery(PageQuery):
    lost_as: Annotated[
        LostAs, Field(description="card: the tier fell; buying: long silent for their own rhythm")
    ] = "buying"


class AbstainedOut(Strict):
    reason: str
    there: int
    needed: int


class BacktestOut(Strict):
    """The latest windows that are over, foretold as if they lay ahead."""

    from_day: Day
    until: Day
    expected: int
    happened: int
    off_bps: int
    met: bool


class ListOut(Strict):
    state: State
    as_of: Annotated[Day | None, Field(description="The last day the forecast knew of")]
    made_at: Instant | None
    abstained: AbstainedOut | None


class DueOut(Strict):
    member_id: str
    name: str | None
    item: str
    probability_bps: int
    expected_minor: Annotated[int, Field(description="probability x what a purchase is worth")]
    worth_minor: int
    every_days: Annotated[int, Field(description="The middle of the gaps between purchases")]
    days_ago: int
    purchases: int
    why: str


class DueListOut(ListOut):
    level: Level
    horizon_days: int | None
    backtest: BacktestOut | None
    data: list[DueOut]
    has_more: bool
    next_cursor: str | None


class CalendarDayOut(Strict):
    day: Day
    expected: int
    expected_minor: int


class CalendarOut(ListOut):
    level: Level
    horizon_days: int | None
    currency: str
    expected: int
    expected_minor: int
    days: list[CalendarDayOut]
    backtest: BacktestOut | None


class SlippingOut(Strict):
    member_id: str
    name: str | None
    probability_bps: int
    days_ago: int
    usual_days: float
    longest_days: float
    trips_28: int
    trips_112: int
    spend_112_minor: int


class ChurnListOut(ListOut):
    kind: Kind
    backtest: BacktestOut | None
    data: list[SlippingOut]
    has_more: bool
    next_cursor: str | None


class LostOut(Strict):
    member_id: str
    name: str | None
    since: Day
    last_day: Day | None
    usual_days: float | None
    longest_days: float | None
    tier: Annotated[str | None, Field(description="The tier a lapsed card fell from")]
    won_back_by: Annotated[str, Field(description="The event that tells they are back")]


class LostListOut(ListOut):
    lost_as: LostAs
    members: int
    data: list[LostOut]
    has_more: bool
    next_cursor: str | None


class ReasonOut(Strict):
    """How many had a signal; the difference only where there are cases enough to tell."""

    signal: str
    stopped: int
    of_stopped: int
    went_on: int
    of_went_on: int
    difference_bps: int | None
    low_bps: int | None
    high_bps: int | None


class ReasonsOut(ListOut):
    days: Annotated[int | None, Field(description="How long before the last trip signals count")]
    no_data: Annotated[list[str], Field(description="Reasons the books cannot tell of")]
    lines: list[ReasonOut]
