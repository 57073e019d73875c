"""What the modules above know of members: they join here, and segments asks them.

Calls go down, so segments cannot ask orders what somebody bought. Whoever stands above tells a
part of the facts for whole sets of members; it joins in its own ``handlers.py``, where events are
heard too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import load
from regulars.kernel.periods import program_day

from .types import Part


@dataclass(frozen=True, slots=True)
class Question:
    """Whose facts: members who carry on, each with the ids of all records that are them."""

    merchant: MerchantFacts
    circles: Mapping[UUID, Sequence[UUID]]
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.merchant.zone)

    @property
    def today(self) -> date:
        return program_day(self.now, self.zone)

    def carrier_of(self) -> dict[UUID, UUID]:
        """Who carries on, by the id of each record."""
        return {own: carrier for carrier, ids in self.circles.items() for own in ids}


Reader = Callable[[Question], Mapping[UUID, Mapping[str, Any]]]
"""Facts by member who carries on; a fact that is left out is not known. Days are ordinals."""
Lead = Literal["orders", "sku"]
Finder = Callable[[int, Iterable[str]], Iterable[UUID]]
"""The records that a merchant's references (ranges of orders, skus) lead to."""

_readers: dict[Part, Reader] = {}
_finders: dict[Lead, Finder] = {}


def tell(part: Part, reader: Reader) -> None:
    """Join as the one who knows a part of the facts."""
    _readers[part] = reader


def lead(kind: Lead, finder: Finder) -> None:
    """Join as the one who knows whom such references lead to."""
    _finders[kind] = finder


def reader(part: Part) -> Reader:
    """Who knows a part. Outside of jobs handlers are loaded for the first one who asks."""
    if part not in _readers:
        load()
    return _readers[part]


def finder(kind: Lead) -> Finder:
    """Who knows whom references of a kind lead to."""
    if kind not in _finders:
        load()
    return _finders[kind]
