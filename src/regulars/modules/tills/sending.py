"""A batch of envelopes: read, taken in the order of their numbers, answered in the order sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Greatest

from regulars.infra.http.principal import MerchantFacts
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text, remember
from regulars.kernel.ids import show
from regulars.modules.orders.changing import in_one_unit, remembered_answer
from regulars.modules.orders.settlement import Scope

from . import queries
from .errors import NotRegistered
from .models import Till
from .reading import read_envelope
from .taking import Taking
from .types import Envelope, Verdict


def send(
    scope: Scope, asked: Asked, merchant: MerchantFacts, till_id: UUID, sent: Sequence[Any]
) -> Answer:
    """Take every envelope whose turn it is; a verdict for each, in the order sent.

    Sent again, whatever of it and in whatever order, nothing is taken twice. Where something waits
    the answer is not remembered: the same request may be sent again.

    Raises NotFound, NotRegistered.
    """
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    device = queries.device(scope.merchant_id, till_id)
    if not device.public_key:
        raise NotRegistered("Register the device's public key with its enrolment code first.")
    taking = Taking(scope, merchant, till_id, queries.most_days_offline(scope.merchant_id))
    told: list[Envelope | Verdict] = [read_envelope(item, device) for item in sent]
    waiting = sorted((one.number, at) for at, one in enumerate(told) if isinstance(one, Envelope))
    _note_seen(scope, till_id, waiting[-1][0] if waiting else 0)
    for _, at in waiting:
        envelope = told[at]
        assert isinstance(envelope, Envelope)
        told[at] = taking.settle(envelope)
    verdicts = [one for one in told if isinstance(one, Verdict)]
    last_number = queries.till(scope.merchant_id, till_id).last_number
    body = {
        "verdicts": [_verdict_json(at, verdict) for at, verdict in enumerate(verdicts)],
        "last_number": last_number,
        "effects": taking.effects,
    }
    text = answer_text(body)
    if any(verdict.status == "waits" for verdict in verdicts):
        return Answer(200, text)
    return in_one_unit(lambda: _remembered(asked, show("till", till_id), text))


def _note_seen(scope: Scope, till_id: UUID, number: int) -> None:
    # Not guarded: it tells people what to look for, and decides nothing.
    Till.objects.of(scope.merchant_id).filter(id=till_id).update(
        last_seen_at=scope.now, seen_number=Greatest(F("seen_number"), Value(number))
    )


def _remembered(asked: Asked, subject: str, text: str) -> Answer:
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    writes = Writes()
    remember(writes, asked, subject=subject, status=200, answer=text)
    writes.record()
    return Answer(200, text)


def _verdict_json(index: int, verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = {
        "index": index,
        "number": verdict.number,
        "status": verdict.status,
        "repeated": verdict.repeated,
    }
    more: Mapping[str, Any] = {
        "waits_for": verdict.waits_for,
        "code": verdict.code,
        "detail": verdict.detail,
        "errors": list(verdict.errors) or None,
        "answer": verdict.answer,
    }
    told.update({name: value for name, value in more.items() if value is not None})
    return told
