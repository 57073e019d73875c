"""Following what happened: members who were marked, and members whose day has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping

from . import recorder
from .marking import EVERYTHING, ORDERS, SKU
from .settling import Settled, settle
from .sources import Lead, finder
from .types import READ_PARTS, Cause, Part

BATCH: Final = 500
_LEADS: Final[tuple[Lead, ...]] = (ORDERS, SKU)
_WAITING: Final = Sql("SELECT DISTINCT merchant_id FROM segments_mark")
_MARKS: Final = Sql(
    "SELECT ref, part, topic, about, at, token_id FROM segments_mark "
    f"WHERE merchant_id = :merchant_id AND {any_of('part', 'parts')} ORDER BY ref, part LIMIT :most"
)
_DUE: Final = Sql(
    "SELECT member_id FROM segments_memberfacts WHERE merchant_id = :merchant_id "
    "AND due_at <= :now ORDER BY due_at, member_id LIMIT :most"
)


def waiting_merchants() -> list[int]:
    """Merchants with something to read again."""
    return [row[0] for row in fetch_all(_WAITING, {})]


def refresh(merchant: MerchantFacts, now: datetime) -> Settled:
    """Read everybody again who was marked, batch by batch; what it came to in all."""
    total = Settled()
    for lead in _LEADS:
        while retrying(lambda lead=lead: _follow(merchant.id, lead)):  # type: ignore[misc]
            if stopping():
                return total
    while not stopping():
        done = retrying(lambda: _settle_marked(merchant, now))
        if done is None:
            break
        total = _sum(total, done)
    return total


def refresh_due(merchant: MerchantFacts, now: datetime) -> Settled:
    """Ask everybody again for whom time alone may have changed an answer by ``now``."""
    total = Settled()
    params = {"merchant_id": merchant.id, "now": now, "most": 1}
    while not stopping() and fetch_all(_DUE, params):
        done = retrying(lambda: _settle_due(merchant, now))
        if done is None:
            break
        total = _sum(total, done)
    return total


def _sum(total: Settled, done: Settled) -> Settled:
    return Settled(
        total.members + done.members,
        total.facts_written + done.facts_written,
        (*total.events, *done.events),
    )


@transaction.atomic
def _follow(merchant_id: int, lead: Lead) -> int:
    """Turn marks of orders or skus into marks of the members they lead to."""
    rows = _marks(merchant_id, [lead])
    if not rows:
        return 0
    causes: dict[UUID, Cause] = {}
    for topic, about, at, refs in _alike(rows):
        for member_id in finder(lead)(merchant_id, refs):
            causes[member_id] = Cause(topic, about, at)
    part = EVERYTHING if lead == ORDERS else "purchases"
    for member_id, cause in causes.items():
        recorder.mark(merchant_id, member_id.hex, part, cause)
    recorder.unmark(merchant_id, {row[5]: row[0] for row in rows})
    return len(rows)


def _alike(rows: Sequence[_Mark]) -> Iterable[tuple[str, str, datetime, list[str]]]:
    """Marks that go back to the same thing: all ranges of one import are asked at once, and so
    are all skus."""
    found: dict[tuple[str, str], tuple[str, datetime, list[str]]] = {}
    for ref, part, topic, about, at, _ in rows:
        key = (topic, about if part == ORDERS else "")
        known = found.setdefault(key, (about, at, []))
        known[2].append(ref)
    for (topic, _), (about, at, refs) in found.items():
        yield topic, about, at, refs


@transaction.atomic
def _settle_marked(merchant: MerchantFacts, now: datetime) -> Settled | None:
    recorder.alone(merchant.id)
    rows = _marks(merchant.id, [*READ_PARTS, EVERYTHING])
    if not rows:
        return None
    wanted: dict[UUID, dict[Part, Cause]] = {}
    for ref, part, topic, about, at, _ in rows:
        causes = wanted.setdefault(UUID(hex=ref), {})
        cause = Cause(topic, about, at)
        parts = READ_PARTS if part == EVERYTHING else (part,)
        causes.update(dict.fromkeys(parts, cause))  # type: ignore[arg-type]
    done = settle(merchant, wanted, now, because="marked")
    recorder.unmark(merchant.id, {row[5]: row[0] for row in rows})
    return done


@transaction.atomic
def _settle_due(merchant: MerchantFacts, now: datetime) -> Settled | None:
    recorder.alone(merchant.id)
    params = {"merchant_id": merchant.id, "now": now, "most": BATCH}
    due = [as_uuid(row[0]) for row in fetch_all(_DUE, params)]
    if not due:
        return None
    nothing: Mapping[Part, Cause] = {}
    return settle(merchant, dict.fromkeys(due, nothing), now, because="time")


_Mark = tuple[str, str, str, str, datetime, UUID]


def _marks(merchant_id: int, parts: Sequence[str]) -> list[_Mark]:
    params = {"merchant_id": merchant_id, "parts": list(parts), "most": BATCH}
    found: list[_Mark] = []
    for ref, part, topic, about, at, token in fetch_all(_MARKS, params):
        happened_at = as_instant(at)
        assert happened_at is not None
        found.append((ref, part, topic, about, happened_at, as_uuid(token)))
    return found
