"""Events are told at least once, in order, and never for what did not happen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from django.db import transaction

from makers.merchants import make_merchant, unique
from regulars.events import base, schemas
from regulars.events.base import Event
from regulars.infra import jobs, outbox
from regulars.infra.clock import real_now
from regulars.infra.models import OutboxRow
from regulars.kernel.ids import new_id
from regulars.modules.merchants.models import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    topic: ClassVar[str] = "test.rang"
    version: ClassVar[int] = 1

    bell: UUID
    times: int
    by: str | None = None


class Hearer:
    """Hears bells; deaf to those in ``deaf``."""

    def __init__(self) -> None:
        self.heard: list[tuple[UUID, int, str]] = []
        self.deaf: set[UUID] = set()

    def __call__(self, event: Rang, event_id: str) -> None:
        Store.objects.create(merchant_id=event.merchant_id, code=unique("heard"))
        if event.bell in self.deaf:
            raise ValueError("deaf")
        self.heard.append((event.bell, event.times, event_id))

    def counts(self, bell: UUID) -> list[int]:
        return [times for heard, times, _ in self.heard if heard == bell]


@pytest.fixture
def hearer() -> Iterator[Hearer]:
    OutboxRow.objects.filter(relayed_at=None).update(relayed_at=real_now())
    hears = Hearer()
    outbox.hears("test.rang")(hears)
    yield hears
    outbox._handlers["test.rang"].remove(hears)


def ring(merchant_id: int, bell: UUID, *times: int) -> None:
    with transaction.atomic():
        events = [
            Rang(merchant_id=merchant_id, happened_at=NOON, bell=bell, times=n) for n in times
        ]
        outbox.publish(aggregate=bell.hex, events=events, at=NOON)


def test_an_event_is_told_once_and_in_order(hearer: Hearer) -> None:
    shop, bell = make_merchant(), new_id()
    ring(shop.id, bell, 1, 2)
    ring(shop.id, bell, 3)
    relay = outbox.Relay()
    assert relay.run() >= 2
    relay.run()
    assert hearer.counts(bell) == [1, 2, 3]
    assert len({event_id for _, _, event_id in hearer.heard}) == 3
    assert outbox.waiting() == 0


def test_an_event_of_a_rolled_back_effect_is_never_told(hearer: Hearer) -> None:
    shop, bell = make_merchant(), new_id()
    with transaction.atomic():
        ring(shop.id, bell, 1)
        transaction.set_rollback(True)
    outbox.Relay().run()
    assert hearer.counts(bell) == []


def test_publishing_outside_of_a_transaction_is_a_mistake() -> None:
    event = Rang(merchant_id=1, happened_at=NOON, bell=new_id(), times=1)
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.publish(aggregate="x", events=[event], at=NOON)


def test_a_failing_row_holds_back_its_aggregate_alone(hearer: Hearer) -> None:
    shop, other = make_merchant(), make_merchant()
    broken, sound, elsewhere = new_id(), new_id(), new_id()
    hearer.deaf.add(broken)
    ring(shop.id, broken, 1)
    ring(shop.id, broken, 2)
    ring(shop.id, sound, 1)
    ring(other.id, elsewhere, 1)
    relay = outbox.Relay(monotonic=lambda: 0.0)
    relay.run()
    assert hearer.counts(broken) == []
    assert hearer.counts(sound) == [1]
    assert hearer.counts(elsewhere) == [1]
    assert outbox.waiting() == 2
    assert not Store.objects.filter(merchant_id=shop.id).count() > 1, "its writes were undone"

    hearer.deaf.clear()
    assert relay.run() == 0, "not tried again before its time"
    assert outbox.Relay().run() == 2
    assert hearer.counts(broken) == [1, 2]


def test_the_pause_after_a_failure_doubles_up_to_a_bound(hearer: Hearer) -> None:
    shop, broken = make_merchant(), new_id()
    hearer.deaf.add(broken)
    ring(shop.id, broken, 1)
    now = [0.0]
    relay = outbox.Relay(monotonic=lambda: now[0])
    pauses = []
    for _ in range(14):
        relay.run()
        (setback,) = relay._setbacks.values()
        pauses.append(setback.not_before - now[0])
        now[0] = setback.not_before
    assert pauses[:4] == [1, 2, 4, 8]
    assert max(pauses) == pauses[-1] == 600
    row = OutboxRow.objects.get(aggregate=broken.hex)
    assert row.attempts == 14
    hearer.deaf.clear()
    relay.run()
    assert not relay._setbacks


def test_more_than_one_batch_is_walked_in_one_run(hearer: Hearer) -> None:
    shop, bell = make_merchant(), new_id()
    for number in range(450):
        ring(shop.id, bell, number)
    assert outbox.Relay().run() >= 450
    assert hearer.counts(bell) == list(range(450))


def test_old_told_rows_are_dropped_and_waiting_ones_kept(hearer: Hearer) -> None:
    shop, told, waits = make_merchant(), new_id(), new_id()
    ring(shop.id, told, 1)
    outbox.Relay().run()
    hearer.deaf.add(waits)
    ring(shop.id, waits, 1)
    # Other tests' rows, told by clocks of their own, may go with the first.
    outbox.forget_told(real_now() - timedelta(days=1))
    assert OutboxRow.objects.filter(aggregate=told.hex).exists()
    assert outbox.forget_told(real_now() + timedelta(seconds=1)) >= 1
    assert not OutboxRow.objects.filter(aggregate=told.hex).exists()
    assert OutboxRow.objects.filter(aggregate=waits.hex).exists()


def test_an_event_reads_back_as_it_was_written() -> None:
    event = Rang(merchant_id=1, happened_at=NOON, bell=new_id(), times=3, by=None)
    written = json.loads(json.dumps(event.to_json()))
    assert base.from_json(written) == event
    assert base.from_json({**written, "version": 2}) is None
    assert base.from_json({**written, "topic": "test.never"}) is None


def test_a_process_of_jobs_knows_every_event_that_is_heard() -> None:
    """In a process of its own: here the other tests have loaded everything."""
    script = (
        "import django; django.setup()\n"
        "from regulars.events.base import kind_of\n"
        "from regulars.infra import jobs, outbox\n"
        "jobs.load()\n"
        "assert len(outbox._handlers) > 10\n"
        "print(*[topic for topic in outbox._handlers if kind_of(topic) is None])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == []


def test_the_pinned_schemas_are_those_of_the_code() -> None:
    folder = Path(__file__).parents[2] / "docs" / "contracts" / "events"
    for name, text in schemas.documents().items():
        pinned = folder / name
        assert pinned.exists(), f"{name} is new: run make openapi"
        assert pinned.read_text() == text, f"{name} changed: is it meant? a new version?"


def test_every_event_matches_the_schema_it_is_pinned_with() -> None:
    schema = base.schema_of(Rang)
    written = Rang(merchant_id=1, happened_at=NOON, bell=new_id(), times=3).to_json()
    assert set(schema["required"]) <= set(written) <= set(schema["properties"])
    assert schema["properties"]["topic"] == {"const": "test.rang"}


def test_jobs_of_every_module_are_found_and_run_one_at_a_time() -> None:
    known = jobs.load()
    assert "infra.outbox.relay" in known
    with jobs._only_one("test.job") as first:
        assert first


def test_one_job_is_run_by_one_process_at_a_time() -> None:
    import threading

    from django.db import connection

    seen: list[bool] = []

    def elsewhere() -> None:
        with jobs._only_one("test.alone") as alone:
            seen.append(alone)
        connection.close()

    with jobs._only_one("test.alone"):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == [False]
    with jobs._only_one("test.alone") as again:
        assert again
