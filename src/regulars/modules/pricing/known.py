"""Everything that a price depends on besides the cart, in one read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.infra.crypto import unseal
from regulars.infra.db import Sql, as_instant, as_json, as_uuid, fetch_one
from regulars.infra.writes import REMEMBERED, Asked
from regulars.kernel.periods import DAWN, program_day
from regulars.modules.budgets.gather import SEEN, seen_of
from regulars.modules.budgets.types import Seen
from regulars.modules.catalog.gather import PRODUCTS
from regulars.modules.coupons.gather import COUPONS, coupons_of
from regulars.modules.coupons.types import Coupon
from regulars.modules.earning.gather import ACTIVITY_OF_WHO, sums_of, sums_of_who
from regulars.modules.ledger.gather import ACCOUNTS_OF_WHO
from regulars.modules.members.enrolment import WHO_BY_ID
from regulars.modules.members.types import PERSONALISATION
from regulars.modules.programmes.queries import NEWEST_VERSION
from regulars.modules.promotions.queries import BOOK_VERSION
from regulars.modules.segments.gather import SEGMENTS_OF_WHO, segments_of_row
from regulars.modules.tiers.gather import STANDING_OF_WHO, Stored, standing_of_row

#: Since when, as whom and with which birthday the person in ``who`` is known.
_PERSON: Final = """(SELECT json_array(w.own, w.carrier, w.status, m.birthday_sealed,
    (SELECT min(x.joined_at) FROM members_member x WHERE x.merchant_id = :merchant_id
      AND (x.id = w.carrier OR x.merged_into = w.carrier)),
    (SELECT json_group_array(x.id) FROM members_member x WHERE x.merchant_id = :merchant_id
      AND x.merged_into = w.carrier))
  FROM who w JOIN members_member m ON m.merchant_id = :merchant_id AND m.id = w.carrier)"""
#: The latest word of the person in ``who`` on being treated personally; none: nothing was said.
_PERSONALISATION: Final = f"""(SELECT c.granted FROM members_consent c
  WHERE c.merchant_id = :merchant_id AND c.purpose = '{PERSONALISATION}' AND c.member_id IN (
    SELECT x.id FROM members_member x, who w WHERE x.merchant_id = :merchant_id
      AND (x.id = w.carrier OR x.merged_into = w.carrier))
  ORDER BY c.at DESC, c.id DESC LIMIT 1)"""
#: All orders and spend of the person in ``who``, net of what went back.
_LIFETIME: Final = sums_of_who("v.orders", "v.spend_minor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one read told. ``carrier`` is None for a stranger and for a member nobody knows.

    ``activity`` are orders, spend and growth value of the ladder's window, then the points and the
    growth value of the day.
    ``accounts`` are rows of ledger.gather.ACCOUNT_COLUMNS.
    """

    own: UUID | None
    carrier: UUID | None
    status: str | None
    joined_at: datetime | None
    #: The other records of the person, which go on as this one.
    merged: tuple[UUID, ...]
    birthday_sealed: str
    remembered: Sequence[Any] | None
    newest_programme: int
    accounts: Sequence[Sequence[Any]]
    standing: Stored | None
    activity: tuple[int, int, int, int, int]
    lifetime: tuple[int, int]
    book_version: int
    products: dict[str, tuple[str | None, str | None, frozenset[str]]]
    seen: Seen
    asked_keys: Sequence[str]
    coupons: tuple[Coupon, ...]
    segments: frozenset[str]
    #: Whether they said no to prices by what they did.
    impersonal: bool = False

    def birthday(self, merchant_id: int) -> date | None:
        if not self.birthday_sealed or self.carrier is None:
            return None
        text = unseal(
            merchant_id=merchant_id,
            table="members_member",
            field="birthday",
            row_id=self.carrier.hex,
            sealed=self.birthday_sealed,
        )
        return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """For whom, of what and as of when something is to be known."""

    merchant_id: int
    zone: ZoneInfo
    member_id: UUID | None
    skus: Sequence[str]
    at: datetime
    now: datetime
    window_from: date = DAWN
    budget_keys: Sequence[str] = ()
    coupon_keys: Sequence[str] = ()
    asked: Asked | None = None


_KNOWN: Final = Sql(
    f"""WITH {WHO_BY_ID} SELECT {_PERSON}, {REMEMBERED}, {NEWEST_VERSION}, {ACCOUNTS_OF_WHO},
  {STANDING_OF_WHO}, {ACTIVITY_OF_WHO}, {_LIFETIME}, {BOOK_VERSION}, {PRODUCTS},
  {SEEN}, {COUPONS}, {SEGMENTS_OF_WHO}, {_PERSONALISATION}"""
)


def known_of(question: Question) -> Known:
    """One round trip, whatever the number of offers and lines."""
    asked = question.asked
    row = fetch_one(
        _KNOWN,
        {
            "merchant_id": question.merchant_id,
            "member_id": question.member_id,
            "operation": asked.operation if asked else "",
            "key": asked.key if asked else "",
            "day": program_day(question.at, question.zone),
            "window_from": question.window_from,
            "skus": sorted(set(question.skus)),
            "budget_keys": list(question.budget_keys),
            "coupon_keys": list(question.coupon_keys),
            "now": question.now,
        },
    )
    assert row is not None
    (person, remembered, newest, accounts, standing, activity, lifetime, version, products,
     seen, coupons, segments, personal) = row  # fmt: skip
    own, carrier, status, birthday, joined_at, merged = as_json(person) or (None,) * 6
    stand = as_json(standing)
    sums = sums_of(activity) or [0] * 5
    orders, spend = sums_of(lifetime) or (0, 0)
    return Known(
        own=as_uuid(own) if own else None,
        carrier=as_uuid(carrier) if carrier else None,
        status=status,
        joined_at=as_instant(joined_at),
        merged=tuple(sorted(as_uuid(other) for other in as_json(merged) or ())),
        birthday_sealed=birthday or "",
        remembered=as_json(remembered),
        newest_programme=newest,
        accounts=as_json(accounts) or [],
        standing=standing_of_row(stand) if stand else None,
        activity=(sums[0], sums[1], sums[2], sums[3], sums[4]),
        lifetime=(orders, spend),
        book_version=version or 0,
        products={
            sku: (category, kind, frozenset(as_json(tags) or ()))
            for sku, category, kind, tags in as_json(products) or []
        },
        seen=seen_of(seen),
        asked_keys=question.budget_keys,
        coupons=coupons_of(question.merchant_id, coupons),
        segments=segments_of_row(
            question.merchant_id, segments, program_day(question.now, question.zone)
        ),
        impersonal=personal is not None and not personal,
    )
