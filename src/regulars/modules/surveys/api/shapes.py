"""Surveys as they come in and go out, the same for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from regulars.infra.http.fields import Instant, PageQuery, ShortText, ShownId, Strict
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.programmes.document import Names
from regulars.modules.surveys.models import MOST_COST_MINOR
from regulars.modules.surveys.rules import MOST_BENEFITS, MOST_QUESTIONS, MOST_SHOWN, status_of
from regulars.modules.surveys.types import Benefit, Draft, Reason, UseKind, View

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]

NamesOut = Annotated[dict[str, str], Field(description="By language: en, zh-hans, zh-hant")]


class BenefitIn(Strict):
    code: Code
    name: Names
    cost_minor: Annotated[
        int | None,
        Field(ge=0, le=MOST_COST_MINOR, description="What it costs per member and month"),
    ] = None
    use: Annotated[
        UseKind | None,
        Field(description="Where the books tell who uses it: points redeemed, or an offer taken"),
    ] = None
    offer: Annotated[ShortText | None, Field(min_length=1, max_length=100)] = None

    @model_validator(mode="after")
    def _offer_where_it_is_one(self) -> Self:
        if (self.use == "offer") != (self.offer is not None):
            raise ValueError("an offer is named where use is offer, and only there")
        return self

    def benefit(self) -> Benefit:
        return Benefit(
            code=self.code,
            name=self.name.by_locale(),
            cost_minor=self.cost_minor,
            use=self.use,
            offer=self.offer,
        )


class SurveyIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    kind: Annotated[
        Literal["choice", "reason"],
        Field(description="choice: which benefits they would like; reason: why they stay away"),
    ] = "choice"
    segment: Annotated[
        ShortText | None, Field(min_length=1, max_length=40, description="All where left out")
    ] = None
    benefits: Annotated[list[BenefitIn], Field(max_length=MOST_BENEFITS, default_factory=list)]
    shown: Annotated[
        int, Field(ge=0, le=MOST_SHOWN, description="How many benefits a question shows")
    ] = 0
    questions: Annotated[int, Field(ge=0, le=MOST_QUESTIONS)] = 0
    worst: Annotated[bool, Field(description="Ask for the least liked too")] = False

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "reason":
            if self.benefits or self.shown or self.questions or self.worst:
                raise ValueError("a survey of reasons compares no benefits")
            return self
        if self.shown < 2 or self.questions < 1 or len(self.benefits) < self.shown:
            raise ValueError("ask at least one question, of two benefits or more, of those named")
        if len({benefit.code for benefit in self.benefits}) < len(self.benefits):
            raise ValueError("each benefit has a code of its own")
        if self.worst and self.shown < 3:
            raise ValueError("of two benefits the one not chosen is the least liked anyway")
        return self

    def draft(self) -> Draft:
        return Draft(
            name=self.name,
            kind=self.kind,
            segment=self.segment,
            benefits=tuple(benefit.benefit() for benefit in self.benefits),
            shown=self.shown,
            questions=self.questions,
            worst=self.worst,
        )


class OpenIn(Strict):
    opens_at: Annotated[Instant | None, Field(description="Now where it is left out")] = None
    closes_at: Instant


class SurveysQuery(PageQuery):
    pass


class ResultsQuery(Strict):
    format: Literal["json", "csv"] = "json"
    part: Annotated[
        Literal["benefits", "groups", "reasons"], Field(description="Of the CSV: which table")
    ] = "benefits"


class BenefitOut(Strict):
    code: str
    name: NamesOut
    cost_minor: int | None
    use: UseKind | None
    offer: str | None


class SurveyOut(Strict):
    id: Annotated[Any, ShownId("svy")]
    name: str
    kind: Literal["choice", "reason"]
    status: Literal["draft", "scheduled", "open", "closed"]
    segment: str | None
    benefits: list[BenefitOut]
    shown: int
    questions: int
    worst: bool
    opens_at: Instant | None
    closes_at: Instant | None
    created_at: Instant
    created_by: str
    answered: int
    put_away: Annotated[int, Field(description="Took it off their card without an answer")]


class SurveysOut(Strict):
    data: list[SurveyOut]
    has_more: bool
    next_cursor: str | None


class DiscardedOut(Strict):
    id: Annotated[Any, ShownId("svy")]


class RangeOut(Strict):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class UseOut(Strict):
    could: Annotated[int, Field(description="Members who could use it within the days")]
    did: int
    share: RangeOut


class BenefitResultOut(Strict):
    code: str
    name: NamesOut
    cost_minor: int | None
    share: Annotated[
        RangeOut | None, Field(description="Who would choose it, were all on offer at once")
    ]
    utility: Annotated[RangeOut | None, Field(description="Log odds above the mean of all")]
    value: Annotated[
        RangeOut | None, Field(description="Share per 100 minor units of cost a month")
    ]
    rank: Annotated[int | None, Field(description="By value, 1 the best")]
    dominated_by: Annotated[
        str | None, Field(description="One surely liked more that costs no more")
    ]
    shown: Annotated[int | None, Field(description="Questions that showed it")]
    best: int | None
    worst: int | None
    use: Annotated[UseOut | None, Field(description="None: the books do not know who could")]


class CellOut(Strict):
    code: str
    share: RangeOut
    differs: Annotated[
        Literal["more", "less"] | None,
        Field(description="Than among all others, by more than chance"),
    ]


class GroupOut(Strict):
    dimension: Literal["tier", "channel", "segment"]
    group: str
    members: int
    cells: list[CellOut]


class SaidOut(Strict):
    """How many named a reason, and their share in basis points with its 95 % interval."""

    reason: Reason
    count: int
    of: int
    share_bps: int
    low_bps: int
    high_bps: int


class ResultsOut(Strict):
    told: Annotated[int, Field(description="Answers that the figures tell of; the newest wait")]
    members: Annotated[int, Field(description="Members it is for, as of now")]
    least_told: int
    least_members: int
    use_days: int
    benefits: list[BenefitResultOut]
    groups: list[GroupOut]
    reasons: list[SaidOut]


def survey_json(view: View, now: datetime) -> dict[str, Any]:
    draft = view.draft
    return {
        "id": show("svy", view.id),
        "name": draft.name,
        "kind": draft.kind,
        "status": status_of(view.opens_at, view.closes_at, now),
        "segment": draft.segment,
        "benefits": [benefit_json(benefit) for benefit in draft.benefits],
        "shown": draft.shown,
        "questions": draft.questions,
        "worst": draft.worst,
        "opens_at": show_instant(view.opens_at) if view.opens_at else None,
        "closes_at": show_instant(view.closes_at) if view.closes_at else None,
        "created_at": show_instant(view.created_at),
        "created_by": view.created_by,
        "answered": view.answered,
        "put_away": view.put_away,
    }


def benefit_json(benefit: Benefit) -> dict[str, Any]:
    return {
        "code": benefit.code,
        "name": dict(benefit.name),
        "cost_minor": benefit.cost_minor,
        "use": benefit.use,
        "offer": benefit.offer,
    }
