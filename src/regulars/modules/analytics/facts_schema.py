"""The fact files that the reports read: names, columns and where each file lies.

One folder per merchant. Partitioned datasets lie as ``orders/month=2026-03/<any>.parquet`` by the
month of the program day, postings and lot moves by the month of their instant in UTC; the month is
in the path only. The rest are one file each. Everything is Parquet with zstd. Money is in minor
units; a day is a program day, that is a day of the merchant's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import ibis

Dataset = Literal[
    "orders", "lines", "postings", "tiers", "tier_changes", "lots", "lot_moves", "members"
]

_INSTANT: Final = "timestamp('UTC', 6)"

SCHEMAS: Final[Mapping[Dataset, ibis.Schema]] = {
    # One row per order. ``member_key`` is the buyer's external identity, member or not.
    # ``net_minor`` is as paid, ``kept_minor`` what refunds left of it. ``counted``: paid, neither
    # cancelled nor wholly refunded.
    "orders": ibis.schema(
        {
            "order_id": "string",
            "member_id": "string",
            "member_key": "string",
            "day": "date",
            "paid_at": _INSTANT,
            "channel": "string",
            "store": "string",
            "net_minor": "int64",
            "kept_minor": "int64",
            "counted": "boolean",
            "lines": "int32",
        }
    ),
    "lines": ibis.schema(
        {
            "order_id": "string",
            "member_id": "string",
            "day": "date",
            "line": "int32",
            "sku": "string",
            "category": "string",
            "type": "string",
            "quantity": "int64",
            "kept_quantity": "int64",
            "net_minor": "int64",
            "kept_minor": "int64",
        }
    ),
    # Every posting of the ledger; ``amount`` is signed, ``asset`` is points or growth_value.
    "postings": ibis.schema(
        {
            "member_id": "string",
            "asset": "string",
            "at": _INSTANT,
            "day": "date",
            "amount": "int64",
            "kind": "string",
        }
    ),
    # Standings at the time of the export: one row per member who holds a tier.
    "tiers": ibis.schema({"member_id": "string", "tier": "string"}),
    # ``from_tier`` is null for a join, ``to_tier`` for a leave.
    "tier_changes": ibis.schema(
        {
            "member_id": "string",
            "at": _INSTANT,
            "day": "date",
            "from_tier": "string",
            "to_tier": "string",
            "reason": "string",
        }
    ),
    # What is left of each lot at the time of the export; ``expires_day`` null: never.
    "lots": ibis.schema(
        {
            "member_id": "string",
            "asset": "string",
            "remaining": "int64",
            "expires_day": "date",
            "earned_day": "date",
        }
    ),
    # Points by the day they were earned: what credited them (above zero), and every debit by the
    # lots it took from (below). Both halves of a merge are here, and add up to nothing.
    "lot_moves": ibis.schema(
        {
            "kind": "string",
            "day": "date",
            "earned_day": "date",
            "expires_day": "date",
            "amount": "int64",
        }
    ),
    # ``status`` as it was at the time of the export: active, shopper, left.
    "members": ibis.schema(
        {
            "member_id": "string",
            "joined_day": "date",
            "channel": "string",
            "store": "string",
            "status": "string",
        }
    ),
}

PATTERNS: Final[Mapping[Dataset, str]] = {
    "orders": "orders/month=*/*.parquet",
    "lines": "lines/month=*/*.parquet",
    "postings": "postings/month=*/*.parquet",
    "tiers": "tiers.parquet",
    "tier_changes": "tier_changes.parquet",
    "lots": "lots.parquet",
    "lot_moves": "lot_moves/month=*/*.parquet",
    "members": "members.parquet",
}


def arrow_schema(dataset: Dataset) -> Any:
    """The ``pyarrow.Schema`` that an export writes ``dataset`` with."""
    return SCHEMAS[dataset].to_pyarrow()
