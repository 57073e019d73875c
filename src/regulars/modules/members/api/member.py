"""Member pages: what a member agreed to and said of themselves, and changing it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Day, ShortText, Strict
from regulars.infra.http.permissions import own_id, requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.modules.members import queries, services
from regulars.modules.members.describing import birthday_told, describe
from regulars.modules.members.types import ConsentDraft

from .shapes import BirthdayOut, ConsentOut, Effect, consent_json

router = Router(tags=["card"])
_CHANNEL = "card"


class OwnBirthdayIn(Strict):
    birthday: Day | None


class OwnBirthdayChangedOut(BirthdayOut):
    effects: list[Effect]


class OwnConsentIn(Strict):
    purpose: Annotated[ShortText, Field(min_length=1, max_length=40)]
    granted: bool
    text_version: Annotated[ShortText, Field(max_length=40)] = ""


class OwnConsentsOut(Strict):
    data: list[ConsentOut]


class OwnConsentsChangedOut(Strict):
    data: list[ConsentOut]
    effects: list[Effect]


@router.get("/birthday", response=BirthdayOut, operation_id="read_own_birthday")
@requires("self.read")
def read_own_birthday(request: ApiRequest) -> dict[str, Any]:
    """The birthday as the shop knows it, and from when on it can be changed."""
    return _own_birthday(request)


@router.put("/birthday", response=OwnBirthdayChangedOut, operation_id="put_own_birthday")
@requires("self.write")
def put_own_birthday(request: ApiRequest, body: OwnBirthdayIn) -> HttpResponse:
    """Tell one's birthday, or have it forgotten (null).

    One that is known is replaced once a year at most: 409 birthday_changed_recently.
    """
    member_id = own_id(request)

    def act(now: datetime) -> Outcome:
        events = describe(
            merchant=request.auth.merchant,
            member_id=member_id,
            given={"birthday": body.birthday},
            now=now,
        )
        told = {**_own_birthday(request), "effects": effects(events)}
        return Outcome(status=200, body=told, subject=show("mem", member_id))

    return answer_once(request, "members.own_birthday", act, show("mem", member_id))


@router.get("/consents", response=OwnConsentsOut, operation_id="list_own_consents")
@requires("self.read")
def list_own_consents(request: ApiRequest) -> dict[str, Any]:
    """The latest word on every purpose."""
    return {"data": _own(request)}


@router.post("/consents", response={201: OwnConsentsChangedOut}, operation_id="record_own_consent")
@requires("self.consent")
def record_own_consent(request: ApiRequest, body: OwnConsentIn) -> HttpResponse:
    """Say yes or no to a purpose; saying no is as easy as saying yes."""
    member_id = own_id(request)

    def act(now: datetime) -> Outcome:
        event = services.record_consent(
            merchant_id=request.auth.merchant_id,
            member_id=member_id,
            consent=ConsentDraft(body.purpose, body.granted, body.text_version, _CHANNEL),
            now=now,
        )
        told = {"data": _own(request), "effects": effects([event])}
        return Outcome(status=201, body=told, subject=show("mem", member_id))

    return answer_once(request, "consents.record_own", act, show("mem", member_id))


def _own(request: ApiRequest) -> list[dict[str, Any]]:
    found = queries.consents(request.auth.merchant_id, [own_id(request)])
    return [consent_json(view) for view in found]


def _own_birthday(request: ApiRequest) -> dict[str, Any]:
    merchant = request.auth.merchant
    member_id = queries.carrier_of(merchant.id, own_id(request))
    return birthday_told(*queries.birthday_since(merchant.id, member_id))
