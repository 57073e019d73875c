"""DuckDB: one private database per report, closed whatever happens."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import ibis
import pyarrow as pa
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.operations import DatabaseTable, Namespace
from ibis.expr.types import Table

from regulars.modules.analytics.facts_schema import PATTERNS, SCHEMAS, Dataset

from .compiled import Compiling
from .tables import FactTables, Row

#: What rows from memory are called while they are copied.
_GIVEN: Final = "given_rows"


class DuckTables(FactTables):
    """Fact tables on a DuckDB of their own."""

    def _read(self, dataset: Dataset, files: Sequence[Path]) -> Table:
        schema = SCHEMAS[dataset]
        # The folder's own name is escaped: only the pattern may hold wildcards.
        paths = f"{glob.escape(str(self.root))}/{PATTERNS[dataset]}".replace("'", "''")
        columns = ", ".join(
            f'CAST("{name}" AS {DuckDBType.to_string(kind)}) AS "{name}"'
            for name, kind in schema.items()
        )
        self._made(
            f'CREATE OR REPLACE TEMP VIEW "{dataset}" AS SELECT {columns} '
            f"FROM read_parquet('{paths}', hive_partitioning = false)"
        )
        return self._known(dataset, schema)

    def keep(self, name: str, expression: Table) -> Table:
        # Columns come first because DuckDB widens sums; a sum past int64 is refused here.
        schema = expression.schema()
        columns = ", ".join(
            f'"{name}" {DuckDBType.to_string(kind)}{"" if kind.nullable else " NOT NULL"}'
            for name, kind in schema.items()
        )
        self._made(f'CREATE TEMP TABLE "{name}" ({columns})')
        self._made(f'INSERT INTO "{name}" {self.connection.compile(expression)}')
        return self._known(name, schema)

    def given(self, name: str, rows: pa.Table) -> Table:
        self.connection.con.register(_GIVEN, rows)
        self._made(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM "{_GIVEN}"')
        self.connection.con.unregister(_GIVEN)
        return self._known(name, ibis.Schema.from_pyarrow(rows.schema))

    def _made(self, statement: str) -> None:
        self.connection.con.execute(statement)

    def _known(self, name: str, schema: ibis.Schema) -> Table:
        """The table or view just made: what is in it need not be asked of the engine."""
        there = Namespace(catalog="temp", database="main")
        return DatabaseTable(name, schema, self.connection, there).to_expr()

    def rows(self, expression: Table) -> list[Row]:
        rows: list[Row] = expression.to_pyarrow().to_pylist()
        return rows


@contextmanager
def opened(root: Path, *, threads: int, memory_mb: int) -> Iterator[FactTables]:
    """The tables of ``root``, on a connection of their own that is closed at the end."""
    with TemporaryDirectory(prefix="regulars-facts-") as spill:
        connection = Compiling().connect(
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
