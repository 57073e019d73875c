"""What the recorder writes to: tables, guarded updates, removals, upserts, in both dialects.

Each says how a driver of SQLite writes its rows one by one (``lite``), and how PostgreSQL takes
them within a statement: a few spelt out (``few``), any number as columns (``more``), or in a
statement of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection

from .db import ISO_DAY, PG_INSTANT, pg_value
from .pen_process import array_text
from .spelling import Row, Spelling

#: Columns whose values SQLite's driver does not take as they are: ids, instants, days, flags.
_CONVERTED: Final = ("id", "at", "_on", "until", "since", "day", "warned", "granted", "parent")


def _converted(columns: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(columns) if name.endswith(_CONVERTED))


#: How values are written that need no quotes in an array.
_UNQUOTED: Final[dict[type, Callable[[Any], str]]] = {
    int: int.__str__,
    UUID: lambda id_: f"{id_.int:032x}",
    datetime: PG_INSTANT.__getitem__,
    date: ISO_DAY.__getitem__,
}
_TRAVELS_AS: Final = {"varchar": "text", "jsonb": "text"}


class Table:
    """A table as the recorder sees it: name and columns, in the order rows come in.

    A ``plain`` table's rows hold integers and texts alone (ids as 32 hex digits, which both
    dialects read), for tables with very many rows. Values of JSON columns come as JSON text.
    ``usually`` tells what some columns nearly always hold, which then need not travel.
    """

    __slots__ = ("_few", "columns", "converted", "lite", "name", "pg_copy", "spelling")
    #: Whether a row that is not found, or no longer as it was seen, loses the unit.
    guarded = False

    def __init__(
        self,
        name: str,
        *columns: str,
        plain: bool = False,
        usually: Mapping[str, object] | None = None,
    ) -> None:
        self.name = name
        self.columns = columns
        self.spelling = Spelling(columns, [""] * len(columns), usually or {})
        self.converted = () if plain else _converted(columns)
        names = ",".join(f'"{column}"' for column in columns)
        marks = ",".join("?" * len(columns))
        self.lite = f"INSERT INTO {name} ({names}) VALUES ({marks})"
        self.pg_copy = f"COPY {name} ({names}) FROM STDIN"
        self._few = f"INSERT INTO {name} ({names}) VALUES "

    def few(self, marks: str) -> str:
        """The insert of some rows that are spelt out."""
        return self._few + marks

    def more(self, first: int) -> tuple[str, int]:
        """The insert of any number of rows, and how many parameters it takes from ``first`` on."""
        kinds = [_kinds_of(self.name)[column] for column in self.columns]
        names = ",".join(f'"{column}"' for column in self.columns)
        read = [
            f'"{column}"::jsonb' if kind == "jsonb" else f'"{column}"'
            for column, kind in zip(self.columns, kinds, strict=True)
        ]
        # A cast to a bounded text would cut off what is too long; JSON is read from its text.
        arrays = _arrays([_TRAVELS_AS.get(kind, kind) for kind in kinds], first)
        return (
            f"INSERT INTO {self.name} ({names}) SELECT {','.join(read)} "
            f"FROM unnest({arrays}) AS x({names})"
        ), len(self.columns)

    def in_columns(self, rows: Sequence[Row]) -> list[Any]:
        """The parameters of ``more``."""
        return _columns_as_arrays(rows)


class _Typed:
    """A target whose columns' types are told: rows come from a source ``x`` of any size."""

    __slots__ = (
        "_source",
        "_tail",
        "columns",
        "converted",
        "guarded",
        "kinds",
        "name",
        "pg_many",
        "spelling",
    )

    def __init__(
        self,
        name: str,
        columns: Mapping[str, str],
        source: str,
        tail: str,
        *,
        guarded: bool,
        usually: Mapping[str, object] | None = None,
    ) -> None:
        self.name = name
        self.guarded = guarded
        self.columns = tuple(columns)
        self.kinds = tuple(columns.values())
        self.spelling = Spelling(self.columns, self.kinds, usually or {})
        self.converted = _converted(self.columns)
        self._source = source
        names = ",".join(f'"{column}"' for column in columns)
        self._tail = f" AS x({names}) {tail}"
        arrays = ",".join(f"%(a{place})s::{kind}[]" for place, kind in enumerate(self.kinds))
        self.pg_many = f"{source} unnest({arrays}){self._tail}"

    def few(self, marks: str) -> str:
        return f"{self._source} (VALUES {marks}){self._tail}"

    def more(self, first: int) -> tuple[str, int]:
        arrays = _arrays(self.kinds, first)
        return f"{self._source} unnest({arrays}){self._tail}", len(self.kinds)

    def in_columns(self, rows: Sequence[Row]) -> list[Any]:
        return _columns_as_arrays(rows)


