"""Runs as a process of its own: reads a workbook's sheets and writes one out as CSV.

The workbook reader ends its whole process when a crafted file makes it ask for too much memory,
so it never runs inside a server. This script imports nothing of Regulars: it starts fast. It
prints the first filled row of every visible sheet as one line of JSON, waits for the index of a
sheet, and writes that sheet's rows, each after its row number. Any failure is its exit code.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime

import python_calamine

_MEMORY_BYTES = 2 << 30
_PROCESSOR_SECONDS = 120
_OUTPUT_BYTES = 4 << 30
_SHEETS_LOOKED_AT = 10
_MAX_CELL = 32_767  # a spreadsheet's own limit
_EXACT_DIGITS = 15  # a spreadsheet keeps no more digits of a number


def limit_resources() -> None:
    """Bound memory, time and output of this process, where the system can."""
    with suppress(ImportError):
        import resource

        for kind, limit in (
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_CPU, _PROCESSOR_SECONDS),
            (resource.RLIMIT_FSIZE, _OUTPUT_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (limit, limit))


def cell_text(cell: object) -> str:
    """A cell's content as the text that a CSV export would hold; "" for none.

    A number with more digits than a spreadsheet keeps is written with an exponent, so that the
    checks refuse it as an identifier: its last digits are gone.
    """
    if isinstance(cell, str):
        if len(cell) > _MAX_CELL:
            raise ValueError("a cell longer than any spreadsheet writes")
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float) and math.isfinite(cell):
        if abs(cell) >= 10**_EXACT_DIGITS:
            return f"{cell:.{_EXACT_DIGITS - 1}E}"
        return str(int(cell)) if cell == int(cell) else repr(float(f"{cell:.{_EXACT_DIGITS}g}"))
    return "" if cell is None else str(cell)


def rows(workbook: python_calamine.CalamineWorkbook, index: int) -> Iterator[tuple[int, list[str]]]:
    """The filled rows of a sheet with their numbers from 1."""
    sheet = workbook.get_sheet_by_index(index)
    for number, cells in enumerate(sheet.iter_rows() if sheet.height else (), start=1):
        texts = [cell_text(cell) for cell in cells]
        if any(texts):
            yield number, texts


def main(source: str, target: str) -> None:
    """Read the workbook ``source``; write the sheet that standard input names to ``target``."""
    limit_resources()
    workbook = python_calamine.load_workbook(source)
    heads = []
    for index, about in enumerate(workbook.sheets_metadata[:_SHEETS_LOOKED_AT]):
        if about.visible == python_calamine.SheetVisibleEnum.Visible:
            number, names = next(rows(workbook, index), (0, []))
            heads.append({"index": index, "row": number, "names": names})
    sys.stdout.write(json.dumps(heads) + "\n")
    sys.stdout.flush()

    chosen = sys.stdin.readline()
    if not chosen:
        return
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([number, *texts] for number, texts in rows(workbook, int(chosen)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
