"""The outbox: events are stored with what caused them and told afterwards, at least once.

A row holds the events of one unit of work about one aggregate (a member, or a merchant's own
affairs). The relay tells rows in the order of their ids, and an aggregate's rows strictly in
order: one that fails holds back its aggregate and nobody else.

A handler runs inside the relay's transaction: its own writes and the row's ``relayed_at`` commit
together. Work that leaves the database belongs into rows of its own, which a job picks up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import F

from regulars.events.base import Event, from_json
from regulars.kernel.ids import new_id

from .clock import real_now
from .db import is_postgres
from .jobs import periodic
from .json_text import json_text
from .models import OutboxRow
from .recording import Row, Table, Writes

OUTBOX: Final = Table(
    "infra_outboxrow",
    "id",
    "merchant_id",
    "aggregate",
    "at",
    "events",
    "attempts",
    usually={"attempts": 0},
)
Handler = Callable[[Any, str], None]
"""Takes an event and its id, which is the same whenever this event is told."""

_BATCH: Final = 200
_MAX_WAIT_SECONDS: Final = 600.0
_MAX_ATTEMPTS_TOLD: Final = 32_000
_KEPT: Final = timedelta(days=7)
_RELAY_LOCK: Final = 0x7265_6C61_79
_log = structlog.get_logger("regulars.outbox")
_handlers: dict[str, list[Handler]] = {}


def hears(*topics: str) -> Callable[[Handler], Handler]:
    """Register a handler for topics; it may be called twice for one event."""

    def register(handler: Handler) -> Handler:
        for topic in topics:
            _handlers.setdefault(topic, []).append(handler)
        return handler

    return register


def outbox_row(*, merchant_id: int, aggregate: str, events: Iterable[Event], at: datetime) -> Row:
    """A row of OUTBOX, for whoever writes through the recorder."""
    told = [event.to_json() for event in events]
    return told_row(merchant_id=merchant_id, aggregate=aggregate, told=told, at=at)


def told_row(
    *, merchant_id: int, aggregate: str, told: Sequence[Mapping[str, Any]], at: datetime
) -> Row:
    """The same for events that are JSON already, as their ``to_json`` gives it."""
    return (new_id(), merchant_id, aggregate, at, json_text(told), 0)


def publish(*, aggregate: str, events: Iterable[Event], at: datetime) -> None:
    """Store events in the caller's transaction. Raises RuntimeError outside of one."""
    told = tuple(events)
    if not told:
        return
    if not connection.in_atomic_block:
        raise RuntimeError("Events belong into the transaction of what they tell")
    writes = Writes()
    writes.add(
        OUTBOX,
        outbox_row(merchant_id=told[0].merchant_id, aggregate=aggregate, events=told, at=at),
    )
    writes.record()


@dataclass(slots=True)
class _Setback:
    """When an aggregate whose row failed may be tried again."""

    not_before: float
    wait_seconds: float


@dataclass(slots=True)
class Relay:
    """Tells what waits. Remembers who failed, so keep one for the life of the process."""

    monotonic: Callable[[], float] = time.monotonic
    _setbacks: dict[tuple[int, str], _Setback] = field(default_factory=dict)

    def run(self) -> int:
        """Walk once through everything that waits; how many rows were told."""
        if not OutboxRow.objects.filter(relayed_at=None).exists():
            return 0
        told = 0
        after: UUID | None = None
        while True:
            seen, told_now = self._batch(after)
            told += told_now
            if not seen:
                return told
            after = seen[-1]

    def _batch(self, after: UUID | None) -> tuple[list[UUID], int]:
        failed: list[tuple[OutboxRow, Exception]] = []
        with transaction.atomic():
            if not _alone():
                return [], 0
            waiting = OutboxRow.objects.filter(relayed_at=None)
            if after is not None:
                waiting = waiting.filter(id__gt=after)
            rows = list(waiting.order_by("id")[:_BATCH])
            held_back = self._held_back()
            told: list[UUID] = []
            for row in rows:
                aggregate = (row.merchant_id, row.aggregate)
                if aggregate in held_back:
                    continue
                try:
                    _tell(row)
                except Exception as reason:  # whatever a handler does, others must be told
                    held_back.add(aggregate)
                    failed.append((row, reason))
                else:
                    told.append(row.id)
                    self._setbacks.pop(aggregate, None)
            OutboxRow.objects.filter(id__in=told).update(relayed_at=real_now())
            OutboxRow.objects.filter(
                id__in=[row.id for row, _ in failed], attempts__lt=_MAX_ATTEMPTS_TOLD
            ).update(attempts=F("attempts") + 1)
        for row, error in failed:
            self._set_back(row, error)
        return [row.id for row in rows], len(told)

    def _held_back(self) -> set[tuple[int, str]]:
        now = self.monotonic()
        return {who for who, setback in self._setbacks.items() if setback.not_before > now}

    def _set_back(self, row: OutboxRow, error: Exception) -> None:
        who = (row.merchant_id, row.aggregate)
        before = self._setbacks.get(who)
        wait = min(before.wait_seconds * 2 if before else 1.0, _MAX_WAIT_SECONDS)
        self._setbacks[who] = _Setback(self.monotonic() + wait, wait)
        _log.error(
            "event_not_told",
            row=row.id.hex,
            merchant=row.merchant_id,
            attempts=row.attempts + 1,
            error=type(error).__name__,
            retry_in_seconds=wait,
            exc_info=error,
        )


def waiting() -> int:
    """How many rows are still to be told."""
    return OutboxRow.objects.filter(relayed_at=None).count()


def forget_told(before: datetime) -> int:
    """Delete rows told before an instant; how many there were."""
    gone, _ = OutboxRow.objects.filter(relayed_at__lt=before).delete()
    return gone


def _alone() -> bool:
    """Whether this transaction may relay: two relays side by side would lose the order.

    On SQLite the write lock of the transaction says so already.
    """
    if not is_postgres():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_RELAY_LOCK])
        (got,) = cursor.fetchone()
    return bool(got)


def _tell(row: OutboxRow) -> None:
    written = json.loads(row.events)
    if not any(_handlers.get(event["topic"]) for event in written):
        return
    with transaction.atomic():
        for number, event_json in enumerate(written):
            handlers = _handlers.get(event_json["topic"], ())
            if not handlers:
                continue
            event = from_json(event_json)
            if event is None:
                raise LookupError(f"no event {event_json['topic']} v{event_json['version']} here")
            for handler in handlers:
                handler(event, f"{row.id.hex}-{number}")


def relay_all() -> int:
    """Tell everything that waits, and what its hearers announce in turn; how many rows."""
    total, pass_over = 0, Relay()
    while told := pass_over.run():
        total += told
    return total


_relay: Final = Relay()


@periodic(every_seconds=1)
def relay() -> int:
    """Tell what waits."""
    return _relay.run()


@periodic(every_seconds=3600)
def forget() -> int:
    """Drop rows that were told a week ago; nothing asks for them any more."""
    return forget_told(real_now() - _KEPT)
