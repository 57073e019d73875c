"""Reads of the coupons that somebody gives, as a scalar for other gathers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_one

from . import codes as spelling
from .types import Coupon, ReadCodes

#: Whoever gives more codes than a buyer can have is guessing.
MOST_CODES: Final = 50
_COLUMNS: Final = (
    "c.key, c.batch_id, c.number, c.text, c.member_id, coalesce(c.begins_at, b.begins_at), "
    "coalesce(c.ends_at, b.ends_at), b.offer, b.max_uses, b.max_uses_per_member"
)
_FROM: Final = """FROM coupons_coupon c JOIN coupons_batch b
    ON b.merchant_id = c.merchant_id AND b.id = c.batch_id AND b.withdrawn_at IS NULL
  WHERE c.merchant_id = :merchant_id AND"""
#: A scalar for other gathers: the coupons of :coupon_keys. ``coupons_of`` reads it.
COUPONS: Final = (
    f"(SELECT json_group_array(json_array({_COLUMNS})) {_FROM} {any_of('c.key', 'coupon_keys')})"
)
#: The same for the coupons of the members :ids.
OF_MEMBERS: Final = (
    f"(SELECT json_group_array(json_array({_COLUMNS})) {_FROM} {any_of('c.member_id')})"
)
_COUPONS: Final = Sql(f"SELECT {COUPONS}")
_OF_MEMBERS: Final = Sql(f"SELECT {OF_MEMBERS}")


def read_codes(merchant_id: int, codes: Iterable[str]) -> ReadCodes:
    """Codes as given, judged by their check alone: what fails it never reaches the database.

    The same code given twice counts once; past MOST_CODES they fail.
    """
    by_key: dict[str, str] = {}
    failed: list[str] = []
    for number, code in enumerate(dict.fromkeys(codes)):
        key = spelling.key_of(merchant_id, code) if number < MOST_CODES else None
        if key is None:
            failed.append(code)
        else:
            by_key.setdefault(key, code)
    return ReadCodes(by_key, tuple(failed))


def coupons_of(merchant_id: int, scalar: Any) -> tuple[Coupon, ...]:
    """What COUPONS told."""
    return tuple(_coupon(merchant_id, row) for row in as_json(scalar) or ())


def find(merchant_id: int, read: ReadCodes) -> tuple[Coupon, ...]:
    """The coupons of codes, in a statement of its own; none without a read where none passed."""
    if not read.by_key:
        return ()
    return _found(merchant_id, _COUPONS, {"coupon_keys": list(read.by_key)})


def of_members(merchant_id: int, ids: Sequence[Any]) -> tuple[Coupon, ...]:
    """Every coupon that belongs to one of these records."""
    return _found(merchant_id, _OF_MEMBERS, {"ids": list(ids)})


def _found(merchant_id: int, sql: Sql, params: Mapping[str, Any]) -> tuple[Coupon, ...]:
    row = fetch_one(sql, {"merchant_id": merchant_id, **params})
    assert row is not None
    return coupons_of(merchant_id, row[0])


def _coupon(merchant_id: int, row: Sequence[Any]) -> Coupon:
    key, batch_id, number, text, member_id, begins_at, ends_at, offer, most, per_member = row
    return Coupon(
        key=key,
        code=text or spelling.generated(merchant_id, as_uuid(batch_id), number),
        offer=offer,
        member_id=as_uuid(member_id) if member_id else None,
        begins_at=as_instant(begins_at),
        ends_at=as_instant(ends_at),
        max_uses=most,
        max_uses_per_member=per_member,
    )
