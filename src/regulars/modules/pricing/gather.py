"""Reads of quotes, for whoever places an order on one or looks at an order that was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, as_instant, as_uuid, fetch_one
from regulars.modules.budgets.gather import CLAIMS_OF_OWNER, claims_of
from regulars.modules.budgets.types import Claim

from .deal import Deal

_COLUMNS: Final = "q.id, q.member_id, q.state, q.expires_at, q.order_id"
#: A scalar for other gathers: the quote :quote_id and what :budget_owner (its name there) claims.
#: The deal stands in it as the JSON it is: as a text it would be written and read twice.
QUOTE: Final = f"""(SELECT json_array({_COLUMNS}, json(q.deal), {CLAIMS_OF_OWNER})
  FROM pricing_quote q
  WHERE q.merchant_id = :merchant_id AND q.id = :quote_id)"""
#: A scalar for gathers of orders (alias ``o``): the deal an order was placed on.
DEAL_OF_ORDER: Final = """(SELECT q.deal FROM pricing_quote q
  WHERE q.merchant_id = o.merchant_id AND q.order_id = o.id)"""
_QUOTE: Final = Sql(
    f"SELECT {_COLUMNS}, q.deal FROM pricing_quote q "
    "WHERE q.merchant_id = :merchant_id AND q.id = :quote_id"
)


@dataclass(frozen=True, slots=True)
class StoredQuote:
    """A quote as the database has it; ``state`` is open, used or released."""

    id: UUID
    member_id: UUID | None
    state: str
    expires_at: datetime
    order_id: UUID | None
    deal: Deal
    claims: tuple[Claim, ...] = ()


def quote_of_row(row: Sequence[Any]) -> StoredQuote:
    """From the columns of ``QUOTE``, with or without its claims."""
    id_, member_id, state, expires_at, order_id, deal, *claims = row
    until = as_instant(expires_at)
    assert until is not None
    return StoredQuote(
        id=as_uuid(id_),
        member_id=as_uuid(member_id) if member_id else None,
        state=state,
        expires_at=until,
        order_id=as_uuid(order_id) if order_id else None,
        deal=Deal.from_json(deal),
        claims=claims_of(claims[0]) if claims else (),
    )


def stored_quote(merchant_id: int, quote_id: UUID) -> StoredQuote | None:
    row = fetch_one(_QUOTE, {"merchant_id": merchant_id, "quote_id": quote_id})
    return quote_of_row(row) if row else None
