"""Verification: every counter is the sum of its claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.infra.db import Sql, fetch_all

_UNLIKE: Final = Sql(
    """SELECT x.key, sum(x.counted), sum(x.claimed) FROM (
  SELECT b.key AS key, b.taken AS counted, 0 AS claimed FROM budgets_counter b
    WHERE b.merchant_id = :merchant_id
  UNION ALL SELECT c.key, 0, c.amount FROM budgets_claim c
    WHERE c.merchant_id = :merchant_id AND c.state <> 'released') x
  GROUP BY x.key HAVING sum(x.counted) <> sum(x.claimed) ORDER BY x.key LIMIT 1000"""
)


@dataclass(frozen=True, slots=True)
class BudgetFault:
    """A counter that says another sum than its claims."""

    key: str
    detail: str


def verify(merchant_id: int) -> list[BudgetFault]:
    """What does not hold, at most 1,000; empty where all is well."""
    return [
        BudgetFault(key, f"{counted} is counted, {claimed} is claimed")
        for key, counted, claimed in fetch_all(_UNLIKE, {"merchant_id": merchant_id})
    ]
