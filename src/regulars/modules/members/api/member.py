"""Member pages: what a member agreed to, and changing it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import ShortText, Strict
from regulars.infra.http.permissions import Forbidden, requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.members import queries, services
from regulars.modules.members.types import ConsentDraft

from .shapes import ConsentOut, Effect, consent_json

router = Router(tags=["card"])
_CHANNEL = "card"


class OwnConsentIn(Strict):
    purpose: Annotated[ShortText, Field(min_length=1, max_length=40)]
    granted: bool
    text_version: Annotated[ShortText, Field(max_length=40)] = ""


class OwnConsentsOut(Strict):
    data: list[ConsentOut]


class OwnConsentsChangedOut(Strict):
    data: list[ConsentOut]
    effects: list[Effect]


@router.get("/consents", response=OwnConsentsOut, operation_id="list_own_consents")
@requires("self.read")
def list_own_consents(request: ApiRequest) -> dict[str, Any]:
    """The latest word on every purpose."""
    return {"data": _own(request)}


@router.post("/consents", response={201: OwnConsentsChangedOut}, operation_id="record_own_consent")
@requires("self.consent")
def record_own_consent(request: ApiRequest, body: OwnConsentIn) -> HttpResponse:
    """Say yes or no to a purpose; saying no is as easy as saying yes."""
    own_id = _own_id(request)

    def act(now: datetime) -> Outcome:
        event = services.record_consent(
            merchant_id=request.auth.merchant_id,
            member_id=own_id,
            consent=ConsentDraft(body.purpose, body.granted, body.text_version, _CHANNEL),
            now=now,
        )
        told = {"data": _own(request), "effects": effects([event])}
        return Outcome(status=201, body=told, subject=show("mem", own_id))

    return answer_once(request, "consents.record_own", act, show("mem", own_id))


def _own_id(request: ApiRequest) -> UUID:
    if request.auth.member_id is None:
        raise Forbidden
    return request.auth.member_id


def _own(request: ApiRequest) -> list[dict[str, Any]]:
    found = queries.consents(request.auth.merchant_id, [_own_id(request)])
    return [consent_json(view) for view in found]
