"""Taking what a till did without a line: each number once, in order, with a verdict for each.

What an order or a refund brings is decided where every order is; here only its turn is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.events.effects import effects
from regulars.events.tills import TillEnvelopeRefused
from regulars.infra.http.items import read_item, refused
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Row, Target, Writes
from regulars.infra.writes import (
    FINGERPRINT_DIGITS,
    Answer,
    Asked,
    KeyReused,
    answer_text,
    remember,
)
from regulars.kernel.errors import Contention, Refusal
from regulars.kernel.ids import show
from regulars.modules.orders import services as orders
from regulars.modules.orders.changing import in_one_unit, remembered_answer
from regulars.modules.orders.intake import EarlyRefundIn, OrderIn
from regulars.modules.orders.placing import CLOCK_SLACK
from regulars.modules.orders.settlement import Scope

from . import queries
from .errors import AfterSigning, QuoteNeedsALine, TooLongOffline
from .queries import Standing
from .recorder import rows_of
from .rules import GIVEN_UP, first_verdict, still_trusted, turn_of, untimely
from .types import Envelope, Fate, Verdict

#: How often a number is looked at anew where others settle at the same moment.
_LOOKS: Final = 6
_MOST_NAME: Final = 255
_BUSY: Final = Contention().detail


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an envelope asks of orders: the instants it names, and the use case."""

    instants: Sequence[datetime]
    act: Callable[[Asked], Answer]


@dataclass(slots=True)
class Taking:
    """Takes the envelopes of one till, one after the other."""

    scope: Scope
    merchant: MerchantFacts
    till_id: UUID
    most_days_offline: int
    #: What was changed by what was taken or refused just now.
    effects: list[Any] = field(default_factory=list)

    def settle(self, envelope: Envelope) -> Verdict:
        """What becomes of an envelope; its number is used up where it was its turn."""
        ours = False
        for _ in range(_LOOKS):
            standing = queries.standing(self.scope.merchant_id, self.till_id, envelope.number)
            found = _settled(envelope, standing, repeated=not ours)
            if found is not None:
                self._note_effects(found)
                return found
            if not still_trusted(
                envelope.made_at,
                revoked_at=standing.revoked_at,
                takes_unsent=standing.takes_unsent,
            ):
                detail = "The till was revoked; enrol this device as a new one."
                return Verdict("rejected", envelope.number, code="till_revoked", detail=detail)
            if envelope.number > standing.last_number + 1:
                return Verdict("waits", envelope.number, waits_for=standing.last_number + 1)
            try:
                ours = self._use_up(envelope, standing)
            except _Early:
                detail = "It was made ahead of our clock: set the till's clock, and send it later."
                return Verdict("waits", envelope.number, code="in_the_future", detail=detail)
            except Contention:
                ours = False
        return Verdict("waits", envelope.number, code=Contention.code, detail=_BUSY)

    def _use_up(self, envelope: Envelope, standing: Standing) -> bool:
        """Take or refuse the next envelope; whether it was done just now, by us.

        Raises _Early, Contention.
        """
        external_id = _name_in(envelope)
        try:
            wanted = self._wanted(envelope)
            self._check_time(envelope, wanted)
            asked = self._asked(envelope, standing, external_id)
            answer = wanted.act(asked)
            if answer.status == 200 and not answer.replayed:
                # It came before by another way: the number is used up with that first answer.
                subject = json.loads(answer.text).get("id", external_id)
                in_one_unit(lambda: _record(asked, subject, 200, answer.text))
        except (Contention, _Early):
            raise
        except KeyReused:
            return False  # another content was faster under this number
        except Refusal as refusal:
            return self._refuse(envelope, standing, external_id, refusal)
        return not answer.replayed

    def _wanted(self, envelope: Envelope) -> _Wanted:
        if envelope.kind == "order":
            draft = read_item(OrderIn, envelope.body, called="order").draft(self.merchant)
            if draft.quote_id is not None:
                raise QuoteNeedsALine("Leave quote_id out and name what each line cost.")
            paid = [draft.paid_at] if draft.paid_at is not None else []
            return _Wanted(
                [draft.placed_at, *paid],
                lambda asked: orders.place(self.scope, asked, draft),
            )
        body = read_item(EarlyRefundIn, envelope.body, called="refund")
        sent = body.asked()
        sent = replace(sent, refunded_at=sent.refunded_at or min(envelope.made_at, self.scope.now))
        return _Wanted(
            [body.refunded_at] if body.refunded_at is not None else [],
            lambda asked: orders.refund_by_external_id(
                self.scope, asked, body.order_external_id, sent
            ),
        )

    def _check_time(self, envelope: Envelope, wanted: _Wanted) -> None:
        """Raises _Early, TooLongOffline, AfterSigning."""
        timing = untimely(
            envelope.made_at,
            wanted.instants,
            now=self.scope.now,
            slack=CLOCK_SLACK,
            most_days_offline=self.most_days_offline,
        )
        if timing == "in_the_future":
            raise _Early
        if timing == "too_long_offline":
            raise TooLongOffline(
                f"It is from more than {self.most_days_offline} days ago. Bring it in with an "
                "order file or POST /orders, and let tills be offline for longer."
            )
        if timing == "after_signing":
            raise AfterSigning("Sign what is done when it is done, with the till's own clock.")

    def _asked(
        self,
        envelope: Envelope,
        standing: Standing,
        external_id: str,
        refusal: Refusal | None = None,
    ) -> Asked:
        fate: Fate = "taken" if refusal is None else "refused"
        merchant_id, now = self.scope.merchant_id, self.scope.now

        def beside(subject: str, _status: int) -> Sequence[tuple[Target, Row]]:
            return rows_of(
                merchant_id,
                envelope,
                external_id=external_id,
                fate=fate,
                code="" if refusal is None else refusal.code,
                subject=subject,
                revoked_at=standing.revoked_at,
                now=now,
            )

        return Asked(
            merchant_id=merchant_id,
            actor=self.scope.actor,
            operation=queries.TAKE_OPERATION,
            key=queries.key_of(self.till_id, envelope.number),
            fingerprint=envelope.digest[:FINGERPRINT_DIGITS],
            now=now,
            beside=beside,
        )

    def _refuse(
        self, envelope: Envelope, standing: Standing, external_id: str, refusal: Refusal
    ) -> bool:
        asked = self._asked(envelope, standing, external_id, refusal)
        event = TillEnvelopeRefused(
            merchant_id=self.scope.merchant_id,
            happened_at=self.scope.now,
            till_id=self.till_id,
            number=envelope.number,
            code=refusal.code,
        )
        told = {**refused(refusal), "effects": effects([event])}
        row = outbox_row(
            merchant_id=self.scope.merchant_id,
            aggregate=self.till_id.hex,
            events=[event],
            at=self.scope.now,
        )
        subject, text = show("till", self.till_id), answer_text(told)
        try:
            answer = in_one_unit(
                lambda: _record(asked, subject, refusal.status, text, (OUTBOX, row))
            )
        except KeyReused:
            return False
        return not answer.replayed

    def _note_effects(self, verdict: Verdict) -> None:
        if not verdict.repeated and verdict.effects:
            self.effects += verdict.effects


