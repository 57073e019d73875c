"""Verification: who is in a segment is whom its rule holds for, and facts are what the books say.

Every membership is asked of the stored facts again; the facts of some members (of all of them where
that is wanted) are read anew from the books. Left out is what the jobs are about to do anyway: a
segment that is being built, a member whose day has come, and facts while events wait to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, as_uuid, fetch_all, fetch_one
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.snapshots import one_snapshot
from regulars.kernel.ids import show
from regulars.kernel.periods import program_day
from regulars.modules.members.lookup import circles

from .facts import FACTS
from .gather import Known, Live, answers, known_of, memberships_of, segments
from .handing import handovers
from .models import Segment
from .settling import OWN_READERS
from .sources import Question, is_made, origin, reader
from .types import READ_PARTS, Part

#: Of how many members the facts are read anew, where nobody asks for all.
SAMPLE: Final = 2_000
_BATCH: Final = 500
_NEXT: Final = Sql(
    "SELECT member_id FROM segments_memberfacts WHERE merchant_id = :merchant_id "
    "AND member_id > :after ORDER BY member_id LIMIT :most"
)
_COUNT: Final = Sql("SELECT count(*) FROM segments_memberfacts WHERE merchant_id = :merchant_id")
_WAITING: Final = Sql(
    """SELECT (SELECT count(*) FROM segments_mark k WHERE k.merchant_id = :merchant_id)
  + (SELECT count(*) FROM infra_outboxrow w
     WHERE w.relayed_at IS NULL AND w.merchant_id = :merchant_id)"""
)
_OF_NOBODY: Final = Sql(
    "SELECT DISTINCT m.member_id FROM segments_membership m WHERE m.merchant_id = :merchant_id "
    "AND NOT EXISTS (SELECT 1 FROM segments_memberfacts f WHERE f.merchant_id = m.merchant_id "
    "AND f.member_id = m.member_id) ORDER BY m.member_id LIMIT 1000"
)


@dataclass(frozen=True, slots=True)
class SegmentFault:
    """A member whose segments, or what is known of them, is not what it should be."""

    code: str
    member_id: str
    detail: str


def verify(
    merchant: MerchantFacts,
    now: datetime,
    *,
    sample: int | None = SAMPLE,
    progress: Callable[[int], None] = lambda done: None,
) -> list[SegmentFault]:
    """What does not hold; empty where all is well. ``sample`` None reads everybody's facts anew."""
    faults: list[SegmentFault] = []
    done, after, stride = 0, UUID(int=0), _stride(merchant.id, sample)
    while True:
        with one_snapshot():
            params = {"merchant_id": merchant.id, "after": after, "most": _BATCH}
            ids = [as_uuid(row[0]) for row in fetch_all(_NEXT, params)]
            if not ids:
                break
            look = _Look(merchant, now, known_of(merchant.id, ids))
            faults += look.memberships()
            if not _is_waiting(merchant.id):
                faults += look.facts([one for one in ids if one.int % stride == 0])
        after = ids[-1]
        done += len(ids)
        progress(done)
    return faults + [
        SegmentFault("membership_of_nobody", show("mem", as_uuid(row[0])), "nothing is known of it")
        for row in fetch_all(_OF_NOBODY, {"merchant_id": merchant.id})
    ]


def _stride(merchant_id: int, sample: int | None) -> int:
    row = fetch_one(_COUNT, {"merchant_id": merchant_id})
    members = int(row[0]) if row else 0
    return 1 if sample is None else max(1, -(-members // sample))


def _is_waiting(merchant_id: int) -> bool:
    row = fetch_one(_WAITING, {"merchant_id": merchant_id})
    return bool(row and row[0])


class _Look:
    """Some members as they are stored, in one snapshot."""

    def __init__(self, merchant: MerchantFacts, now: datetime, known: Mapping[UUID, Known]) -> None:
        self._merchant, self._now, self._known = merchant, now, known
        self._today = program_day(now, ZoneInfo(merchant.zone))
        self._handed = handovers(merchant.id)
        rows = Segment.objects.of(merchant.id).filter(building=True)
        building = set(rows.values_list("id", flat=True))
        self._live = [
            one for one in segments(merchant.id) if not one.frozen and one.id not in building
        ]

    def memberships(self) -> Iterator[SegmentFault]:
        """Every rule and list, asked of the stored facts."""
        codes = {one.id: one.code for one in self._live}
        present = memberships_of(self._merchant.id, list(self._known))
        for member_id, known in self._known.items():
            if known.due_at is not None and known.due_at <= self._now:
                continue
            wanted = self._wanted(self._live, known.facts)
            there = {one for one in present.get(member_id, set()) if one in codes}
            for segment_id in sorted(wanted ^ there, key=codes.__getitem__):
                said = "is not in" if segment_id in wanted else "is in"
                detail = f"{said} {codes[segment_id]}, against what is known"
                yield SegmentFault("membership_unlike_rule", show("mem", member_id), detail)

    def _wanted(self, live: Sequence[Live], facts: Mapping[str, Any]) -> set[UUID]:
        holding, _ = answers(live, facts, self._today)
        lists = set(facts.get("lists", ()))
        return holding | {one.id for one in live if one.rule is None and one.code in lists}

    def facts(self, member_ids: Sequence[UUID]) -> Iterator[SegmentFault]:
        """What is stored of some members against what the books say of them now."""
        found = circles(self._merchant.id, member_ids)
        people = {carrier: circle.ids for carrier, circle in found.items()}
        question = Question(self._merchant, people, self._now)
        day = self._today.toordinal()
        for part in READ_PARTS:
            if self._is_about_to_change(part):
                continue
            told = self._read(part, question) if people else {}
            for carrier in people:
                fresh, stored = told.get(carrier, {}), self._known[carrier].facts
                for fact in (fact for fact in FACTS.values() if fact.part == part):
                    read, kept = fact.read(fresh, day), fact.read(stored, day)
                    if _plain(read) != _plain(kept):
                        detail = f"{fact.name} is stored as {kept!r}, the books say {read!r}"
                        yield SegmentFault("facts_unlike_books", show("mem", carrier), detail)

    def _is_about_to_change(self, part: Part) -> bool:
        """Whether something was made of everybody that is not yet handed over."""
        if not is_made(part):
            return False
        made = origin(part, self._merchant.id)
        return made is None or part not in self._handed or self._handed[part].at != made.at

    def _read(self, part: Part, question: Question) -> Mapping[UUID, Mapping[str, Any]]:
        return (OWN_READERS.get(part) or reader(part))(question)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple | set | frozenset) else value
