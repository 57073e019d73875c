"""Fact files for tests: rows as dictionaries in, the Parquet layout of an export out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.modules.analytics.facts import Facts
from regulars.modules.analytics.facts_schema import Dataset, arrow_schema

Rows = Iterable[Mapping[str, Any]]


def order(member: str | None, day: date, kept_minor: int = 100, **more: Any) -> dict[str, Any]:
    """An order that counts, unless ``more`` says otherwise; ids come from ``write_facts``."""
    return {
        "member_id": member,
        "member_key": member,
        "day": day,
        "paid_at": datetime.combine(day, time(12), UTC),
        "channel": None,
        "store": None,
        "net_minor": kept_minor,
        "kept_minor": kept_minor,
        "counted": True,
        "lines": 1,
        **more,
    }


def write_facts(root: Path, *, orders: Rows = (), **datasets: Rows) -> Facts:
    """Write orders, postings and lot moves by month, and each other dataset as one file; what has
    no rows is absent."""
    numbered = ({"order_id": f"ord_{number:06}", **row} for number, row in enumerate(orders))
    _write_by_month(root, "orders", "day", numbered)
    _write_by_month(root, "postings", "at", datasets.pop("postings", ()))
    _write_by_month(root, "lot_moves", "day", datasets.pop("lot_moves", ()))
    for name, given in datasets.items():
        rows = list(given)
        if rows:
            _write(root / f"{name}.parquet", rows, name)  # type: ignore[arg-type]
    return Facts(root)


def _write_by_month(root: Path, dataset: Dataset, column: str, rows: Rows) -> None:
    by_month: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_month[f"{row[column]:%Y-%m}"].append(row)
    for month, some in by_month.items():
        _write(root / dataset / f"month={month}" / "part-0.parquet", some, dataset)


def _write(path: Path, rows: list[Mapping[str, Any]], dataset: Dataset) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(dataset))
    pq.write_table(table, path, compression="zstd")
