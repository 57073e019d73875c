"""Console: enrolment at the till, consents, and the link of a member's card."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from regulars.events.effects import effects
from regulars.infra.clock import real_now
from regulars.infra.http.answers import answer_once
from regulars.infra.http.fields import Instant, ShownId, Strict
from regulars.infra.http.permissions import requires
from regulars.infra.http.principal import ApiRequest
from regulars.infra.writes import Outcome
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members import queries, services
from regulars.modules.members.tokens import CARD_LASTS, card_token

from .enrolling import described, enrolled
from .shapes import (
    ConsentIn,
    ConsentOut,
    Effect,
    EnrolledOut,
    MemberChangeIn,
    MemberIn,
    consent_json,
)

router = Router(tags=["members"])
MemberInPath = Annotated[UUID, ShownId("mem")]


class ConsentsOut(Strict):
    consents: list[ConsentOut]
    effects: list[Effect]


class CardLinkOut(Strict):
    expires_at: Instant
    url: Annotated[str | None, Field(description="Shown once: it opens the card")] = None


@router.post("/members", response={201: EnrolledOut, 200: EnrolledOut}, operation_id="enrol_member")
@requires("members.write")
def enrol_member(request: ApiRequest, body: MemberIn) -> HttpResponse:
    """Make somebody a member, or find them by an identity."""

    def act(now: datetime) -> Outcome:
        return enrolled(request.auth.merchant, body, now)

    return answer_once(request, "members.enrol", act)


@router.patch("/members/{member_id}", response=EnrolledOut, operation_id="change_member")
@requires("members.write")
def change_member(
    request: ApiRequest, member_id: MemberInPath, body: MemberChangeIn
) -> HttpResponse:
    """Set or forget a member's name, birthday and language.

    A birthday that is known is replaced once a year at most: 409 birthday_changed_recently.
    """

    def act(now: datetime) -> Outcome:
        return described(request.auth.merchant, member_id, body, now)

    return answer_once(request, "members.change", act, show("mem", member_id))


@router.post(
    "/members/{member_id}/consents", response={201: ConsentsOut}, operation_id="record_consent"
)
@requires("consents.write")
def record_consent(request: ApiRequest, member_id: MemberInPath, body: ConsentIn) -> HttpResponse:
    """Keep a member's yes or no to a purpose, as it was given to staff."""

    def act(now: datetime) -> Outcome:
        merchant_id = request.auth.merchant_id
        event = services.record_consent(
            merchant_id=merchant_id, member_id=member_id, consent=body.draft(), now=now
        )
        told: dict[str, Any] = {
            "consents": [consent_json(v) for v in queries.consents(merchant_id, [member_id])],
            "effects": effects([event]),
        }
        return Outcome(status=201, body=told, subject=show("mem", member_id))

    return answer_once(request, "consents.record", act, show("mem", member_id))


@router.post(
    "/members/{member_id}/card-link", response={201: CardLinkOut}, operation_id="make_card_link"
)
@requires("cards.link")
def make_card_link(request: ApiRequest, member_id: MemberInPath) -> HttpResponse:
    """A link to the member's card, for the member; a repeat of the request does not show it."""

    def act(_: datetime) -> Outcome:
        merchant_id = request.auth.merchant_id
        carrier = queries.carrier_of(merchant_id, member_id)
        expires_at = real_now() + CARD_LASTS
        token = card_token(merchant_id=merchant_id, member_id=carrier, expires_at=expires_at)
        site = settings.ORIGIN or f"{request.scheme}://{request.get_host()}"
        return Outcome(
            status=201,
            body={"expires_at": show_instant(expires_at)},
            subject=show("mem", carrier),
            told_once={"url": f"{site}/m/#{token}"},
        )

    return answer_once(request, "cards.link", act, show("mem", member_id))
