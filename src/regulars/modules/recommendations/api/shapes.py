"""Lists as they are asked for and given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from regulars.infra.http.fields import Day, Instant, QueryInt, Strict
from regulars.modules.recommendations.types import KEPT_LENGTH, Mode
from regulars.modules.recommendations.why import Code

KeptLevel = Literal["type", "sku"]


class RecommendationsQuery(Strict):
    mode: Annotated[
        Mode, Field(description="next_basket: what is due, then new; explore: never bought before")
    ] = "next_basket"
    level: Annotated[KeptLevel, Field(description="What an item is")] = "type"
    k: Annotated[QueryInt, Field(ge=1, le=KEPT_LENGTH, description="How many")] = 10


class FewOut(Strict):
    reason: str
    there: int
    needed: int


class RecommendationOut(Strict):
    rank: int
    item: str
    name: Annotated[str | None, Field(description="What the catalogue calls a sku")]
    reason: Code
    why: str


class RecommendationsOut(Strict):
    state: Annotated[
        Literal["ready", "waiting", "abstained"],
        Field(description="waiting: the jobs are at it; abstained: too little to be personal"),
    ]
    as_of: Annotated[Day | None, Field(description="The last day the list knew of")]
    made_at: Instant | None
    abstained: FewOut | None
    mode: Mode
    level: KeptLevel
    personal: Annotated[
        bool, Field(description="false: what is popular, without what the member has already")
    ]
    data: list[RecommendationOut]
