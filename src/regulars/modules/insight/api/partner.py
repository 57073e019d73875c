"""Partner API: who is due to buy what again."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router

from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.modules.insight import queries
from regulars.modules.insight.due.why import locale_of

from .answers import listed
from .shapes import DueListOut, DueQuery

router = Router(tags=["insight"])


@router.get("/insight/due", response=DueListOut, operation_id="list_due")
@requires("members.read")
def list_due(request: ApiRequest, query: Annotated[DueQuery, Query()]) -> dict[str, Any]:
    """Who is likely to buy which of their usual items again soon, the likeliest first.

    Learnt each day from what was known at the end of the day before.
    """
    page = queries.due_list(
        request.auth.merchant,
        level=query.level,
        locale=locale_of(request.auth.merchant.locale),
        limit=query.limit,
        after=query.starting_after,
        member_id=query.member_id,
        item=query.item,
    )
    return listed(request, page)
