"""Settling members: their facts read again, every rule asked of them, what differs written down.

The one place that changes facts and memberships. A caller holds a transaction and has called
``recorder.alone``; everything works on sets of members, never on the shop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.events.base import Event
from regulars.events.segments import SegmentEntered, SegmentLeft
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.periods import day_start, program_day
from regulars.modules.members.lookup import circles

from . import own, recorder
from .facts import NAMES
from .gather import Known, Live, answers, carriers_among, known_of, memberships_of, segments
from .sources import Question, Reader, origin, reader
from .types import READ_PARTS, Cause, Part

OWN_READERS: Final[Mapping[Part, Reader]] = {
    "person": own.person,
    "tags": own.tags,
    "lists": own.lists,
}
Wanted = Mapping[UUID, Mapping[Part, Cause]]


@dataclass(frozen=True, slots=True)
class Given:
    """Facts of one part, handed over instead of read."""

    part: Part
    facts: Mapping[UUID, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling some members came to."""

    members: int = 0
    facts_written: int = 0
    events: Sequence[Event] = field(default=())


def settle(
    merchant: MerchantFacts,
    wanted: Wanted,
    now: datetime,
    *,
    because: str,
    given: Given | None = None,
) -> Settled:
    """Settle some records: read the parts named for each, and all parts of whom nothing is known.

    ``given`` are facts handed over instead of read. A record that was merged away loses
    its row and its memberships; who carries on for it is settled beside it. ``because`` stands in
    the events of members for whom no part was named.
    """
    if not wanted:
        return Settled()
    work = _Work(merchant, now, because, segments(merchant.id))
    work.gather(wanted)
    work.read(wanted, given)
    writes = Writes()
    work.decide(writes)
    recorder.forget(merchant.id, work.gone)
    writes.record()
    return Settled(len(work.known), work.facts_written, tuple(work.events))


