"""Many orders in one request: each has its verdict, and all verdicts are one answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any, Final

from regulars.infra.http.items import refused
from regulars.infra.recording import Writes
from regulars.infra.writes import Answer, Asked, answer_text, remember
from regulars.kernel.errors import Contention, Refusal

from .changing import in_one_unit, remembered_answer
from .services import place
from .settlement import Scope
from .together import NotTogether, Wish, ordinary, place_together
from .types import Draft

_ONE: Final = "orders.bulk.one"
#: An order of a request: to be placed, and then what became of it.
_Told = Wish | Answer | Refusal


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
    told: list[_Told] = [
        Wish(_one(asked, f"{head}:{index}", sent.fingerprint), sent.wanted)
        if isinstance(sent.wanted, Draft)
        else sent.wanted
        for index, sent in enumerate(orders)
    ]
    for spots in _runs(scope, told):
        _place_run(scope, told, spots)
    verdicts: list[Mapping[str, Any]] = []
    effects: list[Any] = []
    for index, found in enumerate(told):
        verdict = refused(found) if isinstance(found, Refusal) else _taken(found)
        effects += verdict["order"]["effects"] if "order" in verdict else []
        verdicts.append({"index": index, **verdict})
    text = answer_text({"orders": verdicts, "effects": effects})
    if any(isinstance(found, Contention) for found in told):
        return Answer(200, text)
    return in_one_unit(lambda: _remember(asked, text))


def _runs(scope: Scope, told: Sequence[_Told]) -> Iterator[list[int]]:
    """Where there is what is to be placed, in their order: ordinary orders that follow one another
    together, any other by itself."""
    wishes = [(spot, wish) for spot, wish in enumerate(told) if isinstance(wish, Wish)]
    together = ordinary(scope, [wish for _, wish in wishes])
    for is_ordinary, members in groupby(
        zip(together, wishes, strict=True), key=lambda member: member[0]
    ):
        spots = [spot for _, (spot, _) in members]
        yield from [spots] if is_ordinary else ([spot] for spot in spots)


def _place_run(scope: Scope, told: list[_Told], spots: Sequence[int]) -> None:
    """Put what became of the wishes at these spots where they stood."""
    wishes = [wish for spot in spots if isinstance(wish := told[spot], Wish)]
    if len(wishes) > 1:
        try:
            answers = place_together(scope, wishes)
        except (NotTogether, Refusal):
            pass  # one by one it shows whose fault it is, and the others are placed
        else:
            for spot, answer in zip(spots, answers, strict=True):
                told[spot] = answer
            return
    for spot, wish in zip(spots, wishes, strict=True):
        try:
            told[spot] = place(scope, wish.asked, wish.draft)
        except Refusal as refusal:
            told[spot] = refusal


def _taken(found: Wish | Answer) -> dict[str, Any]:
    assert isinstance(found, Answer)
    return {"status": found.status, "order": json.loads(found.text)}


def _one(asked: Asked, key: str, fingerprint: str) -> Asked:
    return Asked(
        merchant_id=asked.merchant_id,
        actor=asked.actor,
        operation=_ONE,
        key=key,
        fingerprint=fingerprint,
        now=asked.now,
    )


def _remember(asked: Asked, text: str) -> Answer:
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    writes = Writes()
    remember(writes, asked, subject="orders", status=200, answer=text)
    writes.record()
    return Answer(200, text)
