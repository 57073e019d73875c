"""Out of the tables into Arrow: rows travel as CSV, the fastest way there is on both dialects.

PostgreSQL writes it itself (COPY); on SQLite each row is put together inside the query, so that
Python sees one text per row instead of a dozen values. Both are parsed by Arrow. A null is an
empty field, an empty text a pair of quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import pyarrow as pa
from pyarrow import csv

from regulars.infra.db import Sql, is_postgres
from regulars.infra.snapshots import stream

Kind = Literal["text", "plain", "integer"]
"""``plain`` is text that never holds a quote, a comma or a line break: ids, instants, days.
An ``integer`` is never null."""

_PIECE_ROWS: Final = 200_000
#: How SQLite writes a value; it writes nothing for a null.
_PATTERNS: Final[dict[Kind, str]] = {"text": "%s", "plain": "%s", "integer": "%d"}
_ARROW: Final = {"text": pa.string(), "plain": pa.string(), "integer": pa.int64()}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what is asked of the database, and what it is."""

    expression: str
    kind: Kind


class Extract:
    """Rows of one query as an Arrow table; ``source`` is everything from FROM on."""

    __slots__ = ("_schema", "_sql")

    def __init__(self, columns: Mapping[str, Column], source: str) -> None:
        self._schema = pa.schema({name: _ARROW[one.kind] for name, one in columns.items()})
        shown = ", ".join(column.expression for column in columns.values())
        fields = ", ".join(_field(column) for column in columns.values())
        pattern = ",".join(_PATTERNS[column.kind] for column in columns.values()) + "\n"
        # Two spellings of one question: only the selected part differs.
        self._sql = Sql("")
        self._sql.lite = Sql(f"SELECT printf('{pattern}', {fields}) {source}").lite
        self._sql.pg = Sql(f"COPY (SELECT {shown} {source}) TO STDOUT (FORMAT csv)").pg

    def table(self, params: Mapping[str, Any]) -> pa.Table:
        """All rows for ``params``, read inside the caller's snapshot."""
        tables = list(self.tables(params))
        return pa.concat_tables(tables) if tables else self._schema.empty_table()

    def tables(self, params: Mapping[str, Any]) -> Iterator[pa.Table]:
        """The same in pieces of a bounded size, as they are read."""
        rows = _copied(self._sql.pg, params) if is_postgres() else _put_together(self._sql, params)
        while written := list(islice(rows, _PIECE_ROWS)):
            yield self._parsed(b"".join(written))

    def _parsed(self, written: bytes) -> pa.Table:
        return csv.read_csv(
            pa.BufferReader(written),
            read_options=csv.ReadOptions(column_names=self._schema.names),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=self._schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )


def by_dialect(*, lite: Extract, pg: Extract) -> Extract:
    """One extract out of two spellings of the same question."""
    both = Extract.__new__(Extract)
    both._schema = lite._schema
    both._sql = Sql("")
    both._sql.lite, both._sql.pg = lite._sql.lite, pg._sql.pg
    return both


def text(expression: str) -> Column:
    return Column(expression, "text")


def plain(expression: str) -> Column:
    return Column(expression, "plain")


def integer(expression: str) -> Column:
    return Column(expression, "integer")


def _field(column: Column) -> str:
    if column.kind == "text":
        return f"""'"' || replace({column.expression}, '"', '""') || '"'"""
    return column.expression


def _put_together(sql: Sql, params: Mapping[str, Any]) -> Iterator[bytes]:
    return (row[0].encode() for row in stream(sql, params))


def _copied(text: str, params: Mapping[str, Any]) -> Iterator[bytes]:
    import psycopg
    from django.db import connection

    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor, cursor.copy(text, params) as copy:
        # The server sends row by row.
        yield from map(bytes, copy)
