"""Coupons that are given to members one by one, by whoever decides whom: one batch per occasion."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.events.coupons import CouponIssued, CouponsCreated
from regulars.infra import outbox
from regulars.infra.recording import Writes
from regulars.kernel.ids import new_id
from regulars.modules.promotions.errors import OfferArchived
from regulars.modules.promotions.queries import offer_view

from .codes import generated_keys
from .errors import BatchWithdrawn
from .making import COUPON
from .models import Batch


@transaction.atomic
def open_batch(
    *, merchant_id: int, offer: str, now: datetime, of_batch: UUID | None = None
) -> UUID:
    """A batch that has no coupons yet; ``give`` puts them in. Each coupon is good for one use.

    One that belongs to another (``of_batch``) is withdrawn with it.

    Raises NotFound for an unknown offer, and OfferArchived.
    """
    if offer_view(merchant_id, offer).document["status"] == "archived":
        raise OfferArchived
    batch = Batch(
        merchant_id=merchant_id,
        id=new_id(),
        offer=offer,
        kind="given",
        max_uses=1,
        of_batch=of_batch,
        count=0,
        created_at=now,
    )
    batch.save(force_insert=True)
    event = CouponsCreated(
        merchant_id=merchant_id,
        happened_at=now,
        batch_id=batch.id,
        offer=offer,
        kind=batch.kind,
        count=0,
    )
    outbox.publish(aggregate="coupons", events=[event], at=now)
    return batch.id


def give(
    *, merchant_id: int, batch_id: UUID, ends_at: Mapping[UUID, datetime | None], now: datetime
) -> None:
    """A coupon of a batch for each of some members, good until their own end.

    Runs inside the caller's transaction, which notes who was given one: given again they would
    have two. Raises BatchWithdrawn.
    """
    batches = Batch.objects.of(merchant_id).filter(id=batch_id)
    batch = batches.select_for_update().get()
    if batch.withdrawn_at is not None:
        raise BatchWithdrawn
    numbers = range(batch.made + 1, batch.made + len(ends_at) + 1)
    batches.update(made=batch.made + len(ends_at), count=batch.made + len(ends_at))

    writes = Writes()
    keys = generated_keys(merchant_id, batch_id, numbers)
    for (number, key), (member_id, ends) in zip(keys, ends_at.items(), strict=True):
        writes.add(COUPON, (merchant_id, key, batch_id, number, "", member_id, None, ends))
    writes.record()

    for member_id, ends in ends_at.items():
        told = CouponIssued(
            merchant_id=merchant_id,
            happened_at=now,
            member_id=member_id,
            batch_id=batch_id,
            offer=batch.offer,
            count=1,
            ends_at=ends,
        )
        outbox.publish(aggregate=member_id.hex, events=[told], at=now)
