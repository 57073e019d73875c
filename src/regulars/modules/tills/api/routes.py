"""A till registers, sends, and looks where it stands: the same routes for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from regulars.events.effects import effects
from regulars.infra.clock import now_for
from regulars.infra.http.answers import answer_once, asked, part, sent
from regulars.infra.http.fields import PartQuery, ShownId
from regulars.infra.http.permissions import Forbidden, requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.orders.services import scope_of
from regulars.modules.tills import queries, sending, services
from regulars.modules.tills.services import Done

from .shapes import RegisterIn, SendIn, SentOut, TillChangedOut, TillOut, TillsOut, till_json

TillInPath = Annotated[UUID, ShownId("till")]
_REFUNDS = "orders.refund"


def routes() -> Router:
    """A router of its own for each audience that mounts it."""
    router = Router(tags=["tills"])
    router.get("/tills", response=TillsOut, operation_id="list_tills")(list_tills)
    router.post("/tills/register", response=TillChangedOut, operation_id="register_till")(
        register_till
    )
    router.get("/tills/{till_id}", response=TillOut, operation_id="read_till")(read_till)
    router.post("/tills/{till_id}/envelopes", response=SentOut, operation_id="send_envelopes")(
        send_envelopes
    )
    return router


@requires("settings.read")
def list_tills(request: ApiRequest, query: Annotated[PartQuery, Query()]) -> dict[str, Any]:
    """Every till: those in use first, with gaps and what was taken and refused."""
    tills = queries.tills(request.auth.merchant_id)
    return part(tills, query, till_json, lambda till: show("till", till.id))


@requires("settings.read")
def read_till(request: ApiRequest, till_id: TillInPath) -> dict[str, Any]:
    """One till, and up to which number everything is settled."""
    return till_json(queries.till(request.auth.merchant_id, till_id))


@requires("orders.write")
def register_till(request: ApiRequest, body: RegisterIn) -> HttpResponse:
    """Register a device's public key with the enrolment code of its till; the code works once.

    The proof shows that the device can sign as envelopes are signed.
    """

    def act(now: datetime) -> Outcome:
        done = services.register(
            merchant_id=request.auth.merchant_id,
            code=body.code,
            public_key=body.public_key,
            proof=body.proof,
            now=now,
        )
        return told(done)

    return answer_once(request, "tills.register", act)


@requires("orders.write")
def send_envelopes(request: ApiRequest, till_id: TillInPath, body: SendIn) -> HttpResponse:
    """Send what a till did without a line: up to 100 signed envelopes, each with a verdict.

    taken and refused are final, also when sent again; waits means keep it and send it again;
    rejected means nothing of it was believed. Each number is settled once, in order.
    """
    may_refund = _REFUNDS in request.auth.permissions
    if not may_refund and any(_is_refund(item) for item in body.envelopes):
        raise Forbidden("Refunds in envelopes need orders.refund.")
    merchant = request.auth.merchant
    now = now_for(merchant)
    wanted = asked(request, "tills.send", show("till", till_id), now=now)
    scope = scope_of(merchant, actor=request.auth.actor, now=now)
    return sent(sending.send(scope, wanted, merchant, till_id, body.envelopes))


def told(done: Done, *, status: int = 200, told_once: dict[str, Any] | None = None) -> Outcome:
    """The answer to a change of a till."""
    body = {**till_json(done.till), "effects": effects(done.events)}
    return Outcome(
        status=status, body=body, subject=show("till", done.till.id), told_once=told_once or {}
    )


def _is_refund(item: Any) -> bool:
    return isinstance(item, dict) and item.get("kind") == "refund"
