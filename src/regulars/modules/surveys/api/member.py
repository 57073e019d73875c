"""Member pages: surveys that stand on the card, why one left, and one's own answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Instant, ShownId, Strict
from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members.lookup import circle_of
from regulars.modules.surveys import answering, queries
from regulars.modules.surveys.answering import Asked
from regulars.modules.surveys.models import Response
from regulars.modules.surveys.rules import MOST_QUESTIONS
from regulars.modules.surveys.types import REASONS, Reason, View

from .shapes import Code, NamesOut

router = Router(tags=["card"])
SurveyInPath = Annotated[UUID, ShownId("svy")]
AnswerInPath = Annotated[UUID, ShownId("ans")]


class ShownBenefitOut(Strict):
    code: str
    name: NamesOut


class QuestionOut(Strict):
    benefits: list[ShownBenefitOut]


class OwnSurveyOut(Strict):
    id: Annotated[Any, ShownId("svy")]
    kind: Literal["choice", "reason"]
    closes_at: Instant | None
    worst: bool
    questions: list[QuestionOut]
    reasons: list[Reason]


class OwnSurveysOut(Strict):
    data: list[OwnSurveyOut]


class ChoiceIn(Strict):
    best: Code
    worst: Code | None = None


class AnswerIn(Strict):
    """A choice for each question in its order, or the one reason, as the survey asks."""

    choices: Annotated[list[ChoiceIn] | None, Field(max_length=MOST_QUESTIONS)] = None
    reason: Reason | None = None


class ReasonIn(Strict):
    reason: Reason


class DoneOut(Strict):
    done: Literal["answered", "put_away", "taken_back"]


class WhyOut(Strict):
    asked: Annotated[bool, Field(description="Whether one left and has not been asked yet")]
    reasons: list[Reason]


class ChosenOut(Strict):
    best: NamesOut
    worst: NamesOut | None


class OwnAnswerOut(Strict):
    """What one answered, and what was noted with it to count it by."""

    id: Annotated[Any, ShownId("ans")]
    about: Literal["survey", "leaving"]
    at: Instant
    state: Literal["answered", "put_away", "taken_back"]
    reason: Reason | None
    choices: list[ChosenOut]
    tier: str | None
    channel: str | None
    segments: list[str]


class OwnAnswersOut(Strict):
    data: list[OwnAnswerOut]


@router.get("/surveys", response=OwnSurveysOut, operation_id="list_own_surveys")
@requires("self.read")
def list_own_surveys(request: ApiRequest) -> dict[str, Any]:
    """What one may answer, of one's own accord; each stands on the card until it is done with."""
    merchant = request.auth.merchant
    found = answering.asked_of(merchant, own_id(request), now_for(merchant))
    return {"data": [_asked(one) for one in found]}


@router.post("/surveys/{survey_id}/answer", response=DoneOut, operation_id="answer_survey")
@requires("self.write")
def answer_survey(request: ApiRequest, survey_id: SurveyInPath, body: AnswerIn) -> HttpResponse:
    """Answer a survey, once. It is told of only together with others, and may be taken back."""

    def act(now: datetime) -> Outcome:
        given = None
        if body.choices is not None:
            given = [(one.best, one.worst) for one in body.choices]
        answering.answer(
            merchant=request.auth.merchant,
            member_id=own_id(request),
            survey_id=survey_id,
            given=given,
            reason=body.reason,
            now=now,
        )
        return _done("answered", own_id(request))

    return answer_once(request, "surveys.answer_own", act, show("svy", survey_id))


@router.post("/surveys/{survey_id}/put-away", response=DoneOut, operation_id="put_survey_away")
@requires("self.write")
def put_survey_away(request: ApiRequest, survey_id: SurveyInPath) -> HttpResponse:
    """Take a survey off one's card, unanswered; it does not come back."""

    def act(now: datetime) -> Outcome:
        answering.put_away(
            merchant=request.auth.merchant,
            member_id=own_id(request),
            survey_id=survey_id,
            now=now,
        )
        return _done("put_away", own_id(request))

    return answer_once(request, "surveys.put_away_own", act, show("svy", survey_id))


@router.get("/leaving/reason", response=WhyOut, operation_id="read_why_asked")
@requires("self.read")
def read_why_asked(request: ApiRequest) -> dict[str, Any]:
    """Whether one who left is asked why; nothing depends on the answer."""
    asked = answering.is_asked_why(request.auth.merchant_id, own_id(request))
    return {"asked": asked, "reasons": list(REASONS)}


@router.post("/leaving/reason", response=DoneOut, operation_id="say_why_left")
@requires("self.write")
def say_why_left(request: ApiRequest, body: ReasonIn) -> HttpResponse:
    """Say why one left, once for each leaving."""

    def act(now: datetime) -> Outcome:
        answering.say_why(
            merchant=request.auth.merchant,
            member_id=own_id(request),
            reason=body.reason,
            now=now,
        )
        return _done("answered", own_id(request))

    return answer_once(request, "surveys.say_why_own", act)


@router.get("/answers", response=OwnAnswersOut, operation_id="list_own_answers")
@requires("self.read")
def list_own_answers(request: ApiRequest) -> dict[str, Any]:
    """All that one answered, the latest first, as it is kept."""
    merchant_id = request.auth.merchant_id
    rows = queries.responses(merchant_id, circle_of(merchant_id, own_id(request)).ids)
    asked = {UUID(row.ref) for row in rows if row.about == queries.SURVEY}
    views = {id_.hex: view for id_, view in queries.by_ids(merchant_id, asked).items()}
    return {"data": [_answer(row, views) for row in rows]}


@router.delete("/answers/{answer_id}", response=DoneOut, operation_id="take_answer_back")
@requires("self.write")
def take_answer_back(request: ApiRequest, answer_id: AnswerInPath) -> HttpResponse:
    """Have an answer wiped; no figure counts it from then on, and one is not asked again."""

    def act(now: datetime) -> Outcome:
        answering.take_back(
            merchant_id=request.auth.merchant_id,
            member_id=own_id(request),
            response_id=answer_id,
            now=now,
        )
        return _done("taken_back", own_id(request))

    return answer_once(request, "surveys.take_back_own", act, show("ans", answer_id))


def _done(what: str, member_id: UUID) -> Outcome:
    return Outcome(status=200, body={"done": what}, subject=show("mem", member_id))


def _asked(asked: Asked) -> dict[str, Any]:
    draft = asked.view.draft
    closes_at = asked.view.closes_at
    return {
        "id": show("svy", asked.view.id),
        "kind": draft.kind,
        "closes_at": show_instant(closes_at) if closes_at else None,
        "worst": draft.worst,
        "questions": [
            {
                "benefits": [
                    {"code": draft.benefits[place].code, "name": dict(draft.benefits[place].name)}
                    for place in places
                ]
            }
            for places in asked.questions
        ],
        "reasons": list(REASONS) if draft.kind == "reason" else [],
    }


def _answer(row: Response, views: dict[str, View]) -> dict[str, Any]:
    view = views.get(row.ref)
    benefits = view.draft.benefits if view else ()
    return {
        "id": show("ans", row.id),
        "about": row.about,
        "at": show_instant(row.at),
        "state": row.state,
        "reason": row.reason or None,
        "choices": [
            {
                "best": dict(benefits[best].name),
                "worst": None if worst is None else dict(benefits[worst].name),
            }
            for _shown, best, worst in row.choices
        ],
        "tier": row.tier,
        "channel": row.channel,
        "segments": row.segments,
    }
