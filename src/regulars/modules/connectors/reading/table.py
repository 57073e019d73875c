"""Any file as one raw table: its columns as they stand, each row with its number in the file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
import pyarrow as pa

from . import delimited, workbook
from .decoding import MAX_COLUMNS, Scan, clean_name, scan, text_shape
from .profiles import AUTOMATIC_BPS, Detected, Profile, detect, known_names
from .types import Preview, UnreadableFile

MAX_ROWS = 10_000_000
MAX_UNPACKED_BYTES = 8 << 30

_MEMORY_LIMIT = "400MB"
_SPILL_LIMIT = "16GB"
_PREVIEW_ROWS = 20
_PREVIEW_CHARACTERS = 200
_GLOB_CHARACTERS = "*?[]"


_DAMAGE = (
    duckdb.Error,
    pa.ArrowException,
    MemoryError,
    OverflowError,
    RuntimeError,
    UnicodeError,
)


class CellType(StrEnum):
    """How a column's cells are held; all but Parquet hold text only."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    LOCAL_TIME = "local_time"
    INSTANT = "instant"
    OTHER = "other"


_CELL_TYPES = {
    **dict.fromkeys(("VARCHAR", "UUID"), CellType.TEXT),
    **dict.fromkeys(
        (f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")),
        CellType.INTEGER,
    ),
    **dict.fromkeys(("INTEGER", "UINTEGER"), CellType.INTEGER),
    **dict.fromkeys(("FLOAT", "DOUBLE"), CellType.FLOAT),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "DATE"), CellType.LOCAL_TIME
    ),
    "TIMESTAMP WITH TIME ZONE": CellType.INSTANT,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file; its cells are ``c<index>`` of the raw table."""

    index: int
    name: str
    cells: CellType


class Table:
    """The file as view ``raw`` (row, defect, c0, c1, ...) of a scratch database on disk.

    ``row`` counts the header as 1; ``defect`` is 0 or a constant of ``raw``. Close it: it
    holds a folder of scratch files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scan: Scan = scan(path)
        self.encoding: str | None = None
        self.delimiter: str | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="regulars-reading-")
        try:
            self.connection = self._connect()
            with damage_told():
                self.columns = self._load()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the scratch files; harmless when repeated."""
        connection = getattr(self, "connection", None)
        if connection is not None:
            connection.close()
        self._folder.cleanup()

    @property
    def header(self) -> tuple[str, ...]:
        """The column names in file order."""
        return tuple(column.name for column in self.columns)

    def preview(self, found: Detected) -> Preview:
        """The first rows (long cells cut), beside how the columns would be read."""
        cells = ", ".join(
            f"left(CAST(c{column.index} AS VARCHAR), {_PREVIEW_CHARACTERS})"
            for column in self.columns
        )
        with damage_told():
            rows = self.connection.execute(
                f"SELECT {cells} FROM raw WHERE row <= (SELECT min(row) FROM raw) + 1000 "
                f"ORDER BY row LIMIT {_PREVIEW_ROWS}"
            ).fetchall()
        sure = found.confidence_bps >= AUTOMATIC_BPS
        return Preview(
            columns=self.header,
            profile=found.profile.name if sure else None,
            confidence_bps=found.confidence_bps,
            mapping=found.matches,
            rows=tuple(rows),
        )

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            str(Path(self._folder.name) / "scratch.duckdb"),
            config={
                "memory_limit": _MEMORY_LIMIT,
                "max_temp_directory_size": _SPILL_LIMIT,
                "threads": "2",
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            },
        )
        # The file is scratch: nobody waits for it to be safe on disk.
        connection.execute("SET GLOBAL TimeZone = 'UTC'; PRAGMA disable_checkpoint_on_shutdown")
        return connection

    def _load(self) -> tuple[Column, ...]:
        if self.scan.kind == "parquet":
            return self._load_parquet()
        target = Path(self._folder.name) / "raw.parquet"
        if self.scan.kind == "xlsx":
            workbook.check_archive(self.path)
            header = workbook.load(self.path, target, known=known_names())
        else:
            shape = text_shape(self.path, self.scan, known=known_names())
            delimited.load(self.path, self.scan, shape, target)
            self.encoding, self.delimiter = shape.encoding, shape.delimiter
            header = shape.header
        self.connection.execute(f"CREATE VIEW raw AS FROM read_parquet({_literal(target)})")
        return tuple(Column(i, name, CellType.TEXT) for i, name in enumerate(header))

    def _load_parquet(self) -> tuple[Column, ...]:
        path = self.path
        if any(character in str(path) for character in _GLOB_CHARACTERS):
            path = Path(shutil.copyfile(path, Path(self._folder.name) / "source.parquet"))
        name = _literal(path)
        self._weigh_parquet(name)
        source = (
            f"read_parquet({name}, binary_as_string = true, hive_partitioning = false, "
            "file_row_number = true)"
        )
        described = self.connection.execute(f"DESCRIBE FROM {source}").fetchall()[:-1]
        if not described or len(described) > MAX_COLUMNS:
            raise UnreadableFile(
                "too_many_columns",
                f"A file has from 1 to {MAX_COLUMNS} columns: keep those that count.",
            )
        cells = "".join(f", {_quoted(column)} AS c{i}" for i, (column, *_) in enumerate(described))
        self.connection.execute(
            "CREATE VIEW raw AS SELECT CAST(file_row_number + 2 AS BIGINT) AS row, "
            f"CAST(0 AS UTINYINT) AS defect{cells} FROM {source}"
        )
        return tuple(
            Column(i, clean_name(column), _cell_type(kind))
            for i, (column, kind, *_) in enumerate(described)
        )

    def _weigh_parquet(self, name: str) -> None:
        rows, unpacked = self.connection.execute(
            f"SELECT (SELECT sum(num_rows) FROM parquet_file_metadata({name})), "
            f"(SELECT sum(total_uncompressed_size) FROM parquet_metadata({name}))"
        ).fetchall()[0]
        if not 0 <= (rows or 0) <= MAX_ROWS or not 0 <= (unpacked or 0) <= MAX_UNPACKED_BYTES:
            raise UnreadableFile(
                "too_many_rows",
                f"A file has up to {MAX_ROWS:,} rows: split it, for instance by month.",
            )


def preview_file(
    path: Path, profiles: Sequence[Profile], *, chosen: Mapping[str, str] | None = None
) -> Preview:
    """What the file holds and how it would be read, also where no profile fits.

    Raises UnreadableFile only where its rows cannot be told.
    """
    table = Table(path)
    try:
        return table.preview(detect(table.header, profiles, chosen=chosen))
    finally:
        table.close()


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn what the database says of damaged files into a refusal."""
    try:
        yield
    except (duckdb.ParserException, duckdb.CatalogException):  # ours, whatever the file holds
        raise
    except _DAMAGE as failure:
        raise UnreadableFile(
            "damaged_file",
            "The file is damaged, or holds what cannot be read: export it again.",
        ) from failure


def _cell_type(kind: str) -> CellType:
    if kind.startswith("DECIMAL(") and kind.endswith(")"):
        return CellType.DECIMAL
    return _CELL_TYPES.get(kind, CellType.OTHER)


def _literal(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
