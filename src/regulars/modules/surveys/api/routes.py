"""Surveys: the same routes for every audience."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once, id_after, page
from regulars.infra.http.fields import ShownId
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.analytics.reports.csv_text import table_text
from regulars.modules.surveys import queries, services
from regulars.modules.surveys.results import results, rows_of
from regulars.modules.surveys.types import View

from .shapes import (
    DiscardedOut,
    OpenIn,
    ResultsOut,
    ResultsQuery,
    SurveyIn,
    SurveyOut,
    SurveysOut,
    SurveysQuery,
    survey_json,
)

SurveyInPath = Annotated[UUID, ShownId("svy")]


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["surveys"])
    one = "/surveys/{survey_id}"
    router.get("/surveys", response=SurveysOut, operation_id="list_surveys")(list_surveys)
    router.post("/surveys", response={201: SurveyOut}, operation_id="create_survey")(create_survey)
    router.get(one, response=SurveyOut, operation_id="read_survey")(read_survey)
    router.put(one, response=SurveyOut, operation_id="change_survey")(change_survey)
    router.delete(one, response=DiscardedOut, operation_id="discard_survey")(discard_survey)
    router.post(f"{one}/open", response=SurveyOut, operation_id="open_survey")(open_survey)
    router.post(f"{one}/close", response=SurveyOut, operation_id="close_survey")(close_survey)
    router.get(f"{one}/results", response=ResultsOut, operation_id="read_survey_results")(
        read_survey_results
    )
    return router


@requires("surveys.read")
def list_surveys(request: ApiRequest, query: Annotated[SurveysQuery, Query()]) -> dict[str, Any]:
    """Every survey, the newest first, with how many answered."""
    merchant = request.auth.merchant
    now = now_for(merchant)
    after = id_after("svy", query.starting_after)
    rows = queries.surveys(merchant.id, limit=query.limit, after=after)
    return page(
        rows, query.limit, lambda row: survey_json(row, now), lambda row: show("svy", row.id)
    )


@requires("surveys.write")
def create_survey(request: ApiRequest, body: SurveyIn) -> HttpResponse:
    """Note down a draft; nobody is asked yet."""

    def act(now: datetime) -> View:
        return services.create(
            merchant=request.auth.merchant, draft=body.draft(), now=now, by=request.auth.actor
        )

    return answer_once(request, "surveys.create", _told(201, act))


@requires("surveys.read")
def read_survey(request: ApiRequest, survey_id: SurveyInPath) -> dict[str, Any]:
    """A survey as it stands."""
    merchant = request.auth.merchant
    return survey_json(queries.survey(merchant.id, survey_id), now_for(merchant))


@requires("surveys.write")
def change_survey(request: ApiRequest, survey_id: SurveyInPath, body: SurveyIn) -> HttpResponse:
    """Write a draft anew. Once it was opened it is 409 survey_not_draft."""

    def act(now: datetime) -> View:
        merchant = request.auth.merchant
        return services.change(merchant=merchant, survey_id=survey_id, draft=body.draft(), now=now)

    return answer_once(request, "surveys.change", _told(200, act), show("svy", survey_id))


@requires("surveys.write")
def discard_survey(request: ApiRequest, survey_id: SurveyInPath) -> HttpResponse:
    """Throw a draft away. Once it was opened it is 409 survey_not_draft."""
    shown = show("svy", survey_id)

    def act(_now: datetime) -> Outcome:
        services.discard(merchant_id=request.auth.merchant_id, survey_id=survey_id)
        return Outcome(status=200, body={"id": shown}, subject=shown)

    return answer_once(request, "surveys.discard", act, shown)


@requires("surveys.write")
def open_survey(request: ApiRequest, survey_id: SurveyInPath, body: OpenIn) -> HttpResponse:
    """Put it on the cards of those it is for, until it closes. It is not changed after that."""

    def act(now: datetime) -> View:
        return services.open_survey(
            merchant=request.auth.merchant,
            survey_id=survey_id,
            opens_at=body.opens_at,
            closes_at=body.closes_at,
            now=now,
        )

    return answer_once(request, "surveys.open", _told(200, act), show("svy", survey_id))


@requires("surveys.write")
def close_survey(request: ApiRequest, survey_id: SurveyInPath) -> HttpResponse:
    """Take no answers from now on."""

    def act(now: datetime) -> View:
        return services.close(merchant_id=request.auth.merchant_id, survey_id=survey_id, now=now)

    return answer_once(request, "surveys.close", _told(200, act), show("svy", survey_id))


@requires("surveys.read")
def read_survey_results(
    request: ApiRequest, survey_id: SurveyInPath, query: Annotated[ResultsQuery, Query()]
) -> dict[str, Any] | StreamingHttpResponse:
    """What the answers come to, never of fewer than five members.

    Which benefits would be chosen, by whom, for what they cost, and who uses them; or why members
    stay away. While it is open the newest answers wait until others came.
    """
    merchant = request.auth.merchant
    view = queries.survey(merchant.id, survey_id)
    told = results(merchant, view, now_for(merchant))
    if query.format == "csv":
        columns, rows = rows_of(told, query.part)
        text = table_text(columns, [[row[column] for column in columns] for row in rows])
        answer = StreamingHttpResponse(iter([text]), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="survey-{query.part}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer
    return told


def _told(status: int, act: Callable[[datetime], View]) -> Callable[[datetime], Outcome]:
    """The answer of a write that leaves a survey behind."""

    def done(now: datetime) -> Outcome:
        view = act(now)
        return Outcome(status=status, body=survey_json(view, now), subject=show("svy", view.id))

    return done
