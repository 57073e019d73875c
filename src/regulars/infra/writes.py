"""Every external write, once: the memory of idempotency and the audit trail are one row.

The row is written in the transaction of the effect, so there is never an effect without its row
nor a row without its effect. A refusal leaves nothing: what failed may be sent again.

Two shapes:

- ``once`` runs a service inside a transaction and remembers its answer;
- the settling path puts ``LOOKUP`` (or ``REMEMBERED``) into its own gather and its answer with
  ``remember`` into its own record, and asks ``replay`` what a found row means.

Answers are kept as sent, so they hold no personal data; what may be shown only once (a new key)
goes into ``Outcome.told_once`` and is never stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from regulars.kernel.canonical import canonical_json
from regulars.kernel.errors import Refusal
from regulars.kernel.ids import new_id

from .db import Sql, fetch_one, is_postgres, retrying
from .json_text import json_text
from .recording import Row, Table, Target, Writes

WRITE_RECORD: Final = Table(
    "infra_writerecord",
    "merchant_id",
    "id",
    "operation",
    "key",
    "fingerprint",
    "actor",
    "subject",
    "at",
    "status",
    "answer",
)
_WHERE: Final = "w.merchant_id = :merchant_id AND w.operation = :operation AND w.key = :key"
#: What is remembered of :merchant_id, :operation and :key, as ``replay`` takes it.
LOOKUP: Final = Sql(
    f"SELECT w.fingerprint, w.status, w.answer FROM infra_writerecord w WHERE {_WHERE}"
)
#: The same as a scalar for other gathers: a JSON array, or null where nothing is remembered.
REMEMBERED: Final = f"""(SELECT json_array(w.fingerprint, w.status, w.answer)
  FROM infra_writerecord w WHERE {_WHERE})"""
FINGERPRINT_DIGITS: Final = 32
MAX_KEY: Final = 255


class KeyReused(Refusal):
    """The same idempotency key came with another request."""

    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used for another request"


class KeyRequired(Refusal):
    """A write came without a usable Idempotency-Key."""

    code = "idempotency_key_required"
    status = 400
    title = "Send an Idempotency-Key of 1 to 255 characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A write as it was asked for: by whom, what, and under which key.

    ``beside`` gives rows that belong into the unit of its answer (a counter that moves with it),
    from the subject and the status of that answer.
    """

    merchant_id: int
    actor: str
    operation: str
    key: str
    fingerprint: str
    now: datetime
    beside: Callable[[str, int], Sequence[tuple[Target, Row]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a service did: the answer to give, and the object it is about (for the audit).

    ``told_once`` joins the body of the first answer and is not remembered.
    """

    status: int
    body: Mapping[str, Any]
    subject: str
    told_once: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The exact JSON text to send; ``replayed`` where it was sent before."""

    status: int
    text: str
    replayed: bool = False


def once(asked: Asked, act: Callable[[], Outcome]) -> Answer:
    """Run ``act`` and remember its answer in one transaction; a repeat gets the first answer.

    ``act`` may run more than once when writers meet, so all it does must be in the database.
    A second request with the key of one still running waits and then gets that one's answer.
    Raises KeyReused where the key came with another request, Contention when the retries ran
    out, and whatever ``act`` refuses; nothing has changed then.
    """
    return retrying(lambda: _attempt(asked, act))


def replay(remembered: Sequence[Any] | None, fingerprint: str) -> Answer | None:
    """The first answer, where a row of ``LOOKUP`` remembers one. Raises KeyReused."""
    if remembered is None:
        return None
    known, status, text = remembered
    if known != fingerprint:
        raise KeyReused("Use a new key for each new request, the same key only to repeat one.")
    return Answer(status, text, replayed=True)


def write_row(asked: Asked, *, subject: str, status: int, answer: str) -> Row:
    """The row of WRITE_RECORD for an answer about to be given."""
    return (
        asked.merchant_id,
        new_id(),
        asked.operation,
        asked.key,
        asked.fingerprint,
        asked.actor,
        subject,
        asked.now,
        status,
        answer,
    )


def remember(writes: Writes, asked: Asked, *, subject: str, status: int, answer: str) -> None:
    """Put an answer about to be given, and what belongs beside it, into the unit of its effect."""
    writes.add(WRITE_RECORD, write_row(asked, subject=subject, status=status, answer=answer))
    if asked.beside is not None:
        for target, row in asked.beside(subject, status):
            writes.add(target, row)


def fingerprint_of(body: object, *path: str) -> str:
    """One text for a request, however its JSON was spaced and ordered.

    ``path`` are the ids in the address: the same body sent to another object is another request.
    """
    asked = {"body": body, "path": list(path)}
    try:
        canonical = canonical_json(asked)
    except (TypeError, ValueError):
        # Free-form JSON may hold what RFC 8785 as kept here leaves out (fractions).
        canonical = json.dumps(asked, sort_keys=True, default=str).encode()
    return hashlib.sha256(canonical).hexdigest()[:FINGERPRINT_DIGITS]


def checked_key(key: str | None) -> str:
    """The key as sent. Raises KeyRequired where it is absent, too long or not printable ASCII."""
    if not key or len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
        raise KeyRequired
    return key


def answer_text(body: Mapping[str, Any]) -> str:
    """The JSON text of a body, as it is sent and remembered."""
    return json_text(body)


def _attempt(asked: Asked, act: Callable[[], Outcome]) -> Answer:
    with transaction.atomic():
        _wait_for_the_key(asked)
        known = {
            "merchant_id": asked.merchant_id,
            "operation": asked.operation,
            "key": asked.key,
        }
        with connection.wrap_database_errors:
            remembered = fetch_one(LOOKUP, known)
        first = replay(remembered, asked.fingerprint)
        if first is not None:
            return first

        outcome = act()

        text = answer_text(outcome.body)
        writes = Writes()
        remember(writes, asked, subject=outcome.subject, status=outcome.status, answer=text)
        writes.record()
    if outcome.told_once:
        text = answer_text({**outcome.body, **outcome.told_once})
    return Answer(outcome.status, text)


def _wait_for_the_key(asked: Asked) -> None:
    """Let whoever runs under the same key finish first.

    On SQLite the transaction has the one write lock already. On PostgreSQL the unique key alone
    would be right too, but a second request would run into the first one's effects and be
    refused for them ("used already") instead of getting the first answer.
    """
    if not is_postgres():
        return
    name = f"{asked.merchant_id}|{asked.operation}|{asked.key}".encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
