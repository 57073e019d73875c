"""The token in a member's card link: who it speaks for and until when, signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer

from regulars.infra.clock import real_now

CARD_LASTS: Final = timedelta(days=90)
_SALT: Final = "regulars.member-card"


def card_token(*, merchant_id: int, member_id: UUID, expires_at: datetime) -> str:
    """A token that lets its bearer see this member's card until then."""
    told = f"{merchant_id:x}.{member_id.hex}.{int(expires_at.timestamp()):x}"
    return _signer().sign(told)


def bearer_of(token: str) -> tuple[int, UUID] | None:
    """Merchant and member of a token; None for one that is forged, late or no token at all."""
    try:
        told = _signer().unsign(token)
        merchant, member, expires = told.split(".")
        if int(expires, 16) <= real_now().timestamp():
            return None
        return int(merchant, 16), UUID(hex=member)
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt=_SALT, sep="~")
