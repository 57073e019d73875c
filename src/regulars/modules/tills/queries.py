"""Reads of tills and of what they sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, as_instant, fetch_one
from regulars.kernel.errors import NotFound

from .models import Envelope, Terms, Till
from .types import EnvelopeView, Fate, TillView

#: How long a till may be offline where its merchant has not said.
DAYS_OFFLINE: Final = 7
#: Under this operation an envelope's answer is remembered, under ``key_of`` its number.
TAKE_OPERATION: Final = "tills.take"
_STANDING: Final = Sql(
    "SELECT t.last_number, t.revoked_at, CASE WHEN t.takes_unsent THEN 1 ELSE 0 END, "
    "e.digest, e.fate, e.code, w.answer FROM tills_till t "
    "LEFT JOIN tills_envelope e ON e.merchant_id = t.merchant_id AND e.till_id = t.id "
    "AND e.number = :number "
    "LEFT JOIN infra_writerecord w ON w.merchant_id = t.merchant_id "
    "AND w.operation = :operation AND w.key = :key "
    "WHERE t.merchant_id = :merchant_id AND t.id = :till_id"
)


@dataclass(frozen=True, slots=True)
class Device:
    """Whose signature counts, and where."""

    till_id: UUID
    public_key: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a till stands, and what is known of one number of it."""

    last_number: int
    revoked_at: datetime | None
    takes_unsent: bool
    digest: str | None
    fate: Fate | None
    code: str
    answer: str

    @property
    def known(self) -> tuple[str, Fate] | None:
        """The digest and the fate that the number was used up with."""
        if self.digest is None or self.fate is None:
            return None
        return self.digest, self.fate


def key_of(till_id: UUID, number: int) -> str:
    """The idempotency key of an envelope."""
    return f"{till_id.hex}:{number}"


def device(merchant_id: int, till_id: UUID) -> Device:
    """Raises NotFound."""
    row = Till.objects.of(merchant_id).filter(id=till_id).first()
    if row is None:
        raise NotFound
    return Device(row.id, row.public_key)


def standing(merchant_id: int, till_id: UUID, number: int) -> Standing:
    """Raises NotFound."""
    row = fetch_one(
        _STANDING,
        {
            "merchant_id": merchant_id,
            "till_id": till_id,
            "number": number,
            "operation": TAKE_OPERATION,
            "key": key_of(till_id, number),
        },
    )
    if row is None:
        raise NotFound
    last, revoked_at, takes_unsent, digest, fate, code, answer = row
    return Standing(
        last, as_instant(revoked_at), bool(takes_unsent), digest, fate, code or "", answer or ""
    )


def tills(merchant_id: int) -> list[TillView]:
    """Every till, those in use first, then by name."""
    rows = [till_view(row) for row in Till.objects.of(merchant_id)]
    return sorted(rows, key=lambda till: (till.revoked_at is not None, till.name, till.id))


def till(merchant_id: int, till_id: UUID) -> TillView:
    """Raises NotFound."""
    row = Till.objects.of(merchant_id).filter(id=till_id).first()
    if row is None:
        raise NotFound
    return till_view(row)


def refused_envelopes(
    merchant_id: int, till_id: UUID, *, limit: int, before: int | None
) -> list[EnvelopeView]:
    """What a person has to look at: refused or given up, the highest number first; one more than
    ``limit`` where there is one. Raises NotFound."""
    if not Till.objects.of(merchant_id).filter(id=till_id).exists():
        raise NotFound
    rows = Envelope.objects.of(merchant_id).filter(till_id=till_id).exclude(fate="taken")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return [_envelope_view(row) for row in rows.order_by("-number")[: limit + 1]]


def most_days_offline(merchant_id: int) -> int:
    """How long ago what a till did may be when it is sent."""
    row = Terms.objects.of(merchant_id).first()
    return row.most_days_offline if row is not None else DAYS_OFFLINE


def till_view(row: Till) -> TillView:
    return TillView(
        id=row.id,
        name=row.name,
        store=row.store,
        created_at=row.created_at,
        created_by=row.created_by,
        code_until=row.code_until,
        registered_at=row.registered_at,
        revoked_at=row.revoked_at,
        takes_unsent=row.takes_unsent,
        last_number=row.last_number,
        seen_number=row.seen_number,
        taken=row.taken,
        refused=row.refused,
        last_seen_at=row.last_seen_at,
    )


def _envelope_view(row: Envelope) -> EnvelopeView:
    return EnvelopeView(
        number=row.number,
        kind=row.kind,
        external_id=row.external_id,
        made_at=row.made_at,
        settled_at=row.settled_at,
        fate=row.fate,  # type: ignore[arg-type]
        code=row.code,
        subject=row.subject,
    )
