"""Making coupons and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.events.coupons import CouponIssued, CouponsCreated, CouponsWithdrawn
from regulars.infra import outbox
from regulars.infra.recording import Writes
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id
from regulars.modules.members.lookup import carriers
from regulars.modules.promotions.errors import OfferArchived
from regulars.modules.promotions.queries import offer_view

from .codes import has_generated_form, public_key
from .errors import BatchWithdrawn, CodeExists
from .making import COUPON, make_piece
from .models import Batch, Coupon
from .queries import view_of
from .sizing import check_band
from .types import BatchView, Kind, Sized, Terms

#: What one request makes at once; more is a job.
AT_ONCE: Final = 1_000
ARCHIVED: Final = "archived"


@dataclass(frozen=True, slots=True)
class Made:
    """A batch as it now stands, and what that changed."""

    batch: BatchView
    events: tuple[Event, ...]


@transaction.atomic
def create_coupons(
    *,
    merchant_id: int,
    terms: Terms,
    now: datetime,
    codes: Sequence[str] = (),
    count: int = 0,
    issue_after: str | None = None,
    sized: Sized | None = None,
) -> Made:
    """Make coupons: public ``codes`` as written, ``count`` generated ones, or with
    ``issue_after`` one for each member after a paid order, ``sized`` by what is known of them.

    Up to AT_ONCE generated codes are made here, the others by the job. Raises NotFound for an
    unknown offer or member, OfferArchived, CodeExists, and Invalid for codes that cannot be kept
    and stronger offers that give less.
    """
    offer = offer_view(merchant_id, terms.offer)
    if offer.document["status"] == ARCHIVED:
        raise OfferArchived
    if terms.member_id is not None and not carriers(merchant_id, [terms.member_id]):
        raise NotFound
    keys = _public_keys(merchant_id, codes)
    if sized is not None:
        check_band(merchant_id, offer.document, sized)

    batch = _batch(merchant_id, terms, _kind(terms, codes, issue_after), now)
    batch.issue_after, batch.count = issue_after, len(codes) or count
    batch.sized = asdict(sized) if sized else None
    batch.made = len(codes)
    batch.save(force_insert=True)
    if codes:
        _add_public(batch, codes, keys)
    elif count <= AT_ONCE:
        batch.made += make_piece(merchant_id, batch.id)

    events = _told(batch, now)
    outbox.publish(aggregate="coupons", events=events[:1], at=now)
    if terms.member_id is not None:
        outbox.publish(aggregate=terms.member_id.hex, events=events[1:], at=now)
    return Made(view_of(batch), tuple(events))


@transaction.atomic
def withdraw(*, merchant_id: int, batch_id: UUID, now: datetime) -> Made:
    """Take the coupons of a batch back, with those of batches that belong to it; uses so far
    stay. Raises NotFound, BatchWithdrawn."""
    batch = Batch.objects.of(merchant_id).select_for_update().filter(id=batch_id).first()
    if batch is None:
        raise NotFound
    if batch.withdrawn_at is not None:
        raise BatchWithdrawn
    own = Batch.objects.of(merchant_id).select_for_update().filter(of_batch=batch_id)
    events = []
    for one in (batch, *own.filter(withdrawn_at=None).order_by("id")):
        one.withdrawn_at = now
        one.save(update_fields=["withdrawn_at"])
        events.append(
            CouponsWithdrawn(
                merchant_id=merchant_id, happened_at=now, batch_id=one.id, offer=one.offer
            )
        )
    outbox.publish(aggregate="coupons", events=events, at=now)
    return Made(view_of(batch), tuple(events))


def _kind(terms: Terms, codes: Sequence[str], issue_after: str | None) -> Kind:
    if issue_after is not None:
        return "issued"
    if codes:
        return "public"
    return "generated" if terms.member_id is None else "personal"


def _batch(merchant_id: int, terms: Terms, kind: Kind, now: datetime) -> Batch:
    return Batch(
        merchant_id=merchant_id,
        id=new_id(),
        offer=terms.offer,
        kind=kind,
        member_id=terms.member_id,
        begins_at=terms.begins_at,
        ends_at=terms.ends_at,
        valid_days=terms.valid_days,
        max_uses=terms.max_uses,
        max_uses_per_member=terms.max_uses_per_member,
        created_at=now,
    )


def _public_keys(merchant_id: int, codes: Sequence[str]) -> list[str]:
    faults: list[FieldError] = []
    places: dict[str, int] = {}
    keys = [public_key(merchant_id, code) for code in codes]
    for place, (code, key) in enumerate(zip(codes, keys, strict=True)):
        if has_generated_form(code):
            faults.append(
                FieldError(f"/codes/{place}", "reserved", "Generated codes have this form.")
            )
        elif key in places:
            faults.append(FieldError(f"/codes/{place}", "repeated", "Send a code once."))
        places.setdefault(key, place)
    if faults:
        raise Invalid(faults[0].detail, errors=faults)
    taken = Coupon.objects.of(merchant_id).filter(key__in=keys).values_list("key", flat=True)
    if taken:
        raise CodeExists(
            errors=[
                FieldError(f"/codes/{places[key]}", "exists", "Choose another code.")
                for key in taken
            ]
        )
    return keys


def _add_public(batch: Batch, codes: Sequence[str], keys: Sequence[str]) -> None:
    writes = Writes()
    for number, (code, key) in enumerate(zip(codes, keys, strict=True), 1):
        row = (batch.merchant_id, key, batch.id, number, code, batch.member_id, None, None)
        writes.add(COUPON, row)
    writes.record()


def _told(batch: Batch, now: datetime) -> list[Event]:
    events: list[Event] = [
        CouponsCreated(
            merchant_id=batch.merchant_id,
            happened_at=now,
            batch_id=batch.id,
            offer=batch.offer,
            kind=batch.kind,
            count=batch.count,
        )
    ]
    if batch.member_id is not None:
        events.append(
            CouponIssued(
                merchant_id=batch.merchant_id,
                happened_at=now,
                member_id=batch.member_id,
                batch_id=batch.id,
                offer=batch.offer,
                count=batch.count,
                ends_at=batch.ends_at,
            )
        )
    return events
