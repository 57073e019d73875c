"""Taking a use of a coupon, for a quote or an order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from regulars.modules.budgets.sheet import Sheet

from .rules import member_use_keys, use_key
from .types import Coupon


def keys(coupon_keys: Iterable[str], people: Sequence[UUID]) -> list[str]:
    """Every key that the use of these coupons depends on: for ``budgets.gather``."""
    found = []
    for key in coupon_keys:
        found += [use_key(key), *member_use_keys(key, people)]
    return sorted(found)


def claim(
    sheet: Sheet,
    coupon: Coupon,
    *,
    owner: str,
    people: Sequence[UUID],
    expires_at: datetime | None,
) -> None:
    """Take one use for a quote or an order. Raises BudgetTaken."""
    if coupon.max_uses is not None:
        sheet.claim(
            owner=owner,
            key=use_key(coupon.key),
            amount=1,
            most=coupon.max_uses,
            expires_at=expires_at,
        )
    if coupon.max_uses_per_member is not None and people:
        own, *others = member_use_keys(coupon.key, people)
        sheet.claim(
            owner=owner,
            key=own,
            amount=1,
            most=coupon.max_uses_per_member,
            expires_at=expires_at,
            beside=others,
        )
