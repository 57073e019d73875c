"""DuckDB: one private database per report, closed whatever happens."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from regulars.modules.analytics.facts_schema import PATTERNS, SCHEMAS, Dataset

from .tables import FactTables, Row


class DuckTables(FactTables):
    """Fact tables on a DuckDB of their own."""

    def _read(self, dataset: Dataset, files: Sequence[Path]) -> Table:
        schema = SCHEMAS[dataset]
        # The folder's own name is escaped: only the pattern may hold wildcards.
        paths = f"{glob.escape(str(self.root))}/{PATTERNS[dataset]}"
        found = self.connection.read_parquet(paths, table_name=dataset, hive_partitioning=False)
        return found.select(*schema.names).cast(schema)

    def keep(self, name: str, expression: Table) -> Table:
        # The schema is given because DuckDB widens sums; a sum past int64 is refused here.
        return self.connection.create_table(name, expression, schema=expression.schema(), temp=True)

    def given(self, name: str, rows: pa.Table) -> Table:
        return self.connection.create_table(name, rows, temp=True, overwrite=True)

    def rows(self, expression: Table) -> list[Row]:
        rows: list[Row] = expression.to_pyarrow().to_pylist()
        return rows


@contextmanager
def opened(root: Path, *, threads: int, memory_mb: int) -> Iterator[FactTables]:
    """The tables of ``root``, on a connection of their own that is closed at the end."""
    with TemporaryDirectory(prefix="regulars-facts-") as spill:
        connection = ibis.duckdb.connect(
            threads=threads,
            memory_limit=f"{memory_mb}MB",
            temp_directory=spill,
            # A report never reaches for the network.
            autoinstall_known_extensions=False,
        )
        try:
            yield DuckTables(root, connection)
        finally:
            connection.disconnect()
