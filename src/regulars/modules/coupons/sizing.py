"""Coupons for the next order whose size is decided by whoever knows the member: what is due, and
what was decided of it. The words are in docs/algorithms/spending.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.modules.promotions.comparing import gives_at_least
from regulars.modules.promotions.queries import offer_view

from . import giving
from .models import Batch, Promised
from .queries import sized_of
from .types import Sized


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedBatch:
    """A batch that issues sized coupons. ``offers`` are its own and the stronger ones that can be
    given now; empty where nothing is given any more."""

    id: UUID
    offers: tuple[str, ...]
    valid_days: int
    sized: Sized


@dataclass(frozen=True, slots=True)
class Due:
    """An order whose coupon fell due, and whose it would be."""

    order_id: UUID
    member_id: UUID


def check_band(merchant_id: int, own: Mapping[str, Any], sized: Sized) -> None:
    """Refuse stronger offers that give somebody less than the one before them."""
    faults, before = [], own
    for place, code in enumerate(sized.stronger):
        document = _published(merchant_id, code)
        if document is None or not gives_at_least(before, document):
            detail = (
                "Name a published offer that needs a code and is like the one before it, but for "
                "how much it takes off: as much or more."
            )
            where = f"/issue/sized/stronger/{place}"
            faults.append(FieldError(where, "outside_the_band", detail))
        before = document or before
    if faults:
        raise Invalid(faults[0].detail, errors=faults)


def merchants_with_sized() -> list[int]:
    """Which merchants have a batch that issues sized coupons."""
    rows = Batch.objects.across_merchants().filter(issue_after__isnull=False, sized__isnull=False)
    return sorted(set(rows.values_list("merchant_id", flat=True)))


def batches_due(merchant_id: int, before: datetime) -> list[SizedBatch]:
    """The sized batches of which a coupon fell due before an instant."""
    rows = Batch.objects.of(merchant_id).filter(issue_after__isnull=False, sized__isnull=False)
    due = Promised.objects.of(merchant_id).filter(settled=False, due_at__lt=before)
    ids = set(due.values_list("batch_id", flat=True).distinct())
    return [_sized_batch(row) for row in rows.order_by("id") if row.id in ids]


def due_of(merchant_id: int, batch_id: UUID, before: datetime, *, most: int) -> list[Due]:
    """The next orders whose coupon of a batch fell due, the first first."""
    rows = Promised.objects.of(merchant_id).filter(
        batch_id=batch_id, settled=False, due_at__lt=before
    )
    found = rows.order_by("due_at", "order_id")[:most]
    return [Due(*row) for row in found.values_list("order_id", "member_id")]


def settle(
    *,
    merchant_id: int,
    batch: SizedBatch,
    due: Due,
    offer: str | None,
    ends_at: datetime | None,
    now: datetime,
) -> bool:
    """Give the coupon of ``offer`` (None: nothing) for one order; False where that was settled
    already, so nothing is given. In the caller's transaction, which keeps the reason."""
    mine = Promised.objects.of(merchant_id).filter(
        batch_id=batch.id, order_id=due.order_id, settled=False
    )
    if not mine.update(settled=True):
        return False
    if offer is not None:
        into = batch.id if offer == batch.offers[0] else _own_batch(merchant_id, batch, offer, now)
        giving.give(
            merchant_id=merchant_id, batch_id=into, ends_at={due.member_id: ends_at}, now=now
        )
    return True


@transaction.atomic
def _own_batch(merchant_id: int, batch: SizedBatch, offer: str, now: datetime) -> UUID:
    """The batch in which a sized batch's stronger coupons of one offer stand; made once."""
    # Its row is the lock under which the other is made.
    Batch.objects.of(merchant_id).select_for_update().get(id=batch.id)
    own = Batch.objects.of(merchant_id).filter(of_batch=batch.id, offer=offer).first()
    if own is not None:
        return UUID(str(own.id))
    return giving.open_batch(merchant_id=merchant_id, offer=offer, now=now, of_batch=batch.id)


def _sized_batch(row: Batch) -> SizedBatch:
    sized = sized_of(row)
    assert sized is not None
    assert row.valid_days is not None, "asked for with it"
    return SizedBatch(
        id=row.id, offers=_open_offers(row, sized), valid_days=row.valid_days, sized=sized
    )


def _open_offers(row: Batch, sized: Sized) -> tuple[str, ...]:
    """What can be given now: an offer that was changed since, so that it no longer gives as much
    as the one before, is passed over, and so is one whose coupons were taken back."""
    own = offer_view(row.merchant_id, row.offer).document
    if row.withdrawn_at is not None or own["status"] == "archived":
        return ()
    withdrawn = set(
        Batch.objects.of(row.merchant_id)
        .filter(of_batch=row.id, withdrawn_at__isnull=False)
        .values_list("offer", flat=True)
    )
    found: list[str] = [row.offer]
    before: Mapping[str, Any] = own
    for code in sized.stronger:
        document = _published(row.merchant_id, code)
        if code not in withdrawn and document is not None and gives_at_least(before, document):
            found.append(code)
            before = document
    return tuple(found)


def _published(merchant_id: int, code: str) -> Mapping[str, Any] | None:
    try:
        document = offer_view(merchant_id, code).document
    except NotFound:
        return None
    usable = document["status"] == "active" and document["requires_code"]
    return document if usable else None
