"""Which of the coupons given may be used, and which one for each offer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.periods import day_start
from regulars.modules.budgets.types import Seen

from .types import Coupon, ReadCodes, Resolved, WalletState

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def resolve(
    read: ReadCodes,
    coupons: Iterable[Coupon],
    *,
    seen: Seen,
    people: Sequence[UUID],
    now: datetime,
    offers: Iterable[str],
) -> Resolved:
    """Which coupon unlocks which of ``offers``; whatever cannot be used is told as invalid.

    ``people`` are the ids of all records of the buyer (none for a stranger). Of several coupons
    of one offer the one that expires first is used, then the smallest code. A coupon of an offer
    that is not among ``offers`` unlocks nothing.
    """
    known = {coupon.key: coupon for coupon in coupons}
    open_offers = frozenset(offers)
    best: dict[str, Coupon] = {}
    invalid = list(read.failed)
    for key, code in read.by_key.items():
        coupon = known.get(key)
        if (
            coupon is None
            or coupon.offer not in open_offers
            or not usable(coupon, seen=seen, people=people, now=now)
        ):
            invalid.append(code)
            continue
        chosen = best.get(coupon.offer)
        if chosen is None or _first_to_use(coupon) < _first_to_use(chosen):
            best[coupon.offer] = coupon
    return Resolved(best, tuple(invalid))


def usable(coupon: Coupon, *, seen: Seen, people: Sequence[UUID], now: datetime) -> bool:
    """Whether this buyer may use it now."""
    if coupon.begins_at is not None and now < coupon.begins_at:
        return False
    if coupon.ends_at is not None and now >= coupon.ends_at:
        return False
    if coupon.member_id is not None and coupon.member_id not in people:
        return False
    return has_uses_left(coupon, seen, people)


def wallet_state(
    coupon: Coupon, *, seen: Seen, people: Sequence[UUID], now: datetime
) -> WalletState:
    """How a coupon of one's own stands; what is used stays used when its time is over."""
    if not has_uses_left(coupon, seen, people):
        return "used"
    if coupon.ends_at is not None and now >= coupon.ends_at:
        return "expired"
    if coupon.begins_at is not None and now < coupon.begins_at:
        return "upcoming"
    return "available"


def has_uses_left(coupon: Coupon, seen: Seen, people: Sequence[UUID]) -> bool:
    """Whether one more use is allowed, to anybody and to this person."""
    if coupon.max_uses is not None and seen.used(use_key(coupon.key)) >= coupon.max_uses:
        return False
    if coupon.max_uses_per_member is None:
        return True
    by_member = sum(seen.used(key) for key in member_use_keys(coupon.key, people))
    return by_member < coupon.max_uses_per_member


def use_key(key: str) -> str:
    """Under which key of budgets a coupon's uses are counted."""
    return f"coupon|{key}"


def member_use_keys(key: str, people: Sequence[UUID]) -> list[str]:
    """The same for the uses by each record of one person."""
    return [f"coupon-member|{member_id.hex}|{key}" for member_id in people]


def end_of_validity(day: date, valid_days: int, zone: ZoneInfo) -> datetime:
    """When a coupon issued on ``day`` ends: with the ``valid_days``-th day after it."""
    return day_start(day + timedelta(days=valid_days + 1), zone)


def _first_to_use(coupon: Coupon) -> tuple[datetime, str]:
    return coupon.ends_at or _NEVER, coupon.code
