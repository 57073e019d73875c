"""Opening a merchant's fact files: one private DuckDB per report, closed whatever happens."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from regulars.modules.analytics.facts_schema import PATTERNS, SCHEMAS, Dataset

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactTables:
    """The fact tables of one open connection; good until the ``with`` block ends."""

    root: Path
    connection: Backend

    def table(self, dataset: Dataset) -> Table:
        """``dataset`` with the columns of its schema; a dataset never exported has no rows."""
        schema = SCHEMAS[dataset]
        if next(self.root.glob(PATTERNS[dataset]), None) is None:
            return self.connection.create_table(dataset, schema=schema, temp=True, overwrite=True)
        # The folder's own name is escaped: only the pattern may hold wildcards.
        paths = f"{glob.escape(str(self.root))}/{PATTERNS[dataset]}"
        files = self.connection.read_parquet(paths, table_name=dataset, hive_partitioning=False)
        return files.select(*schema.names).cast(schema)

    def keep(self, name: str, expression: Table) -> Table:
        """Work ``expression`` out once, under ``name``, for the questions that build on it."""
        # The schema is given because DuckDB widens sums; a sum past int64 is refused here.
        return self.connection.create_table(name, expression, schema=expression.schema(), temp=True)

    def days(self, name: str, days: Sequence[date]) -> Table:
        """A table of one column ``day``, for joins with a handful of days."""
        return self.connection.create_table(
            name, pa.table({"day": pa.array(days, type=pa.date32())}), temp=True
        )

    def rows(self, expression: Table) -> list[Row]:
        """The rows of ``expression`` as plain Python values."""
        rows: list[Row] = expression.to_pyarrow().to_pylist()
        return rows


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a merchant's fact files lie, and how much of the machine a report may take.

    ``root`` need not exist: a merchant without facts has reports of zeros.
    """

    root: Path
    threads: int = 2
    memory_mb: int = 512

    @contextmanager
    def open(self) -> Iterator[FactTables]:
        """The tables, on a connection of their own that is closed at the end."""
        with TemporaryDirectory(prefix="regulars-facts-") as spill:
            connection = ibis.duckdb.connect(
                threads=self.threads,
                memory_limit=f"{self.memory_mb}MB",
                temp_directory=spill,
                # A report never reaches for the network.
                autoinstall_known_extensions=False,
            )
            try:
                yield FactTables(self.root, connection)
            finally:
                connection.disconnect()
