"""Coupons in large numbers: made piece by piece, gone on with wherever it stopped.

A piece and the count of what is made commit together, so a kill at any moment loses nothing and
makes nothing twice.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from regulars.infra import jobs
from regulars.infra.recording import Table, Writes

from .codes import generated_keys
from .models import Batch

COUPON: Final = Table(
    "coupons_coupon", "merchant_id", "key", "batch_id", "number", "text", "member_id",
    "begins_at", "ends_at",
)  # fmt: skip
#: The same for very many rows: ids as hex digits, no times of their own.
_PLAIN: Final = Table(
    "coupons_coupon", "merchant_id", "key", "batch_id", "number", "text", "member_id", plain=True
)
PIECE: Final = 20_000


def make_pieces() -> int:
    """Go on with every unfinished batch; how many coupons were made before being told to stop."""
    unfinished = Batch.objects.across_merchants().filter(made__lt=F("count"), withdrawn_at=None)
    made = 0
    for merchant_id, batch_id in unfinished.order_by("id").values_list("merchant_id", "id"):
        while not jobs.stopping() and (done := make_piece(merchant_id, batch_id)):
            made += done
    return made


@transaction.atomic
def make_piece(merchant_id: int, batch_id: UUID, most: int = PIECE) -> int:
    """The next coupons of a batch; how many, 0 where it is finished or withdrawn."""
    batch = Batch.objects.of(merchant_id).select_for_update().get(id=batch_id)
    last = min(batch.count, batch.made + most)
    if batch.withdrawn_at is not None or last <= batch.made:
        return 0
    numbers = range(batch.made + 1, last + 1)
    member = batch.member_id.hex if batch.member_id else None
    writes = Writes()
    writes.extend(
        _PLAIN,
        sorted(
            (merchant_id, key, batch_id.hex, number, "", member)
            for number, key in generated_keys(merchant_id, batch_id, numbers)
        ),
    )
    writes.record()
    Batch.objects.of(merchant_id).filter(id=batch_id).update(made=last)
    return len(numbers)
