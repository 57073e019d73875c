"""Envelopes as they come in: read, and believed only where the till's own key signed them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from regulars.infra.device_keys import is_signed_by_device
from regulars.infra.http.fields import FreeJson, ShownId, Strict
from regulars.infra.http.items import read_item, refused
from regulars.kernel.errors import Invalid
from regulars.kernel.instants import parse_instant

from .queries import Device
from .rules import digest_of, signed_text
from .types import MOST_NUMBER, Envelope, Kind, Verdict

_UNSIGNED = "It was not signed by this till's key. Sign the canonical JSON of the other six fields."


class EnvelopeIn(Strict):
    """One thing a till did. ``signature`` is over the canonical JSON of the other fields."""

    version: Literal[1]
    till: Annotated[UUID, ShownId("till")]
    number: Annotated[int, Field(ge=1, le=MOST_NUMBER)]
    made_at: Annotated[str, Field(max_length=40)]
    kind: Kind
    body: Annotated[
        dict[str, FreeJson], Field(description="As POST /orders or POST /refunds takes it")
    ]
    signature: Annotated[str, Field(max_length=100)]


def read_envelope(item: Any, device: Device) -> Envelope | Verdict:
    """What was signed, or why nothing about it is believed."""
    try:
        sent = read_item(EnvelopeIn, item, called="envelope")
    except Invalid as invalid:
        told = refused(invalid)
        return Verdict(
            "rejected", code="invalid", detail=invalid.detail, errors=tuple(told.get("errors", ()))
        )
    if sent.till != device.till_id:
        detail = "It was made by another till: send it under that one's id."
        return Verdict("rejected", sent.number, code="other_till", detail=detail)
    try:
        made_at = parse_instant(sent.made_at)
        text = signed_text(
            till_id=sent.till,
            number=sent.number,
            made_at=sent.made_at,
            kind=sent.kind,
            body=sent.body,
        )
    except (TypeError, ValueError) as error:
        return Verdict("rejected", sent.number, code="invalid", detail=str(error))
    if not is_signed_by_device(device.public_key, sent.signature, text):
        return Verdict("rejected", sent.number, code="bad_signature", detail=_UNSIGNED)
    return Envelope(sent.till, sent.number, made_at, sent.kind, sent.body, digest_of(text))
