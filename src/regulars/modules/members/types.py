"""People as others may see them: frozen facts, contact data masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

IdentityType = Literal["phone", "email", "external", "card", "wechat_unionid", "douyin_openid"]
IDENTITY_TYPES: Final[tuple[str, ...]] = get_args(IdentityType)

#: The purpose of consent under which somebody is treated by what they did; a no holds at once.
PERSONALISATION: Final = "personalisation"
#: Joined of their own accord; only bought so far; was a member once; goes on as somebody else.
ACTIVE: Final = "active"
SHOPPER: Final = "shopper"
LEFT: Final = "left"
MERGED: Final = "merged"


@dataclass(frozen=True, slots=True)
class IdentityDraft:
    """How somebody wants to be recognised, as written."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class ConsentDraft:
    """A yes or no to a purpose, as given."""

    purpose: str
    granted: bool
    text_version: str = ""
    channel: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What is known of somebody who joins; at least one identity."""

    identities: tuple[IdentityDraft, ...]
    name: str = ""
    birthday: date | None = None
    joined_at: datetime | None = None
    channel: str | None = None
    store: str | None = None
    locale: str = ""
    consents: tuple[ConsentDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityView:
    type: str
    masked: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """The latest word on a purpose."""

    purpose: str
    granted: bool
    text_version: str
    channel: str
    campaign: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DepartureView:
    """A leaving, what became of the points, and the coming back where there was one."""

    left_at: datetime
    channel: str
    points: str
    lapsed: int
    rejoined_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member without anything that names or reaches them."""

    id: UUID
    number: str
    status: str
    joined_at: datetime
    channel: str | None
    store: str | None
    locale: str
    merged_into: UUID | None
    identities: tuple[IdentityView, ...] = field(default=())
