"""Reads of counters and claims, as scalars for other gathers and on their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, any_of, as_instant, as_json, as_uuid, fetch_all, fetch_one

from .types import Claim, Seen

#: Claims that ran out are freed at most so many at a time; the rest counts as taken until then.
MOST_RUN_OUT: Final = 500
_COLUMNS: Final = "c.id, c.owner, c.key, c.amount, c.state, c.expires_at"
#: A scalar for other gathers: what is taken of :budget_keys, and what of it ran out at :now.
#: ``seen_of`` reads it.
SEEN: Final = f"""(SELECT json_array(
    (SELECT json_group_array(json_array(b.key, b.taken)) FROM budgets_counter b
      WHERE b.merchant_id = :merchant_id AND {any_of("b.key", "budget_keys")}),
    (SELECT json_group_array(json_array({_COLUMNS})) FROM (
      SELECT * FROM budgets_claim r WHERE r.merchant_id = :merchant_id
        AND {any_of("r.key", "budget_keys")} AND r.state = 'open' AND r.expires_at <= :now
      ORDER BY r.expires_at LIMIT {MOST_RUN_OUT}) c)))"""
#: A scalar for other gathers: every claim of :budget_owner. ``claims_of`` reads it.
CLAIMS_OF_OWNER: Final = f"""(SELECT json_group_array(json_array({_COLUMNS}))
  FROM budgets_claim c WHERE c.merchant_id = :merchant_id AND c.owner = :budget_owner)"""
_SEEN: Final = Sql(f"SELECT {SEEN}")
_CLAIMS: Final = Sql(f"SELECT {CLAIMS_OF_OWNER}")
_HELD: Final = Sql(
    f"SELECT c.key, sum(c.amount) FROM budgets_claim c WHERE c.merchant_id = :merchant_id "
    f"AND {any_of('c.key', 'budget_keys')} AND c.state = 'open' AND c.expires_at > :now "
    "GROUP BY c.key"
)
_DUE: Final = Sql(
    f"SELECT {_COLUMNS} FROM budgets_claim c WHERE c.merchant_id = :merchant_id "
    f"AND c.state = 'open' AND c.expires_at <= :now ORDER BY c.expires_at LIMIT {MOST_RUN_OUT}"
)


def seen_of(scalar: Any) -> Seen:
    """What SEEN told."""
    counters, run_out = as_json(scalar) or (None, None)
    return Seen(
        dict(as_json(counters) or ()),
        tuple(_claim(row) for row in as_json(run_out) or ()),
    )


def claims_of(scalar: Any) -> tuple[Claim, ...]:
    """What CLAIMS_OF_OWNER told."""
    return tuple(_claim(row) for row in as_json(scalar) or ())


def look(merchant_id: int, keys: Iterable[str], now: datetime) -> Seen:
    """What is taken of ``keys``, in a statement of its own."""
    params = {"merchant_id": merchant_id, "budget_keys": sorted(set(keys)), "now": now}
    row = fetch_one(_SEEN, params)
    assert row is not None
    return seen_of(row[0])


def held(merchant_id: int, keys: Iterable[str], now: datetime) -> dict[str, int]:
    """What open claims hold of ``keys``; what ran out is not held."""
    params = {"merchant_id": merchant_id, "budget_keys": sorted(set(keys)), "now": now}
    return {key: int(amount) for key, amount in fetch_all(_HELD, params)}


def claims_of_owner(merchant_id: int, owner: str) -> tuple[Claim, ...]:
    row = fetch_one(_CLAIMS, {"merchant_id": merchant_id, "budget_owner": owner})
    assert row is not None
    return claims_of(row[0])


def run_out(merchant_id: int, now: datetime) -> tuple[Claim, ...]:
    """Claims that ran out and were not freed yet, the oldest first, at most MOST_RUN_OUT."""
    rows = fetch_all(_DUE, {"merchant_id": merchant_id, "now": now})
    return tuple(_claim(row) for row in rows)


def _claim(row: Sequence[Any]) -> Claim:
    claim_id, owner, key, amount, state, expires_at = row
    found: UUID = as_uuid(claim_id)
    return Claim(found, owner, key, amount, state, as_instant(expires_at))
