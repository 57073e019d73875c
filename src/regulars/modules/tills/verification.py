"""Verification: a till's numbers are settled without a hole, and what was taken is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.infra.db import Sql, as_uuid, fetch_all
from regulars.kernel.ids import show

_COUNTED: Final = Sql(
    "SELECT t.id, t.last_number, t.taken, count(e.number), coalesce(max(e.number), 0), "
    "coalesce(sum(CASE WHEN e.fate = 'taken' THEN 1 ELSE 0 END), 0) FROM tills_till t "
    "LEFT JOIN tills_envelope e ON e.merchant_id = t.merchant_id AND e.till_id = t.id "
    "WHERE t.merchant_id = :merchant_id GROUP BY t.id, t.last_number, t.taken"
)
#: What was taken as an order that no order answers for.
_LOST: Final = Sql(
    "SELECT e.till_id, e.number FROM tills_envelope e WHERE e.merchant_id = :merchant_id "
    "AND e.fate = 'taken' AND e.kind = 'order' AND NOT EXISTS (SELECT 1 FROM orders_order o "
    "WHERE o.merchant_id = e.merchant_id AND o.external_id = e.external_id) "
    "ORDER BY e.till_id, e.number LIMIT 1000"
)


@dataclass(frozen=True, slots=True)
class TillFault:
    """A till whose numbers and envelopes disagree, or an envelope without its order."""

    code: str
    till: str
    detail: str


def verify(merchant_id: int) -> list[TillFault]:
    """What does not hold; empty where all is well."""
    params = {"merchant_id": merchant_id}
    found = [
        TillFault(
            "till_unlike_envelopes",
            show("till", as_uuid(till_id)),
            f"settled up to {last} with {taken} taken; its {rows} envelopes go up to {highest} "
            f"with {of_rows} taken",
        )
        for till_id, last, taken, rows, highest, of_rows in fetch_all(_COUNTED, params)
        if not last == rows == highest or taken != of_rows
    ]
    return found + [
        TillFault("envelope_without_order", show("till", as_uuid(till_id)), f"number {number}")
        for till_id, number in fetch_all(_LOST, params)
    ]
