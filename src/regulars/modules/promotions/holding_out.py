"""Which offers a member does not get, because what the offers do is being measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from regulars.kernel.chance import STANDING_SALT, is_held_out, salt_of_offer

from .types import Offer


def held_out_of(
    merchant_id: int,
    member_id: UUID | None,
    campaigns: Iterable[Offer],
    *,
    standing_bps: int = 0,
) -> frozenset[str]:
    """The codes among ``campaigns`` (offers with a holdout) that are not for ``member_id``.

    ``standing_bps`` is the merchant's standing holdout: its members get no campaign at all. Who
    has no id yet (somebody who might join) has no place, so nothing by chance is promised to them.
    """
    campaigns = tuple(campaigns)
    if not campaigns:
        return frozenset()
    if member_id is None or is_held_out(merchant_id, STANDING_SALT, member_id, standing_bps):
        return frozenset(offer.code for offer in campaigns)
    return frozenset(
        offer.code
        for offer in campaigns
        if is_held_out(merchant_id, salt_of_offer(offer.code), member_id, offer.held_out_bps or 0)
    )
