"""The calendar of what is expected to be bought again on each of the coming days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.infra.http.principal import MerchantFacts

from .queries import Look, backtest_of, item_names, state_of
from .types import Level

#: The items that bring most; the list behind the calendar has all of them.
MOST_ITEMS: Final = 50


def calendar(look: Look, *, level: Level, most_items: int | None = MOST_ITEMS) -> dict[str, Any]:
    """Per day and per item: how many purchases are expected, by how many buyers, worth what.

    Each candidate is counted once, on the day of its first purchase. Buyers of a day are the
    members behind its purchases, as many to one purchase as in the windows that are over.
    """
    merchant, kept = look.merchant, look.kept(f"due-{level}")
    told = {
        **state_of(look, kept),
        "level": level,
        "horizon_days": None,
        "currency": merchant.currency,
        "expected": 0,
        "buyers": 0,
        "expected_minor": 0,
        "days": [],
        "items": [],
        "backtest": None,
    }
    if kept is None or told["state"] != "ready":
        return told
    rows = kept.rows(["item", "probability", "worth_minor"])
    worth = pc.multiply(rows["probability"], rows["worth_minor"].cast(pa.float64()))
    rows = rows.append_column("worth", worth)
    purchases = float(pc.sum(rows["probability"]).as_py() or 0.0)
    value = float(pc.sum(worth).as_py() or 0.0)
    shares, buyers = np.array(kept.about["day_shares"]), np.array(kept.about["day_buyers"])
    return told | {
        "horizon_days": kept.about["horizon_days"],
        "expected": round(purchases),
        "buyers": round(purchases * kept.about["buyers"]),
        "expected_minor": round(value),
        "days": [
            {
                "day": (kept.as_of + timedelta(days=number)).isoformat(),
                "expected": round(purchases * share),
                "buyers": round(purchases * share * each),
                "expected_minor": round(value * share),
            }
            for number, (share, each) in enumerate(zip(shares, buyers, strict=True), start=1)
        ],
        "items": _items(merchant, level, rows, most_items),
        "backtest": backtest_of(kept),
    }


def _items(
    merchant: MerchantFacts, level: Level, rows: pa.Table, most: int | None
) -> list[dict[str, Any]]:
    by_item = rows.group_by("item").aggregate(
        [("probability", "sum"), ("worth", "sum"), ("item", "count")]
    )
    order = [("worth_sum", "descending"), ("item", "ascending")]
    found = by_item.sort_by(order).slice(0, most).to_pylist()
    called = item_names(merchant.id, level, {row["item"] for row in found})
    return [
        {
            "item": row["item"],
            "item_name": called.get(row["item"]),
            "members": row["item_count"],
            "expected": round(row["probability_sum"], 1),
            "expected_minor": round(row["worth_sum"]),
        }
        for row in found
    ]
