"""Console: the first screen, the members, and the reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import PageQuery, ShortText, ShownId, Strict
from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.analytics import services
from regulars.modules.analytics.report_shapes import Report
from regulars.modules.analytics.reporting import Name, Question, answer, freshness_shown
from regulars.modules.analytics.reports.rfm_grid import cells_of, rule_of
from regulars.modules.analytics.screens import home, member, members, timeline
from regulars.modules.segments.services import Draft, create

from .funders import add_statement
from .shapes import ReportQuery, named_tiers, sent
from .shown import HomeOut, MemberPageOut, MembersOut, RefreshOut, TimelineOut

router = Router(tags=["screens"])
add_statement(router)
MemberInPath = Annotated[UUID, ShownId("mem")]
#: About two seconds of work; a longer export is the jobs', and the answer says what is stale.
_AT_ONCE_ROWS: Final = 400_000


class MembersQuery(PageQuery):
    query: Annotated[str, Field(max_length=255)] | None = None
    tier: Annotated[str, Field(max_length=40)] | None = None
    filter: members.Filter | None = None
    sort: members.Sort = "joined"


class TimelineQuery(PageQuery):
    kinds: Annotated[str, Field(max_length=60, description="Some of the kinds, by comma")] = ""


class CellIn(Strict):
    """A cell of the grid: recency and frequency score."""

    r: Annotated[int, Field(ge=1, le=5)]
    f: Annotated[int, Field(ge=1, le=5)]


class RfmSegmentIn(Strict):
    code: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    group: Annotated[str, Field(max_length=40)] | None = None
    cells: Annotated[list[CellIn], Field(max_length=25, default_factory=list)]


class RfmSegmentOut(Strict):
    code: str
    rule: dict[str, Any]
    effects: list[dict[str, Any]]


@router.get("/home", response=HomeOut, operation_id="read_home")
@requires("reports.read")
def read_home(request: ApiRequest) -> dict[str, Any]:
    """The first screen of the day, in one answer."""
    return home.home(request.auth, locale=language_of(request))


@router.get("/members", response=MembersOut, operation_id="list_members")
@requires("members.read")
def list_members(request: ApiRequest, query: Annotated[MembersQuery, Query()]) -> dict[str, Any]:
    """Members found, filtered and sorted; ``total`` counts all that fit."""
    wanted = members.Wanted(
        query=query.query,
        tier=query.tier,
        filter=query.filter,
        sort=query.sort,
        limit=query.limit,
        after=query.starting_after,
    )
    return members.members(request.auth.merchant, wanted, locale=language_of(request))


@router.get("/members/{member_id}", response=MemberPageOut, operation_id="read_member")
@requires("members.read")
def read_member(request: ApiRequest, member_id: MemberInPath) -> dict[str, Any]:
    """One member with everything behind them; the birthday for those who may change members."""
    told = member.member(request.auth.merchant, member_id, locale=language_of(request))
    if "members.write" not in request.auth.permissions:
        told |= {"birthday": None, "birthday_changeable_from": None}
    return told


@router.get("/members/{member_id}/timeline", response=TimelineOut, operation_id="read_timeline")
@requires("members.read")
def read_timeline(
    request: ApiRequest, member_id: MemberInPath, query: Annotated[TimelineQuery, Query()]
) -> dict[str, Any]:
    """What happened with a member, newest first."""
    return timeline.timeline(
        request.auth.merchant,
        member_id,
        kinds=_kinds(query.kinds),
        limit=query.limit,
        after=query.starting_after,
        locale=language_of(request),
    )


@router.get("/reports/{name}", response=Report, operation_id="read_report")
@requires("reports.read")
def read_report(
    request: ApiRequest, name: Name, asked: Annotated[ReportQuery, Query()]
) -> HttpResponse:
    """A report with what its screen shows beside it, and how fresh it is."""
    merchant = request.auth.merchant
    found = answer(
        merchant, asked.question(name, locale=language_of(request)), at_most_rows=_AT_ONCE_ROWS
    )
    more: dict[str, Any] = {"facts": freshness_shown(found.fresh, stale=found.stale)}
    if asked.format == "json" and name == "repurchase":
        course = Question(name="trend", as_of=asked.as_of, window_days=asked.window)
        more["trend"] = answer(merchant, course, at_most_rows=0).report["points"]  # type: ignore[typeddict-item]
    elif asked.format == "json" and name == "tiers":
        more |= named_tiers(found.report, merchant, language_of(request))
    return sent(found, asked, **more)


@router.post("/reports/refresh", response={202: RefreshOut}, operation_id="refresh_reports")
@requires("reports.refresh")
def refresh_reports(request: ApiRequest) -> HttpResponse:
    """Have all facts written anew; the jobs do it within a minute or so."""

    def act(_: datetime) -> Outcome:
        services.mark_all_stale(request.auth.merchant_id)
        return Outcome(status=202, body={"status": "queued"}, subject="reports")

    return answer_once(request, "reports.refresh", act)


@router.post(
    "/reports/rfm/segments", response={201: RfmSegmentOut}, operation_id="make_rfm_segment"
)
@requires("segments.write")
def make_rfm_segment(request: ApiRequest, body: RfmSegmentIn) -> HttpResponse:
    """A segment that follows a named group, or some cells, of the RFM grid."""
    cells = cells_of(body.group) if body.group else [(cell.r, cell.f) for cell in body.cells]
    if not cells:
        detail = "Send a named group of the grid, or some cells."
        raise Invalid(detail, errors=[FieldError("/cells", "missing", detail)])
    draft = Draft(code=body.code, name=body.name, rule=rule_of(cells))

    def act(now: datetime) -> Outcome:
        done = create(request.auth.merchant, draft, by=request.auth.actor, now=now)
        told = {"code": done.code, "rule": draft.rule, "effects": effects(done.events)}
        return Outcome(status=201, body=told, subject=done.code)

    return answer_once(request, "segments.create", act)


def _kinds(written: str) -> list[timeline.Kind]:
    wanted = [kind for kind in written.split(",") if kind]
    unknown = [kind for kind in wanted if kind not in timeline.KINDS]
    if unknown:
        detail = f"Use some of {', '.join(timeline.KINDS)}."
        raise Invalid(detail, errors=[FieldError("?kinds", "unknown_value", detail)])
    return [kind for kind in timeline.KINDS if kind in wanted]
