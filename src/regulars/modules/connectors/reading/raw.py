"""The rows of a text file or workbook on their way to the database: a scratch Parquet file.

Written row group by row group, so that memory stays small, and read back in parallel; filling a
table of the database instead takes five times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet

WRONG_CELL_COUNT = 1
BROKEN_QUOTES = 2
"""What may be wrong with a row as such; 0 = nothing."""

Row = tuple[int, int, Sequence[str | None]]
"""Row number, defect, cells."""

_GROUP_ROWS = 122_880
_GROUP_BYTES = 32 << 20
_CHUNK_ROWS = 10_000


class RawWriter:
    """Writes columns ``row``, ``defect``, ``c0``, ``c1``, ... to a Parquet file."""

    def __init__(self, path: Path, width: int) -> None:
        self._width = width
        names = [f"c{i}" for i in range(width)]
        self._schema = pa.schema(
            [("row", pa.int64()), ("defect", pa.uint8()), *((name, pa.string()) for name in names)]
        )
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, compression="snappy")
        self._waiting: list[pa.Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def add(self, numbers: pa.Array, defects: pa.Array, columns: list[pa.Array]) -> None:
        """Append rows that are columns already."""
        self._waiting.append(pa.table([numbers, defects, *columns], schema=self._schema))
        rows = sum(table.num_rows for table in self._waiting)
        if rows >= _GROUP_ROWS or sum(table.nbytes for table in self._waiting) >= _GROUP_BYTES:
            self._flush()

    def add_rows(self, rows: Iterable[Row]) -> None:
        """Append rows; short ones are padded, cells past the width dropped."""
        padded = self._padded(rows)
        while chunk := list(islice(padded, _CHUNK_ROWS)):
            numbers, defects, cells = zip(*chunk, strict=True)
            columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
            self.add(pa.array(numbers, pa.int64()), pa.array(defects, pa.uint8()), columns)

    def _padded(self, rows: Iterable[Row]) -> Iterator[Row]:
        width = self._width
        for number, defect, cells in rows:
            if len(cells) == width:
                yield number, defect, cells
            else:
                yield number, defect, [*cells[:width], *[None] * (width - len(cells))]

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []
