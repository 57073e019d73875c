"""How long both engines take for a trade of millions of orders, in turns: `--millions N`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from regulars.modules.analytics import reports
from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.facts_schema import SCHEMAS

MONTHS = 24
ORDERS_EACH = 10
ROUNDS = 3
AS_OF = date(2026, 1, 31)


def write_orders(root: Path, orders: int) -> Facts:
    """Orders of two years by month, ten of each member on average, whole amounts up to 500.00."""
    members = max(orders // ORDERS_EACH, 1)
    with duckdb.connect(config={"enable_progress_bar": False}) as connection:
        for month in range(MONTHS):
            first = date(2024 + month // 12, month % 12 + 1, 1)
            path = root / "orders" / f"month={first:%Y-%m}" / "facts.parquet"
            path.parent.mkdir(parents=True)
            columns = ", ".join(SCHEMAS["orders"].names)
            connection.execute(
                f"""COPY (SELECT {columns} FROM (
                  SELECT format('ord_{month:02}{{:09}}', i) AS order_id,
                    format('mem_{{:09}}', hash(i * 31 + {month}) % {members}) AS member_id,
                    member_id AS member_key, DATE '{first}' + CAST(i % 28 AS INTEGER) AS day,
                    CAST(day AS TIMESTAMP) AT TIME ZONE 'UTC' AS paid_at,
                    'till' AS channel, format('s{{}}', i % 40) AS store,
                    CAST(hash(i * 17 + {month}) % 50000 AS BIGINT) AS net_minor,
                    net_minor AS kept_minor, true AS counted, CAST(1 AS INTEGER) AS lines
                  FROM range({orders // MONTHS}) t(i)))
                TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""
            )
    return Facts(root)


def lines(facts: Facts) -> Iterator[str]:
    """One line per report: median seconds of either engine over the rounds, the first apart."""
    asks: dict[str, Callable[[Facts], Any]] = {
        "rfm": lambda on: reports.rfm(on, as_of=AS_OF),
        "cohorts": lambda on: reports.cohorts(on, as_of=AS_OF),
        "repurchase": lambda on: reports.repurchase(on, as_of=AS_OF, window_days=90),
    }
    yield f"{'':12} {'DuckDB s':>9} {'Spark s':>9} {'the first':>9} {'ratio':>6}  equal"
    for name, ask in asks.items():
        here, there, same = [], [], True
        for _round in range(ROUNDS + 1):
            began = time.perf_counter()
            found = ask(facts.on("duckdb"))
            between = time.perf_counter()
            other = ask(facts.on("spark"))
            here.append(between - began)
            there.append(time.perf_counter() - between)
            same = same and found == other
        ours, theirs = median(here[1:]), median(there[1:])
        yield (
            f"{name:12} {ours:9.2f} {theirs:9.2f} {there[0]:9.2f} {theirs / ours:6.1f}  "
            f"{'yes' if same else 'NO'}"
        )
