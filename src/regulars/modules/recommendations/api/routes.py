"""Recommendations: the same route for every audience, one member's list."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router

from regulars.infra.http.fields import ShownId
from regulars.infra.http.language import language_of
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.insight.due.why import locale_of
from regulars.modules.recommendations import queries

from .shapes import RecommendationsOut, RecommendationsQuery


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["recommendations"])
    router.get(
        "/members/{member_id}/recommendations",
        response=RecommendationsOut,
        operation_id="read_recommendations",
    )(read_recommendations)
    return router


@requires("members.read")
def read_recommendations(
    request: ApiRequest,
    member_id: Annotated[UUID, ShownId("mem")],
    query: Annotated[RecommendationsQuery, Query()],
) -> dict[str, Any]:
    """What to show a member: for the next basket, or what they may like and never bought.

    Made each day from what was known at the end of the day before. Who bought too little gets
    what is popular, without what still serves them and, with `explore`, what they ever bought; who
    took back their consent to `personalisation` gets the same popular goods as everybody.
    """
    merchant = request.auth.merchant
    return queries.recommendations(
        merchant,
        member_id,
        mode=query.mode,
        level=query.level,
        length=query.k,
        locale=locale_of(language_of(request)),
    )
