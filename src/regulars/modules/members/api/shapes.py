"""Members as they come in and go out, the same for every audience."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from regulars.infra.http.fields import (
    Day,
    ExternalId,
    Instant,
    MemberId,
    ShortText,
    Strict,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members import queries
from regulars.modules.members.parts import told_above
from regulars.modules.members.types import (
    ConsentDraft,
    ConsentView,
    Enrolment,
    IdentityDraft,
    IdentityType,
    MemberView,
)


class IdentityIn(Strict):
    type: IdentityType
    value: ExternalId


class ConsentIn(Strict):
    purpose: Annotated[ShortText, Field(min_length=1, max_length=40)]
    granted: bool
    text_version: Annotated[ShortText, Field(max_length=40)] = ""
    channel: Annotated[ShortText, Field(max_length=40)] = ""
    campaign: Annotated[
        ShortText, Field(max_length=100, description="What brought it about, in your own word")
    ] = ""

    def draft(self) -> ConsentDraft:
        return ConsentDraft(
            self.purpose, self.granted, self.text_version, self.channel, self.campaign
        )


class MemberIn(Strict):
    identities: Annotated[list[IdentityIn], Field(min_length=1, max_length=10)]
    name: Annotated[ShortText, Field(max_length=100)] | None = None
    birthday: Day | None = None
    joined_at: Instant | None = None
    channel: ExternalId | None = None
    store: ExternalId | None = None
    locale: Annotated[str, Field(pattern="^[a-z]{2}(-[a-z]{2,8})?$")] | None = None
    consents: Annotated[list[ConsentIn], Field(max_length=20, default_factory=list)]

    def wanted(self) -> Enrolment:
        return Enrolment(
            identities=tuple(IdentityDraft(i.type, i.value) for i in self.identities),
            name=self.name or "",
            birthday=self.birthday,
            joined_at=self.joined_at,
            channel=self.channel,
            store=self.store,
            locale=self.locale or "",
            consents=tuple(consent.draft() for consent in self.consents),
        )


class MemberChangeIn(Strict):
    """What is left out stays as it is; null forgets it."""

    name: Annotated[ShortText, Field(max_length=100)] | None = None
    birthday: Annotated[
        Day | None, Field(description="One that is known is replaced once a year at most")
    ] = None
    locale: Annotated[str, Field(pattern="^[a-z]{2}(-[a-z]{2,8})?$")] | None = None


class IdentityOut(Strict):
    type: str
    masked: str


class TierOut(Strict):
    code: str
    name: str


class Effect(Strict):
    """What a write changed: an event's name and particulars."""

    model_config = ConfigDict(extra="allow")

    type: str


class MemberOut(Strict):
    id: MemberId
    number: str
    status: Annotated[str, Field(description="active, shopper, left or merged")]
    tier: TierOut | None = None
    joined_at: Instant
    channel: str | None
    store: str | None
    merged_into: MemberId | None
    identities: list[IdentityOut]


class EnrolledOut(MemberOut):
    effects: list[Effect]


class BirthdayOut(Strict):
    birthday: Day | None
    changeable_from: Annotated[
        Day | None, Field(description="Another can be given from then on; null: at any time")
    ]


class ConsentOut(Strict):
    purpose: str
    granted: bool
    text_version: str
    channel: str
    campaign: str
    at: Instant


def member_json(merchant: MerchantFacts, member_id: UUID, now: datetime) -> dict[str, Any]:
    """A member's document in plain JSON, with what the modules above add. Raises NotFound."""
    view = queries.member(merchant.id, member_id)
    return _plain(view) | told_above(merchant, view.merged_into or view.id, now)


def consent_json(view: ConsentView) -> dict[str, Any]:
    return {
        "purpose": view.purpose,
        "granted": view.granted,
        "text_version": view.text_version,
        "channel": view.channel,
        "campaign": view.campaign,
        "at": show_instant(view.at),
    }


def _plain(view: MemberView) -> dict[str, Any]:
    return {
        "id": show("mem", view.id),
        "number": view.number,
        "status": view.status,
        "tier": None,
        "joined_at": show_instant(view.joined_at),
        "channel": view.channel,
        "store": view.store,
        "merged_into": show("mem", view.merged_into) if view.merged_into else None,
        "identities": [{"type": i.type, "masked": i.masked} for i in view.identities],
    }
