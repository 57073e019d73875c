"""Reads of merchants, their keys and their people."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Subquery
from django_otp.plugins.otp_totp.models import TOTPDevice

from regulars.infra.db import HotSql, as_instant, as_json, fetch_texts
from regulars.infra.http.principal import MerchantFacts, Principal
from regulars.kernel.errors import NotFound

from .errors import MerchantSuspended
from .models import ApiKey, Merchant, StaffRole, Store
from .types import KEY_PERMISSIONS, KeyView, Role, StaffView, StoreView

KEY_HEAD: Final = "sk_live_"
#: A publishable key stands in a web page; it may do little, and from named origins alone.
PUBLISHABLE_HEAD: Final = "pk_live_"
_KEY_LENGTH: Final = len(KEY_HEAD) + 43
_BY_KEY: Final = HotSql(
    "SELECT k.id, k.prefix, k.scopes, k.origins, "
    "m.id, m.code, m.name, m.currency, m.zone, m.locale, "
    "m.clock_at, CASE WHEN m.suspended THEN 1 ELSE 0 END "
    "FROM merchants_apikey k JOIN merchants_merchant m "
    "ON m.id = k.merchant_id WHERE k.digest = :digest AND k.revoked_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Seat:
    """A role that a signed-in person holds, and where; ``device_id`` is of their second factor."""

    merchant: MerchantFacts
    role: Role
    device_id: int | None


def digest_of(secret: str) -> str:
    """How secrets with 256 random bits are kept: a plain digest cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def facts_of(row: Merchant) -> MerchantFacts:
    return MerchantFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        currency=row.currency,
        zone=row.zone,
        locale=row.locale,
        clock_at=row.clock_at,
        suspended=row.suspended,
    )


def merchant(code: str) -> MerchantFacts:
    """The merchant of a code. Raises NotFound."""
    row = Merchant.objects.filter(code=code).first()
    if row is None:
        raise NotFound
    return facts_of(row)


def merchant_of_id(merchant_id: int) -> MerchantFacts:
    """Raises NotFound."""
    row = Merchant.objects.filter(id=merchant_id).first()
    if row is None:
        raise NotFound
    return facts_of(row)


def merchants() -> list[MerchantFacts]:
    """Every merchant of this home, by code: for operators and jobs."""
    return [facts_of(row) for row in Merchant.objects.order_by("code")]


def stores(merchant_id: int) -> list[StoreView]:
    """The stores that are known by name, by code."""
    rows = Store.objects.filter(merchant_id=merchant_id).order_by("code")
    return [StoreView(row.code, row.name) for row in rows]


def source_note(merchant_id: int) -> str:
    """Where a demo merchant's data comes from and under which licence; else empty."""
    return Merchant.objects.values_list("source_note", flat=True).get(id=merchant_id)


def principal_of_key(api_key: str) -> Principal | None:
    """Who speaks with an API key; None for one that never was or was revoked.

    Asks the database every time, so a revoked key ends with the request before.
    Raises MerchantSuspended.
    """
    if len(api_key) != _KEY_LENGTH or not api_key.startswith((KEY_HEAD, PUBLISHABLE_HEAD)):
        return None
    row = fetch_texts(_BY_KEY, {"digest": digest_of(api_key)})
    if row is None:
        return None
    key_id, prefix, scopes, origins, *merchant_row = row
    facts = _facts_of_row(merchant_row)
    if facts.suspended:
        raise MerchantSuspended
    granted = frozenset(as_json(scopes))
    return Principal(
        merchant_id=facts.id,
        merchant=facts,
        actor=f"key:{key_id}:{prefix}",
        permissions=KEY_PERMISSIONS & granted if granted else KEY_PERMISSIONS,
        origins=tuple(as_json(origins)),
    )


def seats(user_id: int) -> list[Seat]:
    """Where a person holds a role, by the merchant's code; suspended merchants left out."""
    device = TOTPDevice.objects.filter(user_id=user_id, confirmed=True).order_by("id")
    rows = (
        StaffRole.objects.filter(user_id=user_id, merchant__suspended=False)
        .select_related("merchant")
        .annotate(device_id=Subquery(device.values("id")[:1]))
        .order_by("merchant__code")
    )
    return [
        Seat(facts_of(row.merchant), row.role, row.device_id)  # type: ignore[arg-type]
        for row in rows
    ]


def keys(merchant_id: int) -> list[KeyView]:
    """Newest first, revoked ones too."""
    return [key_view(row) for row in ApiKey.objects.filter(merchant_id=merchant_id).order_by("-id")]


def key_view(row: ApiKey) -> KeyView:
    return KeyView(
        row.id,
        row.name,
        row.prefix,
        tuple(row.scopes),
        tuple(row.origins),
        row.created_at,
        row.created_by,
        row.revoked_at,
    )


def staff(merchant_id: int) -> list[StaffView]:
    """Everyone with a role, by username."""
    rows = list(
        StaffRole.objects.filter(merchant_id=merchant_id)
        .select_related("user")
        .order_by("user__username")
    )
    return staff_views(rows)


def staff_views(rows: list[StaffRole]) -> list[StaffView]:
    with_device = set(
        TOTPDevice.objects.filter(
            user_id__in=[row.user_id for row in rows], confirmed=True
        ).values_list("user_id", flat=True)
    )
    return [_staff_view(row, row.user, row.user_id in with_device) for row in rows]


def _staff_view(row: StaffRole, user: User, totp: bool) -> StaffView:
    return StaffView(
        row.id,
        row.user_id,
        user.get_username(),
        user.first_name,
        row.role,  # type: ignore[arg-type]
        totp,
    )


def _facts_of_row(row: list[Any]) -> MerchantFacts:
    id_, code, name, currency, zone, locale, clock_at, suspended = row
    return MerchantFacts(
        id=int(id_),
        code=code,
        name=name,
        currency=currency,
        zone=zone,
        locale=locale,
        clock_at=as_instant(clock_at),
        suspended=int(suspended) != 0,
    )
