"""Rows as a verb hands them over: JSON, CSV or Parquet, on stdout or into a file."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .frame import Refused
from .words import say

if TYPE_CHECKING:
    import pyarrow as pa

Row = Sequence[Any]


def add_options(verb: argparse.ArgumentParser) -> None:
    """``--format`` and ``--output``, which ``hand_over`` reads beside ``--json``."""
    verb.add_argument("--format", choices=("csv", "parquet"), default="csv")
    verb.add_argument("--output", metavar="FILE", type=Path, help=say("into this file"))


def hand_over(
    args: argparse.Namespace,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    about: Mapping[str, Any],
    as_table: Callable[[Iterable[Row]], pa.Table],
) -> None:
    """The rows as they were asked for; JSON tells ``about`` before them.

    Rows are read once, and for CSV none is kept. Raises Refused for Parquet on a terminal.
    """
    if args.json:
        shown = [dict(zip(columns, row, strict=True)) for row in rows]
        print(json.dumps({**about, "rows": shown}, ensure_ascii=False))
    elif args.format == "parquet":
        _as_parquet(args.output, as_table(rows))
    elif args.output is not None:
        with args.output.open("w", encoding="utf-8", newline="") as file:
            _as_csv(file, columns, rows)
    else:
        _as_csv(sys.stdout, columns, rows)


def _as_csv(file: Any, columns: Sequence[str], rows: Iterable[Row]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    return f"{value:.6f}" if isinstance(value, float) else value


def _as_parquet(output: Path | None, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    if output is None and sys.stdout.isatty():
        raise Refused(say("Parquet is no text: name a file with --output."))
    pq.write_table(table, output or sys.stdout.buffer, compression="zstd")
