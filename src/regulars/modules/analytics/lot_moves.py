"""Out of the ledger: what credited each lot of points, and what every debit took from which."""

from __future__ import annotations

from typing import Final

from regulars.modules.ledger.types import POINTS

from .extracts import Extract, by_dialect, integer, plain

#: Postings of some months, p.
IN_MONTHS: Final = "AND p.at >= :since AND p.at < :until"
_PARTS: Final = (
    "JOIN ledger_lot l ON l.merchant_id = p.merchant_id AND l.member_id = p.member_id "
    "AND l.asset = p.account AND l.number = {number} "
    f"WHERE p.merchant_id = :merchant_id AND p.account = {POINTS} "
    f"AND p.parts IS NOT NULL {IN_MONTHS}"
)


def _debits(part: str, amount: str, source: str) -> Extract:
    """Of every posting that took from lots: what it took from each."""
    return Extract(
        {
            "kind": plain("p.kind"),
            "at": plain("p.at"),
            "earned_at": plain("l.earned_at"),
            "expires_at": plain("l.expires_at"),
            "amount": integer(f"CASE WHEN p.amount < 0 THEN -{amount} ELSE {amount} END"),
        },
        f"{source} {_PARTS.format(number=part)}",
    )


#: What credited each lot, and what every debit took out of which lot.
CREDITS: Final = Extract(
    {
        "kind": plain("p.kind"),
        "at": plain("p.at"),
        "earned_at": plain("l.earned_at"),
        "expires_at": plain("l.expires_at"),
        "amount": integer("l.original"),
    },
    "FROM ledger_lot l JOIN ledger_posting p ON p.merchant_id = l.merchant_id "
    "AND p.member_id = l.member_id AND p.account = l.asset AND p.version = l.number "
    f"WHERE l.merchant_id = :merchant_id AND l.asset = {POINTS} {IN_MONTHS}",
)
DEBITS: Final = by_dialect(
    lite=_debits(
        "json_extract(j.value, '$[0]')",
        "json_extract(j.value, '$[1]')",
        "FROM ledger_posting p CROSS JOIN json_each(p.parts) j",
    ),
    pg=_debits(
        "(j.value ->> 0)::integer",
        "(j.value ->> 1)::bigint",
        "FROM ledger_posting p CROSS JOIN LATERAL json_array_elements(p.parts::json) j(value)",
    ),
)