def _name_in(envelope: Envelope) -> str:
    """What the order or refund calls itself, also where nothing else in it can be read."""
    named = envelope.body.get("external_id")
    return named[:_MOST_NAME] if isinstance(named, str) else ""


class _Early(Exception):
    """Its time has not come by our clock."""


def _settled(envelope: Envelope, standing: Standing, *, repeated: bool) -> Verdict | None:
    """The verdict on a number that is used up; None where it is not."""
    known = standing.known
    turn = turn_of(envelope.number, envelope.digest, last_number=standing.last_number, known=known)
    if turn == "repeated":
        assert known is not None
        return first_verdict(
            envelope.number,
            fate=known[1],
            code=standing.code,
            answer=standing.answer,
            repeated=repeated,
        )
    if turn == "given_up":
        return Verdict("refused", envelope.number, True, code="given_up", detail=GIVEN_UP)
    if turn == "reused":
        detail = "This number came before with other content: number this anew."
        return Verdict("rejected", envelope.number, code="number_reused", detail=detail)
    return None


def _record(
    asked: Asked, subject: str, status: int, text: str, *more: tuple[Target, Row]
) -> Answer:
    """Use a number up with an answer that changed nothing else. Raises KeyReused."""
    answered = remembered_answer(asked)
    if answered is not None:
        return answered
    writes = Writes()
    remember(writes, asked, subject=subject, status=status, answer=text)
    for target, row in more:
        writes.add(target, row)
    writes.record()
    return Answer(status, text)
