"""The recorder: many rows of many tables, written as one unit or not at all.

Modules say which rows come and which guarded updates must hold; this is the only code that sends
them. On PostgreSQL one unit is one statement, which under autocommit is a transaction of its own
(one round trip); on SQLite it is plain statements inside the caller's transaction. An update that
no longer finds what was seen undoes the whole unit and raises `LostRace`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from .db import LostRace, is_postgres, lite_value

Row = Sequence[Any]


#: Columns whose values SQLite's driver does not take as they are: ids, instants, days, flags.
_CONVERTED: Final = ("id", "at", "_on", "until", "since", "day", "warned", "granted", "parent")


def _converted(columns: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(columns) if name.endswith(_CONVERTED))


def _read(columns: Sequence[str], json: Sequence[str]) -> str:
    """Text in a JSON row arrives as a JSON string; what it says is meant."""
    return ",".join(f"(\"{c}\" #>> '{{}}')::jsonb" if c in json else f'"{c}"' for c in columns)


class Table:
    """A table as the recorder sees it: name and columns, in the order rows come in.

    A ``plain`` table's rows hold integers and texts alone (ids as 32 hex digits, which both
    dialects read), for tables with very many rows. Values of ``json`` columns come as JSON text.
    """

    __slots__ = ("columns", "converted", "lite", "name", "pg")

    def __init__(
        self, name: str, *columns: str, plain: bool = False, json: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.columns = columns
        self.converted = () if plain else _converted(columns)
        names = ",".join(f'"{column}"' for column in columns)
        marks = ",".join("?" * len(columns))
        self.lite = f"INSERT INTO {name} ({names}) VALUES ({marks})"
        self.pg = (
            f"INSERT INTO {name} ({names}) SELECT {_read(columns, json)} "
            f"FROM json_populate_recordset(NULL::{name}, %({name})s::json)"
        )


class Update:
    """A guarded update of many rows.

    ``key`` finds the row, ``sets`` are assigned, ``adds`` are added to; where a ``seen`` column no
    longer holds the seen value (given under ``seen_<name>``) the unit is lost. All map a column
    to its PostgreSQL type. Rows come as tuples in the order key, sets, adds, seen.
    """

    __slots__ = ("columns", "converted", "label", "lite", "name", "pg")

    def __init__(
        self,
        name: str,
        label: str,
        *,
        key: Mapping[str, str],
        sets: Mapping[str, str] | None = None,
        adds: Mapping[str, str] | None = None,
        seen: Mapping[str, str] | None = None,
    ) -> None:
        sets, adds, seen = sets or {}, adds or {}, seen or {}
        self.name, self.label = name, label
        columns = {
            **key,
            **sets,
            **{f"add_{c}": t for c, t in adds.items()},
            **{f"seen_{c}": t for c, t in seen.items()},
        }
        self.columns = tuple(columns)
        self.converted = _converted(self.columns)
        typed = ",".join(f'"{column}" {kind}' for column, kind in columns.items())
        assign = [f'"{c}"=x."{c}"' for c in sets] + [f'"{c}"=t."{c}"+x."add_{c}"' for c in adds]
        where = [f't."{c}"=x."{c}"' for c in key]
        where += [f't."{c}" IS NOT DISTINCT FROM x."seen_{c}"' for c in seen]
        self.pg = (
            f"UPDATE {name} t SET {','.join(assign)} "
            f"FROM json_to_recordset(%({label})s::json) AS x({typed}) "
            f"WHERE {' AND '.join(where)} RETURNING 1"
        )
        place = {column: f"?{number}" for number, column in enumerate(columns, 1)}
        assign = [f'"{c}"={place[c]}' for c in sets]
        assign += [f'"{c}"="{c}"+{place[f"add_{c}"]}' for c in adds]
        where = [f'"{c}"={place[c]}' for c in key]
        where += [f'"{c}" IS {place[f"seen_{c}"]}' for c in seen]
        self.lite = f"UPDATE {name} SET {','.join(assign)} WHERE {' AND '.join(where)}"


class Delete:
    """Removal of rows that must still be there with what was ``seen`` of them."""

    __slots__ = ("columns", "converted", "label", "lite", "name", "pg")

    def __init__(
        self, name: str, label: str, *, key: Mapping[str, str], seen: Mapping[str, str]
    ) -> None:
        self.name, self.label = name, label
        columns = {**key, **{f"seen_{c}": t for c, t in seen.items()}}
        self.columns = tuple(columns)
        self.converted = _converted(self.columns)
        typed = ",".join(f'"{column}" {kind}' for column, kind in columns.items())
        where = [f't."{c}"=x."{c}"' for c in key] + [f't."{c}"=x."seen_{c}"' for c in seen]
        self.pg = (
            f"DELETE FROM {name} t USING json_to_recordset(%({label})s::json) AS x({typed}) "
            f"WHERE {' AND '.join(where)} RETURNING 1"
        )
        place = {column: f"?{number}" for number, column in enumerate(columns, 1)}
        where = [f'"{c}"={place[c]}' for c in key] + [f'"{c}"={place[f"seen_{c}"]}' for c in seen]
        self.lite = f"DELETE FROM {name} WHERE {' AND '.join(where)}"


class Upsert:
    """Insert, or change the row that is there: ``adds`` are added to it, ``fills`` replace what
    it has unless they are null, ``keeps`` leave it as it is.

    Rows: key, keeps, adds, fills, then limits. With ``at_most`` an added column may not grow past
    what its row says in the column mapped to it (null: no limit), else the unit is lost. The limit
    is kept on the row. A row that is new is not judged: its writer has seen that it fits.
    """

    __slots__ = ("columns", "converted", "guarded", "label", "lite", "name", "pg")

    def __init__(
        self,
        name: str,
        *,
        key: Sequence[str],
        keeps: Sequence[str] = (),
        adds: Sequence[str] = (),
        fills: Sequence[str] = (),
        json: Sequence[str] = (),
        at_most: Mapping[str, str] | None = None,
    ) -> None:
        limits = at_most or {}
        self.name = self.label = name
        self.guarded = bool(limits)
        self.columns = (*key, *keeps, *adds, *fills, *limits.values())
        self.converted = _converted(self.columns)
        names = ",".join(f'"{column}"' for column in self.columns)
        marks = ",".join("?" * len(self.columns))
        keys = ",".join(f'"{column}"' for column in key)
        change = [f'"{c}"={name}."{c}"+excluded."{c}"' for c in adds]
        change += [
            f'"{c}"=coalesce(excluded."{c}",{name}."{c}")' for c in (*fills, *limits.values())
        ]
        tail = f" ON CONFLICT ({keys}) DO UPDATE SET {','.join(change)}"
        if limits:
            fits = [
                f'(excluded."{most}" IS NULL OR {name}."{c}"+excluded."{c}"<=excluded."{most}")'
                for c, most in limits.items()
            ]
            tail += f" WHERE {' AND '.join(fits)}"
        self.lite = f"INSERT INTO {name} ({names}) VALUES ({marks}){tail}"
        returning = " RETURNING 1" if limits else ""
        self.pg = (
            f"INSERT INTO {name} ({names}) SELECT {_read(self.columns, json)} "
            f"FROM json_populate_recordset(NULL::{name}, %({name})s::json){tail}{returning}"
        )


Target = Table | Upsert | Update | Delete
_BULK_ROWS: Final = 200


class Writes:
    """The rows of one unit of work, by target, in the order targets were first named."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[Target, list[Row]] = {}

    def add(self, target: Target, row: Row) -> None:
        self.rows.setdefault(target, []).append(row)

    def extend(self, target: Target, rows: Iterable[Row]) -> None:
        self.rows.setdefault(target, []).extend(rows)

    def record(self) -> None:
        """Write everything as one unit.

        On SQLite the caller holds a transaction. Raises LostRace when a guard fails and Django's
        IntegrityError when a constraint does; on PostgreSQL outside a transaction nothing has
        then changed, inside one the caller must roll back.
        """
        with connection.wrap_database_errors:
            if not is_postgres():
                self._record_lite(connection.connection)
            elif self._copies() and not connection.in_atomic_block:
                # COPY is a statement of its own: the unit needs a transaction around it.
                with transaction.atomic():
                    self._record_pg()
            else:
                self._record_pg()

    def _copies(self) -> bool:
        return any(
            isinstance(target, Table) and len(rows) >= _BULK_ROWS
            for target, rows in self.rows.items()
        )

    def _record_lite(self, driver: Any) -> None:
        for target, rows in self.rows.items():
            if not rows:
                continue
            found = driver.executemany(target.lite, _lite_rows(target, rows)).rowcount
            if _is_guarded(target) and found != len(rows):
                raise LostRace(target.name)

    def _record_pg(self) -> None:
        import psycopg

        connection.ensure_connection()
        driver = connection.connection
        branches: list[str] = []
        guards: list[str] = []
        params: dict[str, Any] = {}
        for number, (target, rows) in enumerate(self.rows.items()):
            if not rows:
                continue
            if isinstance(target, Table) and len(rows) >= _BULK_ROWS:
                _copy(driver, target, rows)
                continue
            label = target.label if isinstance(target, Update | Delete) else target.name
            params[label] = _rows_json(target.columns, rows)
            branches.append(f"w{number} AS ({target.pg})")
            if _is_guarded(target):
                params[f"n_{label}"] = len(rows)
                # Division by zero undoes the statement where a guard found less than was seen.
                guards.append(f"1/((SELECT count(*) FROM w{number})=%(n_{label})s::bigint)::int")
        if not branches:
            return
        text = f"WITH {','.join(branches)} SELECT {','.join(guards) or '1'}"
        try:
            with psycopg.Cursor(driver) as cursor:
                cursor.execute(text, params)
        except psycopg.errors.DivisionByZero as error:
            raise LostRace from error


def _is_guarded(target: Target) -> bool:
    return isinstance(target, Update | Delete) or (isinstance(target, Upsert) and target.guarded)


def _lite_rows(target: Target, rows: Sequence[Row]) -> Iterable[Row]:
    places = target.converted
    if not places:
        return rows

    def converted(row: Row) -> list[Any]:
        values = list(row)
        for place in places:
            value = values[place]
            if value is not None and type(value) is not str:
                values[place] = lite_value(value)
        return values

    if len(rows) < _BULK_ROWS or not isinstance(target, Table):
        return map(converted, rows)
    # In the order of the key, so that a large piece walks the index once from end to end.
    return sorted(map(converted, rows), key=itemgetter(slice(0, 4)))


def _copy(driver: Any, table: Table, rows: Sequence[Row]) -> None:
    columns = ",".join(f'"{column}"' for column in table.columns)
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _rows_json(columns: Sequence[str], rows: Iterable[Row]) -> str:
    return _JSON.encode([dict(zip(columns, row, strict=True)) for row in rows])


def _json_value(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex
    text: str = value.isoformat()
    return text


#: Made once: a dozen are needed for every order.
_JSON: Final = json.JSONEncoder(default=_json_value, separators=(",", ":"))