class _Work:
    """Some members on their way through the beats."""

    def __init__(
        self, merchant: MerchantFacts, now: datetime, because: str, live: Sequence[Live]
    ) -> None:
        self._merchant = merchant
        self._now = now
        self._because = because
        self._live = live
        self._zone = ZoneInfo(merchant.zone)
        self._today: date = program_day(now, self._zone)
        self._codes = {one.id: one.code for one in live}
        self._lists = {one.code: one.id for one in live if one.rule is None}
        self._frozen = {one.id for one in live if one.frozen}
        self.known: dict[UUID, Known | None] = {}
        self.gone: set[UUID] = set()
        self._facts: dict[UUID, dict[str, Any]] = {}
        self._causes: dict[UUID, dict[str, Sequence[str]]] = {}
        self._why: dict[UUID, str] = {}
        self._read: set[UUID] = set()
        self.facts_written = 0
        self.events: list[Event] = []

    # ── gather ────────────────────────────────────────────────────────────────────────────

    def gather(self, wanted: Wanted) -> None:
        carriers, self.gone = carriers_among(self._merchant.id, wanted)
        known = known_of(self._merchant.id, [*carriers, *self.gone])
        self.known = {carrier: known.get(carrier) for carrier in sorted(carriers)}
        for carrier, one in self.known.items():
            self._facts[carrier] = dict(one.facts) if one else {}
            self._causes[carrier] = dict(one.causes) if one else {}

    def read(self, wanted: Wanted, given: Given | None) -> None:
        """Read the wanted parts of each, part by part for all who want it."""
        circle_of = {
            carrier: circle.ids
            for carrier, circle in circles(self._merchant.id, list(self.known)).items()
        }
        owners = {own: carrier for carrier, ids in circle_of.items() for own in ids}
        parts: dict[UUID, dict[Part, Cause]] = {}
        for record, causes in wanted.items():
            carrier = owners.get(record)
            if carrier is not None:
                parts.setdefault(carrier, {}).update(causes)
        first = Cause("first_reading", "", self._now)
        for carrier, one in self.known.items():
            if one is None:
                missing = dict.fromkeys(READ_PARTS, first)
                parts[carrier] = missing | parts.get(carrier, {})
        for part in READ_PARTS:
            handed = given.facts if given and given.part == part else {}
            asked = {
                c: circle_of[c] for c, causes in parts.items() if part in causes and c not in handed
            }
            if asked:
                self._take(part, asked, {c: parts[c][part] for c in asked})
        if given is not None:
            for member_id, told in given.facts.items():
                if member_id in self._facts:
                    self._replace(member_id, given.part, told, parts[member_id][given.part])

    def _take(
        self, part: Part, asked: Mapping[UUID, Sequence[UUID]], causes: Mapping[UUID, Cause]
    ) -> None:
        ask = OWN_READERS.get(part) or reader(part)
        told = ask(Question(self._merchant, asked, self._now))
        made = origin(part, self._merchant.id)
        for carrier, cause in causes.items():
            self._replace(carrier, part, told.get(carrier, {}), made or cause)

    def _replace(self, carrier: UUID, part: Part, told: Mapping[str, Any], cause: Cause) -> None:
        facts = self._facts[carrier]
        for name in NAMES[part]:
            facts.pop(name, None)
        facts.update({name: value for name, value in told.items() if value is not None})
        self._causes[carrier][part] = recorder.cause_json(cause, self._now)
        self._why[carrier] = cause.topic
        self._read.add(carrier)

    # ── decide ────────────────────────────────────────────────────────────────────────────

    def decide(self, writes: Writes) -> None:
        present = memberships_of(self._merchant.id, [*self.known, *self.gone])
        for carrier, one in self.known.items():
            facts = self._facts[carrier]
            holding, turns = answers(self._live, facts, self._today)
            holding |= {self._lists[code] for code in facts.get("lists", ()) if code in self._lists}
            self._add_facts(writes, carrier, one, turns)
            why = self._why.get(carrier, self._because)
            self._move(writes, carrier, present.get(carrier, set()), holding, why)
        for member_id in sorted(self.gone):
            self._move(writes, member_id, present.get(member_id, set()), set(), "member.merged")

    def _add_facts(
        self, writes: Writes, carrier: UUID, one: Known | None, turns: int | None
    ) -> None:
        due_at = None if turns is None else day_start(date.fromordinal(turns), self._zone)
        if one is not None and carrier not in self._read and one.due_at == due_at:
            return
        row = (
            self._merchant.id,
            carrier,
            recorder.written(self._facts[carrier]),
            recorder.written(self._causes[carrier]),
            self._now,
            due_at,
        )
        writes.add(recorder.FACTS if one is None else recorder.FACTS_CHANGE, row)
        self.facts_written += 1

    def _move(
        self, writes: Writes, member_id: UUID, present: set[UUID], holding: set[UUID], why: str
    ) -> None:
        of: dict[str, Any] = {
            "merchant_id": self._merchant.id,
            "happened_at": self._now,
            "member_id": member_id,
            "because": why,
        }
        events: list[Event] = []
        for segment_id in sorted(holding - present - self._frozen, key=self._code):
            writes.add(recorder.MEMBERSHIP, (self._merchant.id, member_id, segment_id, self._now))
            events.append(SegmentEntered(segment=self._codes[segment_id], **of))
        for segment_id in sorted(present - holding - self._frozen, key=self._code):
            writes.add(recorder.MEMBERSHIP_GONE, (self._merchant.id, member_id, segment_id))
            events.append(SegmentLeft(segment=self._codes[segment_id], **of))
        if events:
            row = outbox_row(
                merchant_id=self._merchant.id,
                aggregate=member_id.hex,
                events=events,
                at=self._now,
            )
            writes.add(OUTBOX, row)
            self.events += events

    def _code(self, segment_id: UUID) -> str:
        return self._codes[segment_id]


def same_for(records: Iterable[UUID], parts: Iterable[Part], cause: Cause) -> Wanted:
    """The same parts for each of some records."""
    causes = dict.fromkeys(parts, cause)
    return dict.fromkeys(records, causes)
