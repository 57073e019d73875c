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

from .types import Cause, Part


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

Origin = Callable[[int], Cause | None]
"""Which making a merchant's facts of a part are of; None where there is none yet."""

_readers: dict[Part, Reader] = {}
_origins: dict[Part, Origin] = {}
_finders: dict[Lead, Finder] = {}


def tell(part: Part, reader: Reader, *, origin: Origin | None = None) -> None:
    """Join as the one who knows a part of the facts.

    What is made of everybody at once has an ``origin``: it, and not the event that had somebody
    read, is where the facts come from.
    """
    _readers[part] = reader
    if origin is not None:
        _origins[part] = origin


def lead(kind: Lead, finder: Finder) -> None:
    """Join as the one who knows whom such references lead to."""
    _finders[kind] = finder


def reader(part: Part) -> Reader:
    """Who knows a part. Outside of jobs handlers are loaded for the first one who asks."""
    if part not in _readers:
        load()
    return _readers[part]


def origin(part: Part, merchant_id: int) -> Cause | None:
    """Which making the facts of a part are of; None where they are not made, or not yet."""
    found = _origins.get(part)
    return None if found is None else found(merchant_id)


def is_made(part: Part) -> bool:
    """Whether a part is made of everybody at once."""
    return part in _origins


def finder(kind: Lead) -> Finder:
    """Who knows whom references of a kind lead to."""
    if kind not in _finders:
        load()
    return _finders[kind]
