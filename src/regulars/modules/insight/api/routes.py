"""Insight: the same routes for every audience. Whatever is listed is also there as CSV."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import StreamingHttpResponse
from ninja import Query, Router

from regulars.infra.http.fields import ShownId
from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.insight import queries, running, values
from regulars.modules.insight.answers import answered, sheet
from regulars.modules.insight.calendar import calendar
from regulars.modules.insight.due.why import locale_of
from regulars.modules.insight.outlook import outlook
from regulars.modules.insight.queries import Look

from .shapes import (
    CalendarOut,
    CalendarQuery,
    ChurnListOut,
    ChurnQuery,
    DueListOut,
    DueQuery,
    LostListOut,
    LostQuery,
    OutlookOut,
    OutlookQuery,
    ProgressOut,
    ReasonsOut,
    ReasonsQuery,
    SummaryQuery,
    ValueListOut,
    ValueQuery,
    ValueSummaryOut,
    run_json,
)

Answer = dict[str, Any] | StreamingHttpResponse
MemberInPath = Annotated[UUID, ShownId("mem")]


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["insight"])
    router.get("/insight", response=ProgressOut, operation_id="read_insight_progress")(
        read_insight_progress
    )
    router.get("/insight/due", response=DueListOut, operation_id="list_due")(list_due)
    router.get("/insight/calendar", response=CalendarOut, operation_id="read_calendar")(
        read_calendar
    )
    router.get("/insight/churn", response=ChurnListOut, operation_id="list_slipping_away")(
        list_slipping_away
    )
    router.get("/insight/lost", response=LostListOut, operation_id="list_lost")(list_lost)
    router.get("/insight/reasons", response=ReasonsOut, operation_id="read_reasons")(read_reasons)
    router.get("/insight/clv", response=ValueSummaryOut, operation_id="read_lifetime_value")(
        read_lifetime_value
    )
    router.get("/insight/clv/members", response=ValueListOut, operation_id="list_lifetime_values")(
        list_lifetime_values
    )
    router.get("/members/{member_id}/insight", response=OutlookOut, operation_id="read_outlook")(
        read_outlook
    )
    return router


@requires("reports.read")
def read_insight_progress(request: ApiRequest) -> dict[str, Any]:
    """How many of the forecasts are worked out for today, and the run asked for last."""
    run = running.latest(request.auth.merchant_id)
    told = queries.progress(request.auth.merchant)
    return {**told, "run": None if run is None else run_json(run)}


@requires("members.read")
def list_due(request: ApiRequest, query: Annotated[DueQuery, Query()]) -> Answer:
    """Who is likely to buy which of their usual items again soon, the likeliest first, or what is
    worth most, or what is expected soonest.

    Learnt each day from what was known at the end of the day before.
    """
    listed = queries.due_list(
        Look(request.auth.merchant),
        level=query.level,
        locale=locale_of(language_of(request)),
        member_id=query.member_id,
        item=query.item,
        day=query.day,
        least_chance=query.least_chance,
        order=query.sort,
    )
    columns = (
        "item", "item_name", "probability_bps", "expected_minor", "worth_minor", "expected_day",
        "every_days", "days_ago", "purchases", "why",
    )  # fmt: skip
    return answered(request, query, listed, name="due", columns=columns)


@requires("reports.read")
def read_calendar(request: ApiRequest, query: Annotated[CalendarQuery, Query()]) -> Answer:
    """What is expected to be bought again on each of the coming days, and of which items."""
    look = Look(request.auth.merchant)
    if query.format == "json":
        return calendar(look, level=query.level)
    told = calendar(look, level=query.level, most_items=None)
    columns: tuple[str, ...] = ("day", "expected", "buyers", "expected_minor")
    if query.of == "items":
        columns = ("item", "item_name", "members", "expected", "expected_minor")
    return sheet(f"calendar-{query.of}-{told['as_of']}", columns, told[query.of])


@requires("members.read")
def list_slipping_away(request: ApiRequest, query: Annotated[ChurnQuery, Query()]) -> Answer:
    """Who is slipping away, measured against their own rhythm, the likeliest first."""
    listed = queries.churn_list(
        Look(request.auth.merchant),
        kind=query.kind,
        locale=locale_of(language_of(request)),
        least_chance=query.least_chance,
    )
    columns = (
        "probability_bps", "days_ago", "usual_days", "longest_days", "trips_28", "trips_112",
        "spend_112_minor", "why",
    )  # fmt: skip
    return answered(request, query, listed, name=f"slipping-{query.kind}", columns=columns)


@requires("members.read")
def list_lost(request: ApiRequest, query: Annotated[LostQuery, Query()]) -> Answer:
    """Who is lost, the two ways apart: a card that lapsed, or buying that stopped."""
    listed = queries.lost_members(Look(request.auth.merchant), lost_as=query.lost_as)
    columns = ("since", "last_day", "usual_days", "longest_days", "tier", "won_back_by")
    return answered(request, query, listed, name=f"lost-{query.lost_as}", columns=columns)


@requires("reports.read")
def read_reasons(request: ApiRequest, query: Annotated[ReasonsQuery, Query()]) -> Answer:
    """What went before members stopped buying, beside those who went on; and, never added to it,
    the reasons that members gave when they were asked."""
    told = queries.reasons(Look(request.auth.merchant))
    if query.format == "csv" and query.source == "said":
        spoken = [
            {**line, "source": source["source"], "name": source["name"]}
            for source in told["said"]["sources"]
            for line in source["lines"]
        ]
        heads = ("source", "name", "reason", "count", "of", "share_bps", "low_bps", "high_bps")
        return sheet("reasons-said", heads, spoken)
    if query.format == "csv":
        columns = (
            "signal", "stopped", "of_stopped", "went_on", "of_went_on", "difference_bps",
            "low_bps", "high_bps",
        )  # fmt: skip
        return sheet(f"reasons-{told['as_of']}", columns, told["lines"])
    return told


@requires("reports.read")
def read_lifetime_value(request: ApiRequest, query: Annotated[SummaryQuery, Query()]) -> Answer:
    """What all members together may still bring, and how the same expectation fared before.

    As CSV: expected and made, by how many purchases members had by then.
    """
    told = values.value_summary(Look(request.auth.merchant))
    if query.format == "csv":
        held = told["calibration"]
        columns = (
            "least", "most", "members", "predicted_purchases", "actual_purchases",
            "predicted_value_minor", "actual_value_minor",
        )  # fmt: skip
        return sheet(f"clv-{told['as_of']}", columns, held["by_purchases"] if held else [])
    return told


@requires("members.read")
def list_lifetime_values(request: ApiRequest, query: Annotated[ValueQuery, Query()]) -> Answer:
    """What each member may still bring, the most valuable first; all, or one tenth of them.

    The chance of still being a buyer is not told of one-time buyers: nothing speaks of it yet.
    """
    columns = (
        "expected_value_minor", "expected_purchases", "probability_alive_bps", "purchases",
        "days_ago",
    )  # fmt: skip
    listed = values.value_list(Look(request.auth.merchant), tenth=query.tenth)
    return answered(request, query, listed, name="clv-members", columns=columns)


@requires("members.read")
def read_outlook(
    request: ApiRequest,
    member_id: MemberInPath,
    query: Annotated[OutlookQuery, Query()],
) -> dict[str, Any]:
    """What one member is due to buy, how likely they slip away, and what they may still bring."""
    return outlook(
        request.auth.merchant, member_id, level=query.level, locale=locale_of(language_of(request))
    )
