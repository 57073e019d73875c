"""What a rule would gather, before anybody saves it: how many, five of them, and what they share
with other segments and with consents."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.db import Sql, as_uuid
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.snapshots import one_snapshot, stream
from regulars.kernel.periods import program_day

from .queries import right_as_of
from .rules import Rule
from .types import Values

SAMPLES: Final = 5
_FACTS: Final = Sql(
    "SELECT member_id, facts FROM segments_memberfacts WHERE merchant_id = :merchant_id"
)
_MEMBERSHIPS: Final = Sql(
    "SELECT m.member_id, s.code FROM segments_membership m JOIN segments_segment s "
    "ON s.merchant_id = m.merchant_id AND s.id = m.segment_id WHERE m.merchant_id = :merchant_id"
)
#: The low bits of an id are random, so the least of them are a fair draw that stays the same.
_RANDOM: Final = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of a rule's members are in a segment too, and how many that segment has."""

    code: str
    both: int
    members: int


@dataclass(frozen=True, slots=True)
class ConsentShare:
    """Of a rule's members: who agreed to a purpose and who refused; the others said nothing."""

    purpose: str
    granted: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Who fits a rule: ``members`` of ``of``, right as of ``as_of``."""

    as_of: datetime
    members: int
    of: int
    samples: tuple[UUID, ...]
    segments: tuple[Overlap, ...]
    consents: tuple[ConsentShare, ...]


def preview(merchant: MerchantFacts, rule: Rule, now: datetime) -> Preview:
    """Ask a rule of everybody, from stored facts; nothing is written."""
    today = program_day(now, ZoneInfo(merchant.zone)).toordinal()
    granted: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    fitting: set[UUID] = set()
    everybody = 0
    with one_snapshot():
        as_of = right_as_of(merchant.id, now)
        for member_id, values in _everybody(merchant.id):
            everybody += 1
            if rule.holds(values, today):
                fitting.add(member_id)
                granted.update(values.get("consents", ()))
                refused.update(values.get("refused", ()))
        overlaps = _overlaps(merchant.id, fitting)
    purposes = sorted(granted.keys() | refused.keys())
    return Preview(
        as_of=as_of,
        members=len(fitting),
        of=everybody,
        samples=tuple(nsmallest(SAMPLES, fitting, key=lambda one: one.int & _RANDOM)),
        segments=overlaps,
        consents=tuple(ConsentShare(p, granted[p], refused[p]) for p in purposes),
    )


def _everybody(merchant_id: int) -> Iterator[tuple[UUID, Values]]:
    for member_id, facts in stream(_FACTS, {"merchant_id": merchant_id}):
        values: Mapping[str, Any] = json.loads(facts)
        yield as_uuid(member_id), values


def _overlaps(merchant_id: int, fitting: set[UUID]) -> tuple[Overlap, ...]:
    both: Counter[str] = Counter()
    members: Counter[str] = Counter()
    for member_id, code in stream(_MEMBERSHIPS, {"merchant_id": merchant_id}):
        members[code] += 1
        if as_uuid(member_id) in fitting:
            both[code] += 1
    return tuple(
        Overlap(code, both[code], members[code])
        for code in sorted(members, key=lambda code: (-both[code], code))
        if both[code]
    )
