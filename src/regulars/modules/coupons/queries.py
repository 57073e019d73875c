"""Reads of coupons: batches with their progress, codes as they go out, a member's wallet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql
from regulars.infra.snapshots import one_snapshot, stream
from regulars.kernel.errors import NotFound
from regulars.modules.budgets.gather import look
from regulars.modules.members.lookup import circle_of

from . import codes as spelling
from .counting import keys
from .gather import of_members
from .models import Batch
from .rules import wallet_state
from .types import BatchState, BatchView, Sized, Terms, WalletEntry, WalletState

_WRITTEN: Final = Sql(
    "SELECT text FROM coupons_coupon WHERE merchant_id = :merchant_id AND batch_id = :batch_id "
    "AND text <> '' ORDER BY number"
)
_ORDER: Final[tuple[WalletState, ...]] = ("available", "upcoming", "used", "expired")


def batch_view(merchant_id: int, batch_id: UUID) -> BatchView:
    """One batch. Raises NotFound."""
    row = Batch.objects.of(merchant_id).filter(id=batch_id).first()
    if row is None:
        raise NotFound
    return view_of(row)


def batch_views(
    merchant_id: int, *, limit: int, after: UUID | None = None, offer: str | None = None
) -> list[BatchView]:
    """Newest first, one more than ``limit`` where there are more; of one offer where named."""
    rows = Batch.objects.of(merchant_id)
    if offer is not None:
        rows = rows.filter(offer=offer)
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [view_of(row) for row in rows.order_by("-id")[: limit + 1]]


def view_of(row: Batch) -> BatchView:
    return BatchView(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type]
        terms=Terms(
            offer=row.offer,
            member_id=row.member_id,
            begins_at=row.begins_at,
            ends_at=row.ends_at,
            valid_days=row.valid_days,
            max_uses=row.max_uses,
            max_uses_per_member=row.max_uses_per_member,
        ),
        issue_after=row.issue_after,
        sized=sized_of(row),
        count=row.count,
        made=row.made,
        state=_state(row),
        created_at=row.created_at,
    )


def sized_of(row: Batch) -> Sized | None:
    """How the coupons of a batch hang on the member; None where they do not."""
    if row.sized is None:
        return None
    return Sized(**{**row.sized, "stronger": tuple(row.sized["stronger"])})


def written_codes(merchant_id: int, batch: BatchView) -> Iterator[str]:
    """Every code of a batch that is made so far, in order.

    Generated ones are worked out anew from the keys: nothing stored could tell them.
    """
    if batch.kind == "public":
        with one_snapshot():
            params = {"merchant_id": merchant_id, "batch_id": batch.id}
            yield from (text for (text,) in stream(_WRITTEN, params))
        return
    for number in range(1, batch.made + 1):
        yield spelling.generated(merchant_id, batch.id, number)


def wallet(merchant_id: int, member_id: UUID, now: datetime) -> list[WalletEntry]:
    """The coupons of all records of one person: usable ones first, soonest to end first.

    Raises NotFound.
    """
    people = circle_of(merchant_id, member_id).ids
    coupons = of_members(merchant_id, people)
    seen = look(merchant_id, keys((coupon.key for coupon in coupons), people), now)
    entries = [
        WalletEntry(
            code=coupon.code,
            offer=coupon.offer,
            begins_at=coupon.begins_at,
            ends_at=coupon.ends_at,
            state=wallet_state(coupon, seen=seen, people=people, now=now),
        )
        for coupon in coupons
    ]
    return sorted(entries, key=_place)


def _place(entry: WalletEntry) -> tuple[int, bool, str, str]:
    ends = entry.ends_at
    return _ORDER.index(entry.state), ends is None, ends.isoformat() if ends else "", entry.code


def _state(row: Batch) -> BatchState:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.issue_after is not None:
        return "issuing"
    return "making" if row.made < row.count else "done"
