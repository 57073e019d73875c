"""How other gathers find a member by identity, in their own statement."""

from __future__ import annotations

from typing import Any, Final

from regulars.infra.crypto import blind_index
from regulars.infra.http.principal import MerchantFacts

from .rules import normalised, phone_region

#: A scalar: who carries on for the holder of :identity_type, :identity_key; null for nobody.
MEMBER_BY_IDENTITY: Final = """(SELECT coalesce(m.merged_into, m.id)
  FROM members_identity i JOIN members_member m
    ON m.merchant_id = i.merchant_id AND m.id = i.member_id
  WHERE i.merchant_id = :merchant_id AND i.type = :identity_type AND i.key = :identity_key)"""


def identity_params(merchant: MerchantFacts, *, type: str, value: str) -> dict[str, Any]:
    """The parameters of MEMBER_BY_IDENTITY for an identity as written. Raises Invalid."""
    written = normalised(
        type=type, value=value, region=phone_region(merchant.zone, merchant.locale)
    )
    return {
        "identity_type": type,
        "identity_key": blind_index(merchant_id=merchant.id, type=type, value=written),
    }
