"""Who bought with an offer, and what it took off: read out of the deals that orders were placed on.

Nothing is counted for it while people buy; the deals of a stretch of time are looked through when
somebody asks, which takes as long as there are orders in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, as_uuid, fetch_all

from .deal import Deal

_DEALS: Final = Sql(
    "SELECT q.member_id, q.deal FROM pricing_quote q WHERE q.merchant_id = :merchant_id "
    "AND q.state = 'used' AND q.member_id IS NOT NULL AND q.created_at >= :since "
    "AND q.created_at < :until AND q.deal LIKE :named ESCAPE '!'"
)


@dataclass(frozen=True, slots=True)
class Redemption:
    """An order on a quote with the offer: by whom, and the discount in minor units."""

    member_id: UUID
    amount_minor: int


def redemptions(
    merchant_id: int, offer: str, *, since: datetime, until: datetime
) -> list[Redemption]:
    """Orders on quotes of [``since``, ``until``) that used the offer, whatever went back later."""
    quoted = json.dumps(offer, ensure_ascii=False)
    for special in "!%_":
        quoted = quoted.replace(special, f"!{special}")
    rows = fetch_all(
        _DEALS,
        {"merchant_id": merchant_id, "since": since, "until": until, "named": f"%{quoted}%"},
    )
    found = []
    for member_id, text in rows:
        amounts = [one.amount_minor for one in Deal.from_json(text).applied if one.offer == offer]
        if amounts:
            found.append(Redemption(as_uuid(member_id), sum(amounts)))
    return found
