"""What may be done with tills: the verbs that the API calls."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import F

from regulars.events.base import Event
from regulars.events.tills import (
    TillEnrolled,
    TillNumberGivenUp,
    TillRegistered,
    TillRevoked,
)
from regulars.infra import outbox
from regulars.infra.device_keys import is_device_key, is_signed_by_device
from regulars.kernel.errors import FieldError
from regulars.kernel.ids import new_id
from regulars.modules.merchants.services.stores import learn_stores

from . import queries
from .errors import CodeInvalid, KeyInvalid, NotTheNext
from .models import Envelope, Terms, Till
from .rules import CODE_LASTS, CODE_LENGTH, CODE_LETTERS, registration_text, shown_code, typed_code
from .types import TillView


@dataclass(frozen=True, slots=True)
class Done:
    """A till after a change, and what the change announced."""

    till: TillView
    events: tuple[Event, ...]


@transaction.atomic
def enrol(*, merchant_id: int, name: str, store: str, by: str, now: datetime) -> tuple[Done, str]:
    """A new till, and the code with which its device registers: good once, for a day."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    row = Till(
        merchant_id=merchant_id,
        id=new_id(),
        name=name,
        store=store,
        created_at=now,
        created_by=by,
        code_digest=_digest(code),
        code_until=now + CODE_LASTS,
    )
    row.save(force_insert=True)
    learn_stores(merchant_id, [store])
    event = TillEnrolled(merchant_id=merchant_id, happened_at=now, till_id=row.id, store=store)
    return _done(merchant_id, row.id, event), shown_code(code)


@transaction.atomic
def register(*, merchant_id: int, code: str, public_key: str, proof: str, now: datetime) -> Done:
    """Take the public key of a device that has an enrolment code; the code is used up.

    Raises CodeInvalid, KeyInvalid (no key, or ``proof`` was not signed with it).
    """
    if not is_device_key(public_key):
        raise KeyInvalid(
            "Send a P-256 public key as SubjectPublicKeyInfo (DER) in base64.",
            errors=[FieldError("/public_key", "malformed", "WebCrypto exports it as spki.")],
        )
    text = registration_text(code=code, public_key=public_key)
    if not is_signed_by_device(public_key, proof, text):
        raise KeyInvalid(
            "The proof was not signed with this key.",
            errors=[FieldError("/proof", "bad_signature", "See docs/how-to/offline-tills.md.")],
        )
    found = Till.objects.of(merchant_id).filter(
        code_digest=_digest(typed_code(code)), code_until__gt=now, revoked_at=None
    )
    till_id = found.values_list("id", flat=True).first()
    used = found.update(
        public_key=public_key, registered_at=now, code_digest=None, code_until=None,
        last_seen_at=now,
    )  # fmt: skip
    if till_id is None or not used:
        raise CodeInvalid(
            "It was never given, was used, or is older than a day. Enrol the till anew.",
            errors=[FieldError("/code", "enrolment_code_invalid", "Make a new one.")],
        )
    event = TillRegistered(merchant_id=merchant_id, happened_at=now, till_id=till_id)
    return _done(merchant_id, till_id, event)


@transaction.atomic
def revoke(*, merchant_id: int, till_id: UUID, takes_unsent: bool, now: datetime) -> Done:
    """Put a till away; with ``takes_unsent`` what it had made by now is still taken when it comes.

    A till that was put away may still be closed to what it has not sent, and not be opened again.
    Raises NotFound.
    """
    ours = Till.objects.of(merchant_id).filter(id=till_id)
    changed = ours.filter(revoked_at=None).update(
        revoked_at=now, takes_unsent=takes_unsent, code_digest=None, code_until=None
    )
    if not changed and not takes_unsent:
        changed = ours.filter(takes_unsent=True).update(takes_unsent=False)
    if not changed:
        return Done(queries.till(merchant_id, till_id), ())
    event = TillRevoked(
        merchant_id=merchant_id, happened_at=now, till_id=till_id, takes_unsent=takes_unsent
    )
    return _done(merchant_id, till_id, event)


@transaction.atomic
def give_up(*, merchant_id: int, till_id: UUID, number: int, now: datetime) -> Done:
    """Use up the number that a till's later envelopes wait for, since it does not come.

    Raises NotFound, NotTheNext (it came meanwhile, or nothing waits for it).
    """
    moved = (
        Till.objects.of(merchant_id)
        .filter(id=till_id, last_number=number - 1, seen_number__gte=number)
        .update(last_number=number, refused=F("refused") + 1)
    )
    if not moved:
        waits_for = queries.till(merchant_id, till_id).waits_for
        raise NotTheNext(
            f"The number that is waited for is {waits_for}."
            if waits_for is not None
            else "Nothing waits for a number of this till."
        )
    Envelope(
        merchant_id=merchant_id,
        till_id=till_id,
        number=number,
        digest="",
        kind="",
        external_id="",
        settled_at=now,
        fate="given_up",
        code="given_up",
        subject="",
    ).save(force_insert=True)
    event = TillNumberGivenUp(
        merchant_id=merchant_id, happened_at=now, till_id=till_id, number=number
    )
    return _done(merchant_id, till_id, event)


@transaction.atomic
def change_terms(*, merchant_id: int, most_days_offline: int) -> None:
    """How long ago what a till did may be when it is sent, from now on."""
    Terms.objects.of(merchant_id).update_or_create(
        merchant_id=merchant_id, defaults={"most_days_offline": most_days_offline}
    )


def _done(merchant_id: int, till_id: UUID, event: Event) -> Done:
    outbox.publish(aggregate=till_id.hex, events=[event], at=event.happened_at)
    return Done(queries.till(merchant_id, till_id), (event,))


def _digest(code: str) -> str:
    return sha256(code.encode()).hexdigest()
