"""Coupons made over the API, and used as quotes will."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from makers.offers import make_offer
from makers.orders import Shop
from regulars.infra.db import is_postgres, retrying
from regulars.infra.recording import Writes
from regulars.modules.budgets.gather import look
from regulars.modules.budgets.sheet import Sheet
from regulars.modules.coupons import counting
from regulars.modules.coupons.gather import find, read_codes
from regulars.modules.coupons.rules import resolve
from regulars.modules.coupons.types import Resolved
from regulars.modules.members.lookup import circles
from regulars.modules.promotions.queries import offers


def make_coupons(shop: Shop, **body: Any) -> dict[str, Any]:
    """The answer to new coupons, of a new offer where none is named."""
    if "offer" not in body:
        body["offer"] = make_offer(shop, requires_code=True)["code"]
    answer = shop.api.post("/coupons", body)
    assert answer.status_code in (201, 202), answer.content
    return dict(answer.json())


def records(shop: Shop, member_id: UUID | None) -> tuple[UUID, ...]:
    return circles(shop.merchant_id, [member_id])[member_id].ids if member_id else ()


def given(
    shop: Shop, codes: Sequence[str], *, member_id: UUID | None = None, now: datetime | None = None
) -> Resolved:
    """What codes unlock for somebody."""
    at = now or shop.now
    people = records(shop, member_id)
    read = read_codes(shop.merchant_id, codes)
    seen = look(shop.merchant_id, counting.keys(read.by_key, people), at)
    return resolve(
        read,
        find(shop.merchant_id, read),
        seen=seen,
        people=people,
        now=at,
        offers=[offer.code for offer in offers(shop.merchant_id)],
    )


def use(
    shop: Shop,
    code: str,
    owner: str,
    *,
    member_id: UUID | None = None,
    now: datetime | None = None,
    lasts: timedelta | None = timedelta(minutes=15),
) -> bool:
    """Take a use as a quote does (for good where ``lasts`` is None); whether it was there."""
    at = now or shop.now

    def attempt() -> bool:
        people = records(shop, member_id)
        read = read_codes(shop.merchant_id, [code])
        coupons = find(shop.merchant_id, read)
        seen = look(shop.merchant_id, counting.keys(read.by_key, people), at)
        found = resolve(
            read,
            coupons,
            seen=seen,
            people=people,
            now=at,
            offers=[coupon.offer for coupon in coupons],
        )
        sheet, writes = Sheet(shop.merchant_id, seen, at), Writes()
        for coupon in found.by_offer.values():
            counting.claim(
                sheet,
                coupon,
                owner=owner,
                people=people,
                expires_at=None if lasts is None else at + lasts,
            )
        sheet.add_to(writes)
        writes.record()
        return bool(found.by_offer)

    def unit() -> bool:
        if is_postgres():
            return attempt()
        with transaction.atomic():
            return attempt()

    return retrying(unit, tries=60)