class Update(_Typed):
    """A guarded update of many rows.

    ``key`` finds the row, ``sets`` are assigned, ``adds`` are added to; where a ``seen`` column no
    longer holds the seen value (given under ``seen_<name>``) the unit is lost. All map a column
    to its PostgreSQL type. Rows come as tuples in the order key, sets, adds, seen.
    """

    __slots__ = ("lite",)

    def __init__(
        self,
        name: str,
        *,
        key: Mapping[str, str],
        sets: Mapping[str, str] | None = None,
        adds: Mapping[str, str] | None = None,
        seen: Mapping[str, str] | None = None,
        usually: Mapping[str, object] | None = None,
    ) -> None:
        sets, adds, seen = sets or {}, adds or {}, seen or {}
        columns = {
            **key,
            **sets,
            **{f"add_{c}": t for c, t in adds.items()},
            **{f"seen_{c}": t for c, t in seen.items()},
        }
        assign = [f'"{c}"=x."{c}"' for c in sets] + [f'"{c}"=t."{c}"+x."add_{c}"' for c in adds]
        where = [f't."{c}"=x."{c}"' for c in key]
        where += [f't."{c}" IS NOT DISTINCT FROM x."seen_{c}"' for c in seen]
        change = f"UPDATE {name} t SET {','.join(assign)} FROM"
        found = f"WHERE {' AND '.join(where)} RETURNING 1"
        super().__init__(name, columns, change, found, guarded=True, usually=usually)
        place = {column: f"?{number}" for number, column in enumerate(columns, 1)}
        assign = [f'"{c}"={place[c]}' for c in sets]
        assign += [f'"{c}"="{c}"+{place[f"add_{c}"]}' for c in adds]
        where = [f'"{c}"={place[c]}' for c in key]
        where += [f'"{c}" IS {place[f"seen_{c}"]}' for c in seen]
        self.lite = f"UPDATE {name} SET {','.join(assign)} WHERE {' AND '.join(where)}"


class Delete(_Typed):
    """Removal of rows that must still be there with what was ``seen`` of them."""

    __slots__ = ("lite",)

    def __init__(self, name: str, *, key: Mapping[str, str], seen: Mapping[str, str]) -> None:
        columns = {**key, **{f"seen_{c}": t for c, t in seen.items()}}
        where = [f't."{c}"=x."{c}"' for c in key] + [f't."{c}"=x."seen_{c}"' for c in seen]
        removal = f"DELETE FROM {name} t USING"
        found = f"WHERE {' AND '.join(where)} RETURNING 1"
        super().__init__(name, columns, removal, found, guarded=True)
        place = {column: f"?{number}" for number, column in enumerate(columns, 1)}
        where = [f'"{c}"={place[c]}' for c in key] + [f'"{c}"={place[f"seen_{c}"]}' for c in seen]
        self.lite = f"DELETE FROM {name} WHERE {' AND '.join(where)}"


class Upsert(_Typed):
    """Insert, or change the row that is there: ``adds`` are added to it, ``fills`` replace what
    it has unless they are null, ``keeps`` leave it as it is. All map a column to its PostgreSQL
    type. Rows: key, keeps, adds, fills, then limits. One unit has no key twice.

    With ``at_most`` an added column may not grow past what its row says in the column mapped to it
    (null: no limit), else the unit is lost. The limit is kept on the row. A row that is new is not
    judged: its writer has seen that it fits.
    """

    __slots__ = ("lite",)

    def __init__(
        self,
        name: str,
        *,
        key: Mapping[str, str],
        keeps: Mapping[str, str] | None = None,
        adds: Mapping[str, str] | None = None,
        fills: Mapping[str, str] | None = None,
        at_most: Mapping[str, str] | None = None,
    ) -> None:
        keeps, adds, fills = keeps or {}, adds or {}, fills or {}
        limits = {most: adds[column] for column, most in (at_most or {}).items()}
        columns = {**key, **keeps, **adds, **fills, **limits}
        names = ",".join(f'"{column}"' for column in columns)
        marks = ",".join("?" * len(columns))
        keys = ",".join(f'"{column}"' for column in key)
        change = [f'"{c}"={name}."{c}"+excluded."{c}"' for c in adds]
        change += [f'"{c}"=coalesce(excluded."{c}",{name}."{c}")' for c in (*fills, *limits)]
        tail = f"ON CONFLICT ({keys}) DO UPDATE SET {','.join(change)}"
        if at_most:
            fits = [
                f'(excluded."{most}" IS NULL OR {name}."{c}"+excluded."{c}"<=excluded."{most}")'
                for c, most in at_most.items()
            ]
            tail += f" WHERE {' AND '.join(fits)}"
        insert = f"INSERT INTO {name} ({names})"
        self.lite = f"{insert} VALUES ({marks}) {tail}"
        if limits:
            tail += " RETURNING 1"
        # WHERE true: without it ON CONFLICT would be read as a part of the join.
        source = f"{insert} SELECT {names} FROM"
        super().__init__(name, columns, source, f"WHERE true {tail}", guarded=bool(limits))


Target = Table | Upsert | Update | Delete


def _arrays(kinds: Sequence[str], first: int) -> str:
    """Parameters from ``first`` on, one for each column: $2::bigint[],$3::text[]."""
    return ",".join(f"${first + at}::{kind}[]" for at, kind in enumerate(kinds))


def _columns_as_arrays(rows: Sequence[Row]) -> list[str]:
    return list(map(_array, zip(*rows, strict=True)))


def _array(column: Sequence[Any]) -> str:
    kinds = set(map(type, column))
    text_of = _UNQUOTED.get(kinds.pop()) if len(kinds) == 1 else None
    if text_of is None:
        return array_text(map(pg_value, column))
    return "{" + ",".join(map(text_of, column)) + "}"


@cache
def _kinds_of(table: str) -> dict[str, str]:
    """Of what PostgreSQL type each column of a table of ours is."""
    [model] = [each for each in apps.get_models() if each._meta.db_table == table]
    kinds = ((field.column, field.db_type(connection)) for field in model._meta.local_fields)
    return {column: kind.partition("(")[0] for column, kind in kinds if column and kind}
