"""API keys: made once, shown once, kept as digests."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from regulars.events.merchants import KeyCreated, KeyRevoked
from regulars.infra import outbox
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.modules.merchants import queries
from regulars.modules.merchants.models import ApiKey
from regulars.modules.merchants.types import (
    KEY_PERMISSIONS,
    PUBLISHABLE_PERMISSIONS,
    KeyView,
    NewKey,
)

_MOST_NAME: Final = 100
_SECRET_BYTES: Final = 32
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]{1,200}(:[0-9]{1,5})?")
_PREFIX_LENGTH: Final = len(queries.KEY_HEAD) + 6


@transaction.atomic
def create_key(
    *,
    merchant_id: int,
    name: str,
    by: str,
    now: datetime,
    scopes: Sequence[str] = (),
    origins: Sequence[str] = (),
) -> NewKey:
    """A new key, allowed ``scopes`` or, without any, all a key may do. Its text is not kept.

    With ``origins`` (https://shop.example) it is publishable: made to stand in web pages of
    these origins, it may show prices to strangers and nothing else.
    """
    if len(name) > _MOST_NAME:
        detail = f"A name has at most {_MOST_NAME} characters."
        raise Invalid(detail, errors=[FieldError("/name", "too_long", detail)])
    if origins:
        scopes = _publishable_scopes(scopes, origins)
    unknown = sorted(set(scopes) - KEY_PERMISSIONS)
    if unknown:
        raise Invalid(
            f"A key cannot have {', '.join(unknown)}.",
            errors=[FieldError("/scopes", "unknown_value", "See the permissions of a key.")],
        )
    head = queries.PUBLISHABLE_HEAD if origins else queries.KEY_HEAD
    text = head + secrets.token_urlsafe(_SECRET_BYTES)
    row = ApiKey.objects.create(
        merchant_id=merchant_id,
        name=name,
        prefix=text[:_PREFIX_LENGTH],
        digest=queries.digest_of(text),
        scopes=sorted(set(scopes)),
        origins=sorted(set(origins)),
        created_by=by,
    )

    event = KeyCreated(merchant_id=merchant_id, happened_at=now, key_id=row.id, prefix=row.prefix)
    outbox.publish(aggregate="merchant", events=[event], at=now)
    return NewKey(queries.key_view(row), text)


def _publishable_scopes(scopes: Sequence[str], origins: Sequence[str]) -> Sequence[str]:
    faults = [
        FieldError(f"/origins/{place}", "not_an_origin", "Write it as https://shop.example")
        for place, origin in enumerate(origins)
        if not _ORIGIN.fullmatch(origin)
    ]
    if not set(scopes) <= PUBLISHABLE_PERMISSIONS:
        faults.append(FieldError("/scopes", "unknown_value", "Such a key shows prices alone."))
    if faults:
        raise Invalid("A publishable key cannot be made of this.", errors=faults)
    return sorted(PUBLISHABLE_PERMISSIONS)


@transaction.atomic
def revoke_key(*, merchant_id: int, key_id: int, now: datetime) -> KeyView:
    """Take a key back; again has no further effect. Raises NotFound."""
    ours = ApiKey.objects.filter(merchant_id=merchant_id, id=key_id)
    revoked = ours.filter(revoked_at=None).update(revoked_at=now)
    row = ours.first()
    if row is None:
        raise NotFound
    if revoked:
        event = KeyRevoked(
            merchant_id=merchant_id, happened_at=now, key_id=row.id, prefix=row.prefix
        )
        outbox.publish(aggregate="merchant", events=[event], at=now)
    return queries.key_view(row)
