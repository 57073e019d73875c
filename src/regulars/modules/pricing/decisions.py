"""The log of how strong offers were for whom: read out of the deals, which are never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.infra.db import Sql, as_instant, as_uuid, fetch_all

from .deal import Deal, Decided

_DECIDED: Final = Sql(
    "SELECT q.id, q.created_at, q.member_id, q.state, q.deal FROM pricing_quote q "
    "WHERE q.merchant_id = :merchant_id AND q.deal LIKE :named ESCAPE '!' AND q.id < :before "
    "ORDER BY q.id DESC LIMIT :most"
)
_LAST: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One decision: in which quote, for whom, and by what. Facts of the buyer are not kept."""

    quote_id: UUID
    at: datetime
    member_id: UUID | None
    state: str
    decided: Decided


def decisions(
    merchant_id: int, offer: str, *, limit: int, before: UUID | None = None
) -> list[LoggedDecision]:
    """The newest first, one more than ``limit`` where there are more."""
    opening = '"decided":[['
    quoted = json.dumps(offer, ensure_ascii=False)
    for special in "!%_":
        quoted = quoted.replace(special, f"!{special}")
    rows = fetch_all(
        _DECIDED,
        {
            "merchant_id": merchant_id,
            "named": f"%{opening}%{quoted}%",
            "before": before or _LAST,
            "most": limit + 1,
        },
    )
    found = []
    for quote_id, created_at, member_id, state, text in rows:
        at = as_instant(created_at)
        assert at is not None
        who = as_uuid(member_id) if member_id else None
        found += [
            LoggedDecision(as_uuid(quote_id), at, who, state, one)
            for one in Deal.from_json(text).decided
            if one.offer == offer
        ]
    return found
