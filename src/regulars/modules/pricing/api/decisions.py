"""The log of how strong offers were for whom."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query
from pydantic import Field

from regulars.infra.http.answers import id_after, page
from regulars.infra.http.fields import ExternalId, Instant, PageQuery, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.pricing.decisions import LoggedDecision, decisions


class DecisionsQuery(PageQuery):
    offer: Annotated[ExternalId, Field(description="The offer's code")]


class DecisionOut(Strict):
    quote_id: str
    at: Instant
    member_id: str | None
    state: Annotated[str, Field(description="Of the quote: open, used or released")]
    bps: Annotated[int, Field(description="What it took off for this buyer")]
    own_bps: Annotated[int, Field(description="What it took off for everybody")]
    most_bps: Annotated[int, Field(description="Where the published band ended")]
    step: Annotated[
        int | None, Field(description="Which step was met, from 0; None: as for everybody")
    ]
    personal: Annotated[bool, Field(description="false: the buyer had said no to it")]


class DecisionsOut(Strict):
    data: list[DecisionOut]
    has_more: bool
    next_cursor: str | None


@requires("pricing.read")
def list_strength_decisions(
    request: ApiRequest, query: Annotated[DecisionsQuery, Query()]
) -> dict[str, Any]:
    """How strong an offer was in which quote, and why; the newest first."""
    before = id_after("quo", query.starting_after)
    rows = decisions(request.auth.merchant_id, query.offer, limit=query.limit, before=before)
    return page(rows, query.limit, _shown, lambda row: show("quo", row.quote_id))


def _shown(row: LoggedDecision) -> dict[str, Any]:
    decided = row.decided
    return {
        "quote_id": show("quo", row.quote_id),
        "at": show_instant(row.at),
        "member_id": show("mem", row.member_id) if row.member_id else None,
        "state": row.state,
        "bps": decided.bps,
        "own_bps": decided.own_bps,
        "most_bps": decided.most_bps,
        "step": decided.step,
        "personal": decided.personal,
    }
