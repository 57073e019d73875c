"""Console: the due list, the calendar of what is expected, and who is slipping away or lost."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router

from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.insight import queries
from regulars.modules.insight.due.why import locale_of

from .answers import listed
from .shapes import (
    CalendarOut,
    ChurnListOut,
    ChurnQuery,
    DueListOut,
    DueQuery,
    LevelQuery,
    LostListOut,
    LostQuery,
    ReasonsOut,
)

router = Router(tags=["insight"])


@router.get("/insight/due", response=DueListOut, operation_id="list_due")
@requires("members.read")
def list_due(request: ApiRequest, query: Annotated[DueQuery, Query()]) -> dict[str, Any]:
    """Who is due to buy what again, why, and what it is worth."""
    page = queries.due_list(
        request.auth.merchant,
        level=query.level,
        locale=locale_of(request.LANGUAGE_CODE),
        limit=query.limit,
        after=query.starting_after,
        member_id=query.member_id,
        item=query.item,
    )
    return listed(request, page)


@router.get("/insight/calendar", response=CalendarOut, operation_id="read_calendar")
@requires("reports.read")
def read_calendar(request: ApiRequest, query: Annotated[LevelQuery, Query()]) -> dict[str, Any]:
    """What is expected to be bought again on each of the coming days."""
    return queries.calendar(request.auth.merchant, level=query.level)


@router.get("/insight/churn", response=ChurnListOut, operation_id="list_slipping_away")
@requires("members.read")
def list_slipping_away(
    request: ApiRequest, query: Annotated[ChurnQuery, Query()]
) -> dict[str, Any]:
    """Who is slipping away, measured against their own rhythm."""
    page = queries.churn_list(
        request.auth.merchant, kind=query.kind, limit=query.limit, after=query.starting_after
    )
    return listed(request, page)


@router.get("/insight/lost", response=LostListOut, operation_id="list_lost")
@requires("members.read")
def list_lost(request: ApiRequest, query: Annotated[LostQuery, Query()]) -> dict[str, Any]:
    """Who is lost, the two ways apart: a card that lapsed, or buying that stopped."""
    page = queries.lost_members(
        request.auth.merchant, lost_as=query.lost_as, limit=query.limit, after=query.starting_after
    )
    rows = [
        {name: value for name, value in row.items() if name not in ("member", "lost_as")}
        for row in page.rows
    ]
    return listed(request, queries.Page(page.about, rows, page.next_cursor))


@router.get("/insight/reasons", response=ReasonsOut, operation_id="read_reasons")
@requires("reports.read")
def read_reasons(request: ApiRequest) -> dict[str, Any]:
    """What went before members stopped buying, beside those who went on."""
    return queries.reasons(request.auth.merchant)
