"""Console: tills enrolled, watched and put away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from ninja import Query

from regulars.infra.http.answers import answer_once, page
from regulars.infra.http.fields import PageQuery
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import show
from regulars.modules.tills import queries, services

from .routes import TillInPath, routes, told
from .shapes import (
    EnvelopePage,
    GiveUpIn,
    RevokeIn,
    TermsIn,
    TermsOut,
    TillChangedOut,
    TillIn,
    envelope_json,
)

router = routes()


@router.post("/tills", response={201: TillChangedOut}, operation_id="enrol_till")
@requires("tills.write")
def enrol_till(request: ApiRequest, body: TillIn) -> HttpResponse:
    """Make a till and the code with which its device registers. A repeat does not show it again."""

    def act(now: datetime) -> Outcome:
        done, code = services.enrol(
            merchant_id=request.auth.merchant_id,
            name=body.name,
            store=body.store,
            by=request.auth.actor,
            now=now,
        )
        return told(done, status=201, told_once={"code": code})

    return answer_once(request, "tills.enrol", act)


@router.post("/tills/{till_id}/revoke", response=TillChangedOut, operation_id="revoke_till")
@requires("tills.write")
def revoke_till(request: ApiRequest, till_id: TillInPath, body: RevokeIn) -> HttpResponse:
    """Put a till away, and say what becomes of what it has not sent yet."""

    def act(now: datetime) -> Outcome:
        done = services.revoke(
            merchant_id=request.auth.merchant_id,
            till_id=till_id,
            takes_unsent=body.unsent == "take",
            now=now,
        )
        return told(done)

    return answer_once(request, "tills.revoke", act, show("till", till_id))


@router.post("/tills/{till_id}/give-up", response=TillChangedOut, operation_id="give_up_number")
@requires("tills.write")
def give_up_number(request: ApiRequest, till_id: TillInPath, body: GiveUpIn) -> HttpResponse:
    """Give up the number that later ones wait for; should it come after all, it is refused."""

    def act(now: datetime) -> Outcome:
        done = services.give_up(
            merchant_id=request.auth.merchant_id, till_id=till_id, number=body.number, now=now
        )
        return told(done)

    return answer_once(request, "tills.give_up", act, show("till", till_id))


@router.get(
    "/tills/{till_id}/refused", response=EnvelopePage, operation_id="list_refused_envelopes"
)
@requires("settings.read")
def list_refused_envelopes(
    request: ApiRequest, till_id: TillInPath, part: Query[PageQuery]
) -> dict[str, Any]:
    """What of a till was refused or given up, the latest number first."""
    before = None
    if part.starting_after is not None:
        if not part.starting_after.isascii() or not part.starting_after.isdigit():
            raise NotFound
        before = int(part.starting_after[:18])
    rows = queries.refused_envelopes(
        request.auth.merchant_id, till_id, limit=part.limit, before=before
    )
    return page(rows, part.limit, envelope_json, lambda row: str(row.number))


@router.get("/settings/tills", response=TermsOut, operation_id="read_till_terms")
@requires("settings.read")
def read_till_terms(request: ApiRequest) -> dict[str, Any]:
    """How long a till may be offline."""
    return {"most_days_offline": queries.most_days_offline(request.auth.merchant_id)}


@router.put("/settings/tills", response=TermsOut, operation_id="change_till_terms")
@requires("tills.write")
def change_till_terms(request: ApiRequest, body: TermsIn) -> HttpResponse:
    """Change how long ago what a till did may be when it is sent."""

    def act(_: datetime) -> Outcome:
        services.change_terms(
            merchant_id=request.auth.merchant_id, most_days_offline=body.most_days_offline
        )
        return Outcome(
            status=200, body={"most_days_offline": body.most_days_offline}, subject="tills"
        )

    return answer_once(request, "tills.change_terms", act)
