"""Tills as they come in and go out."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from regulars.infra.http.fields import ExternalId, Instant, ShortText, ShownId, Strict
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.tills.types import (
    MOST_DAYS_OFFLINE,
    MOST_ENVELOPES,
    MOST_NUMBER,
    EnvelopeView,
    TillView,
)

TillId = Annotated[UUID, ShownId("till")]
Number = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]
_ENVELOPES: Final = (
    "1 to 100 of {version: 1, till, number, made_at, kind: order|refund, body, signature}; "
    "signature is over the canonical JSON of the other six. Each is judged by itself"
)


class TillIn(Strict):
    name: Annotated[ShortText, Field(min_length=1, max_length=100)]
    store: ExternalId


class RegisterIn(Strict):
    code: Annotated[str, Field(min_length=1, max_length=40)]
    public_key: Annotated[
        str, Field(max_length=200, description="P-256, SubjectPublicKeyInfo (DER) in base64")
    ]
    proof: Annotated[
        str,
        Field(
            max_length=100,
            description="The key's signature of the canonical JSON of {version: 1, code, "
            "public_key}, as sent here",
        ),
    ]


class SendIn(Strict):
    envelopes: Annotated[
        list[Any], Field(min_length=1, max_length=MOST_ENVELOPES, description=_ENVELOPES)
    ]


class RevokeIn(Strict):
    unsent: Annotated[
        Literal["take", "refuse"],
        Field(description="What becomes of what it made by now and has not sent"),
    ]


class GiveUpIn(Strict):
    number: Number


class TermsIn(Strict):
    most_days_offline: Annotated[int, Field(ge=1, le=MOST_DAYS_OFFLINE)]


class TermsOut(TermsIn):
    pass


class TillOut(Strict):
    id: TillId
    name: str
    store: str
    status: Annotated[str, Field(description="enrolled, registered or revoked")]
    created_at: Instant
    created_by: str
    code_until: Annotated[Instant | None, Field(description="The enrolment code is good until")]
    registered_at: Instant | None
    revoked_at: Instant | None
    takes_unsent: bool
    last_number: Annotated[int, Field(description="Everything up to it is settled")]
    seen_number: Annotated[int, Field(description="The highest number that was sent")]
    waits_for: Annotated[int | None, Field(description="A number that is missing")]
    taken: int
    refused: int
    last_seen_at: Instant | None


class TillChangedOut(TillOut):
    code: Annotated[str | None, Field(description="Shown once, when the till is enrolled")] = None
    effects: Effects


class TillsOut(Strict):
    data: list[TillOut]
    has_more: bool
    next_cursor: str | None


class VerdictOut(Strict):
    index: int
    number: int | None
    status: Annotated[str, Field(description="taken, refused, waits or rejected")]
    repeated: Annotated[bool, Field(description="It was settled before; this is that verdict")]
    waits_for: int | None = None
    code: str | None = None
    detail: str | None = None
    errors: list[dict[str, str]] | None = None
    answer: Annotated[
        dict[str, Any] | None, Field(description="As POST /orders or POST /refunds answered")
    ] = None


class SentOut(Strict):
    verdicts: list[VerdictOut]
    last_number: int
    effects: Effects


class EnvelopeOut(Strict):
    number: int
    kind: str
    external_id: str
    made_at: Instant | None
    settled_at: Instant
    fate: Annotated[str, Field(description="refused or given_up")]
    code: str


class EnvelopePage(Strict):
    data: list[EnvelopeOut]
    has_more: bool
    next_cursor: str | None


def till_json(till: TillView) -> dict[str, Any]:
    return {
        "id": show("till", till.id),
        "name": till.name,
        "store": till.store,
        "status": _status(till),
        "created_at": show_instant(till.created_at),
        "created_by": till.created_by,
        "code_until": show_instant(till.code_until) if till.code_until else None,
        "registered_at": show_instant(till.registered_at) if till.registered_at else None,
        "revoked_at": show_instant(till.revoked_at) if till.revoked_at else None,
        "takes_unsent": till.takes_unsent,
        "last_number": till.last_number,
        "seen_number": till.seen_number,
        "waits_for": till.waits_for,
        "taken": till.taken,
        "refused": till.refused,
        "last_seen_at": show_instant(till.last_seen_at) if till.last_seen_at else None,
    }


def envelope_json(row: EnvelopeView) -> dict[str, Any]:
    return {
        "number": row.number,
        "kind": row.kind,
        "external_id": row.external_id,
        "made_at": show_instant(row.made_at) if row.made_at else None,
        "settled_at": show_instant(row.settled_at),
        "fate": row.fate,
        "code": row.code,
    }


def _status(till: TillView) -> str:
    if till.revoked_at is not None:
        return "revoked"
    return "enrolled" if till.registered_at is None else "registered"
