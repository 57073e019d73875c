"""Forecasts as they are asked for and given; shares in basis points, money in minor units."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from regulars.infra.http.fields import Day, Instant, QueryDay, QueryInt, Strict
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.insight.answers import Format, ListQuery
from regulars.modules.insight.churn.lost import LostAs
from regulars.modules.insight.churn.why import Code as SlippingCode
from regulars.modules.insight.due.why import Code as DueCode
from regulars.modules.insight.queries import Order
from regulars.modules.insight.running import RunView
from regulars.modules.insight.running import Status as RunStatus
from regulars.modules.insight.types import Kind, Level
from regulars.modules.segments.facts import CHANCE_STEP

MemberInQuery = Annotated[str, Field(pattern="^mem_[0-9a-f]{32}$")]
State = Annotated[
    Literal["ready", "waiting", "abstained"],
    Field(description="waiting: the jobs are at it; abstained: too little to learn from"),
]


LeastChance = Annotated[
    QueryInt,
    Field(
        ge=0, le=100, multiple_of=CHANCE_STEP,
        description="Only from this chance within the horizon on, in percent",
    ),
]  # fmt: skip
PeopleRule = Annotated[
    dict[str, Any] | None,
    Field(description="A segment's rule that gathers exactly the people of the whole list"),
]


class DueQuery(ListQuery):
    level: Annotated[Level, Field(description="What an item is")] = "type"
    least_chance: LeastChance = 0
    sort: Annotated[
        Order, Field(description="Likeliest, worth most, or expected soonest first")
    ] = "chance"
    member_id: MemberInQuery | None = None
    item: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    day: Annotated[
        QueryDay | None, Field(description="Chance and worth of a first purchase on that day")
    ] = None


class LevelQuery(Strict):
    level: Annotated[Level, Field(description="What an item is")] = "type"


class SummaryQuery(Strict):
    format: Format = "json"


class ReasonsQuery(SummaryQuery):
    source: Annotated[
        Literal["inferred", "said"],
        Field(description="Of the CSV: what the books hold, or what members said"),
    ] = "inferred"


class OutlookQuery(Strict):
    level: Annotated[
        Level | None, Field(description="What an item is; else the first of which there are any")
    ] = None


class CalendarQuery(LevelQuery, SummaryQuery):
    of: Annotated[
        Literal["days", "items"], Field(description="Which of the two tables the CSV is")
    ] = "days"


class ChurnQuery(ListQuery):
    kind: Annotated[
        Kind, Field(description="drop: half the trips in 8 weeks; silent: none in 4")
    ] = "drop"
    least_chance: LeastChance = 0


class LostQuery(ListQuery):
    lost_as: Annotated[
        LostAs, Field(description="card: the tier fell; buying: long silent for their own rhythm")
    ] = "buying"


class ValueQuery(ListQuery):
    tenth: Annotated[
        QueryInt | None,
        Field(ge=1, le=10, description="One tenth by expected value; 1: the highest"),
    ] = None


class RunOut(Strict):
    """All forecasts, asked for at once: ``done`` of ``of`` steps are over."""

    id: str
    status: RunStatus
    done: int
    of: int
    step: Annotated[str | None, Field(description="At work: facts, or the name of a forecast")]
    error: str
    created_at: Instant
    created_by: str
    finished_at: Instant | None


class ProgressOut(Strict):
    as_of: Annotated[Day, Field(description="The last whole day: what the forecasts know of")]
    lines: Annotated[int, Field(description="Order lines that are known")]
    lines_needed: int
    done: Annotated[int, Field(description="Forecasts that are worked out for that day")]
    of: int
    run: Annotated[RunOut | None, Field(description="The latest that somebody asked for")]


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


class PageOut(ListOut):
    people: PeopleRule
    has_more: bool
    next_cursor: str | None


class WhoOut(Strict):
    member_id: str
    number: Annotated[str, Field(description="As printed on the card")]
    name: str | None


class DueFacts(Strict):
    item: str
    item_name: Annotated[str | None, Field(description="What the catalogue calls a sku")]
    probability_bps: int
    expected_minor: Annotated[int, Field(description="probability x what a purchase is worth")]
    worth_minor: int
    every_days: Annotated[int, Field(description="The middle of the gaps between purchases")]
    days_ago: int
    purchases: int
    expected_day: Annotated[
        Day | None, Field(description="Where a steady rhythm points to a day ahead")
    ]
    reason: DueCode
    why: str


class DueOut(WhoOut, DueFacts):
    """Who is due to buy what."""


class DueListOut(PageOut):
    level: Level
    horizon_days: int | None
    currency: str
    backtest: BacktestOut | None
    data: list[DueOut]


class CalendarDayOut(Strict):
    day: Day
    expected: Annotated[int, Field(description="Purchases: of a member and an item, the first")]
    buyers: Annotated[int, Field(description="Different members behind them")]
    expected_minor: int


class CalendarItemOut(Strict):
    item: str
    item_name: Annotated[str | None, Field(description="What the catalogue calls a sku")]
    members: Annotated[int, Field(description="Who usually buy it")]
    expected: Annotated[float, Field(description="Of them to buy it within the horizon")]
    expected_minor: int


class CalendarOut(ListOut):
    level: Level
    horizon_days: int | None
    currency: str
    expected: int
    buyers: int
    expected_minor: int
    days: list[CalendarDayOut]
    items: Annotated[list[CalendarItemOut], Field(description="Those that bring most")]
    backtest: BacktestOut | None


class SlippingFacts(Strict):
    probability_bps: int
    days_ago: int
    usual_days: Annotated[float, Field(description="The middle of the own gaps between trips")]
    longest_days: Annotated[float, Field(description="Nine of ten own gaps are no longer")]
    trips_28: int
    trips_112: int
    spend_112_minor: int
    reason: SlippingCode
    why: str


class SlippingOut(WhoOut, SlippingFacts):
    """Who is slipping away."""


class ChurnListOut(PageOut):
    kind: Kind
    currency: str
    backtest: BacktestOut | None
    data: list[SlippingOut]


class LostFacts(Strict):
    lost_as: LostAs
    since: Day
    last_day: Day | None
    usual_days: float | None
    longest_days: float | None
    tier: Annotated[str | None, Field(description="The tier a lapsed card fell from")]
    won_back_by: Annotated[str, Field(description="The event that tells they are back")]


class LostOut(WhoOut, LostFacts):
    """Who is lost."""


class LostListOut(PageOut):
    lost_as: LostAs
    members: int
    data: list[LostOut]


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


class SaidReasonOut(Strict):
    """How many named a reason, and their share in basis points with its 95 % interval."""

    reason: str
    count: int
    of: int
    share_bps: int
    low_bps: int
    high_bps: int


class SaidSourceOut(Strict):
    """Where members were asked: on leaving, or by a survey. The newest answers wait until others
    came, and fewer than five are not told of."""

    source: Literal["leaving", "survey"]
    name: str | None
    answers: int
    told: int
    lines: list[SaidReasonOut]


class SaidReasonsOut(Strict):
    days: int
    least: int
    sources: list[SaidSourceOut]


class ReasonsOut(ListOut):
    days: Annotated[int | None, Field(description="How long before the last trip signals count")]
    no_data: Annotated[
        list[str], Field(description="Reasons that neither the books nor members told of")
    ]
    lines: Annotated[list[ReasonOut], Field(description="Inferred from what the books hold")]
    said: Annotated[SaidReasonsOut, Field(description="What members said, each source by itself")]


class CalibrationGroupOut(Strict):
    """Members by how many purchases they had by then; ``most`` null: or more."""

    least: int
    most: int | None
    members: int
    predicted_purchases: float
    actual_purchases: int
    predicted_value_minor: int
    actual_value_minor: int


class CalibrationOut(Strict):
    """The same expectation made so many days before, beside what those members then did."""

    horizon_days: int
    members: int
    predicted_purchases: float
    actual_purchases: int
    off_bps: Annotated[int | None, Field(description="Of the purchases; below 0: too few foretold")]
    predicted_value_minor: int
    actual_value_minor: int
    top_tenth_value_share: Annotated[
        float, Field(description="Of what came, from the tenth of whom most was expected")
    ]
    by_purchases: list[CalibrationGroupOut]


class ValueSummaryOut(ListOut):
    horizon_days: int | None
    currency: str
    members: int
    one_time: Annotated[int, Field(description="Of them with a single purchase so far")]
    expected_purchases: float
    expected_value_minor: int
    calibration: CalibrationOut | None


class ValueFacts(Strict):
    expected_value_minor: int
    expected_purchases: float
    probability_alive_bps: Annotated[
        int | None, Field(description="Still a buyer; not told of one-time buyers")
    ]
    purchases: Annotated[int, Field(description="Days with a purchase so far")]
    days_ago: int


class ValueOut(WhoOut, ValueFacts):
    """What a member may still bring."""


class ValueListOut(PageOut):
    horizon_days: int | None
    currency: str
    data: list[ValueOut]


class OutlookOut(ListOut):
    """One member; what is not told of them is null. The state is that of what is due."""

    level: Level
    currency: str
    due_days: int | None
    due: list[DueFacts]
    drop: Annotated[SlippingFacts | None, Field(description="Half the own trips in 8 weeks")]
    silent: Annotated[SlippingFacts | None, Field(description="No trip in 4 weeks")]
    lost: LostFacts | None
    value_days: int | None
    value: ValueFacts | None


def run_json(run: RunView) -> dict[str, Any]:
    """A run as it goes out."""
    return {
        "id": show("fct", run.id),
        "status": run.status,
        "done": run.done,
        "of": run.of,
        "step": run.step,
        "error": run.error,
        "created_at": show_instant(run.created_at),
        "created_by": run.created_by,
        "finished_at": show_instant(run.finished_at) if run.finished_at else None,
    }
