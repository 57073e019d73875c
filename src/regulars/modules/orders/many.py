"""Many orders in one request: each is placed by itself, and all verdicts are one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from regulars.infra.http.items import refused
from regulars.infra.recording import Writes
from regulars.infra.writes import WRITE_RECORD, Answer, Asked, answer_text, write_row
from regulars.kernel.errors import Contention, Refusal

from .changing import in_one_unit, remembered_answer
from .services import place
from .settlement import Scope
from .types import Draft

_ONE: Final = "orders.bulk.one"


@dataclass(frozen=True, slots=True)
class Sent:
    """One order as it came: its fingerprint, and what it asks for or why it cannot be read."""

    fingerprint: str
    wanted: Draft | Refusal


def place_many(scope: Scope, asked: Asked, orders: Sequence[Sent]) -> Answer:
    """Place every order once, each with a verdict of its own; a repeat gets the same answer.

    What was cut off in the middle is gone on with by the repeat. Where writers met until their
    retries ran out, the answer is not remembered: the same request may be sent again.
    """
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    head = sha256(asked.key.encode()).hexdigest()[:32]
    verdicts: list[Mapping[str, Any]] = []
    effects: list[Any] = []
    unsettled = False
    for index, sent in enumerate(orders):
        try:
            verdict = _place(scope, asked, f"{head}:{index}", sent)
        except Refusal as refusal:
            unsettled = unsettled or isinstance(refusal, Contention)
            verdict = refused(refusal)
        else:
            effects += verdict["order"]["effects"]
        verdicts.append({"index": index, **verdict})
    text = answer_text({"orders": verdicts, "effects": effects})
    if unsettled:
        return Answer(200, text)
    return in_one_unit(lambda: _remember(asked, text))


def _place(scope: Scope, asked: Asked, key: str, sent: Sent) -> dict[str, Any]:
    if isinstance(sent.wanted, Refusal):
        raise sent.wanted
    one = Asked(
        merchant_id=asked.merchant_id,
        actor=asked.actor,
        operation=_ONE,
        key=key,
        fingerprint=sent.fingerprint,
        now=asked.now,
    )
    answer = place(scope, one, sent.wanted)
    return {"status": answer.status, "order": json.loads(answer.text)}


def _remember(asked: Asked, text: str) -> Answer:
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    writes = Writes()
    writes.add(WRITE_RECORD, write_row(asked, subject="orders", status=200, answer=text))
    writes.record()
    return Answer(200, text)
