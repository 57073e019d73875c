"""Sound order files as text, workbook and Parquet, for tests to change and break."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

HEADER = "order_id,member,placed_at,sku,quantity,line_total"
GOOD_ROWS = (
    "1001,m1,2024-05-01 10:00:00,apple,2,10.00",
    "1001,m1,2024-05-01 10:00:00,pear,1,3.50",
    "1002,,2024-05-02 11:30:00,apple,0,0",
    "1003,m2,2024-05-03T08:00:00+08:00,fig,1,7",
)
GOOD_TEXT = "\n".join((HEADER, *GOOD_ROWS)) + "\n"

Case = tuple[str, str, bytes]
"""Name, file name, content."""


def with_row(row: str) -> bytes:
    """The good file with one more row."""
    return (GOOD_TEXT + row + "\n").encode()


def sheet_rows() -> list[list[Any]]:
    """The good file as typed cells."""
    return [
        HEADER.split(","),
        ["1001", "m1", datetime(2024, 5, 1, 10), "apple", 2, 10],
        ["1001", "m1", datetime(2024, 5, 1, 10), "pear", 1, 3.5],
        ["1002", "", datetime(2024, 5, 2, 11, 30), "apple", 0, 0],
        ["1003", "m2", "2024-05-03T08:00:00+08:00", "fig", 1, 7],
    ]


def workbook_bytes(
    rows: list[list[Any]] | None = None,
    *,
    options: dict[str, Any] | None = None,
    more: Callable[[Any, Any], None] | None = None,
) -> bytes:
    """A workbook with one sheet of ``rows``; ``more`` may add to it."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **(options or {})}) as book:
        sheet = book.add_worksheet("orders")
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for number, row in enumerate(rows or sheet_rows()):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime | date):
                    sheet.write_datetime(number, column, cell, moment)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                else:
                    sheet.write(number, column, cell)
        if more:
            more(book, sheet)
    return buffer.getvalue()


def columns() -> dict[str, Any]:
    """The good file as typed columns."""
    return {
        "order_id": ["1001", "1001", "1002", "1003"],
        "member": ["m1", "m1", None, "m2"],
        "placed_at": [datetime(2024, 5, day, 10) for day in (1, 1, 2, 3)],
        "sku": ["apple", "pear", "apple", "fig"],
        "quantity": [2, 1, 0, 1],
        "line_total": [Decimal("10.00"), Decimal("3.50"), Decimal("0.00"), Decimal("7.00")],
    }


def parquet_bytes(changes: dict[str, Any] | None = None, **options: Any) -> bytes:
    """A Parquet file of the good columns with some changed."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({**columns(), **(changes or {})}), buffer, **options)
    return buffer.getvalue()


def written(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()
