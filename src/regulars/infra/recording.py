"""The recorder: many rows of many tables, written as one unit or not at all.

Modules say which rows come and which guarded updates must hold; this is the only code that sends
them. On PostgreSQL one unit is one statement, which under autocommit is a transaction of its own
(one round trip); on SQLite it is plain statements inside the caller's transaction. An update that
no longer finds what was seen undoes the whole unit and raises `LostRace`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from .columns import LITE, PG, plain_columns
from .db import (
    LostRace,
    is_postgres,
    pg_text,
    pg_value,
)
from .pen_process import Lost, Step, array_text, perform

Row = Sequence[Any]


#: Columns whose values SQLite's driver does not take as they are: ids, instants, days, flags.
_CONVERTED: Final = ("id", "at", "_on", "until", "since", "day", "warned", "granted", "parent")


def _converted(columns: Sequence[str]) -> tuple[int, ...]:
    return tuple(place for place, name in enumerate(columns) if name.endswith(_CONVERTED))


class Table:
    """A table as the recorder sees it: name and columns, in the order rows come in.

    A ``plain`` table's rows hold integers and texts alone (ids as 32 hex digits, which both
    dialects read), for tables with very many rows. Values of ``json`` columns come as JSON text.
    """

    __slots__ = ("_few", "_more", "columns", "converted", "lite", "name", "pg_copy")
    #: Whether a row that is not found, or no longer as it was seen, loses the unit.
    guarded = False

    def __init__(
        self, name: str, *columns: str, plain: bool = False, json: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.columns = columns
        self.converted = () if plain else _converted(columns)
        names = ",".join(f'"{column}"' for column in columns)
        marks = ",".join("?" * len(columns))
        self.lite = f"INSERT INTO {name} ({names}) VALUES ({marks})"
        self.pg_copy = f"COPY {name} ({names}) FROM STDIN"
        # Text in a JSON row arrives as a JSON string; what it says is meant. The braces of its path
        # are doubled: the place of the parameter is put in later.
        read = [f"(\"{c}\" #>> '{{{{}}}}')::jsonb" if c in json else f'"{c}"' for c in columns]
        self._few = f"INSERT INTO {name} ({names}) VALUES "
        self._more = (
            f"INSERT INTO {name} ({names}) SELECT {','.join(read)} "
            f"FROM json_populate_recordset(NULL::{name}, ${{}}::json)"
        )

    def statement(self, count: int, first: int) -> str:
        """The insert of ``count`` rows, whose parameters are numbered from ``first`` on."""
        if count == _MORE:
            return self._more.format(first)
        return self._few + _marks(("",) * len(self.columns), count, first)

    def parameters(self, rows: Sequence[Row]) -> list[Any]:
        if len(rows) > _FEW:
            return [_JSON.encode([dict(zip(self.columns, row, strict=True)) for row in rows])]
        return _flat(rows)


class _Typed:
    """A target whose columns' types are told: rows come from a source ``x`` of any size."""

    __slots__ = ("_source", "_tail", "columns", "converted", "guarded", "kinds", "name", "pg_many")

    def __init__(
        self, name: str, columns: Mapping[str, str], source: str, tail: str, *, guarded: bool
    ) -> None:
        self.name = name
        self.guarded = guarded
        self.columns = tuple(columns)
        self.kinds = tuple(columns.values())
        self.converted = _converted(self.columns)
        self._source = source
        names = ",".join(f'"{column}"' for column in columns)
        self._tail = f" AS x({names}) {tail}"
        arrays = ",".join(f"%(a{place})s::{kind}[]" for place, kind in enumerate(self.kinds))
        self.pg_many = f"{source} unnest({arrays}){self._tail}"

    def statement(self, count: int, first: int) -> str:
        """The statement for ``count`` rows, whose parameters are numbered from ``first`` on."""
        if count == _MORE:
            arrays = ",".join(f"${first + at}::{kind}[]" for at, kind in enumerate(self.kinds))
            return f"{self._source} unnest({arrays}){self._tail}"
        typed = [f"::{kind}" for kind in self.kinds]
        return f"{self._source} (VALUES {_marks(typed, count, first)}){self._tail}"

    def parameters(self, rows: Sequence[Row]) -> list[Any]:
        if len(rows) > _FEW:
            return [array_text(map(pg_value, column)) for column in zip(*rows, strict=True)]
        return _flat(rows)


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
        super().__init__(name, columns, change, found, guarded=True)
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


def _marks(kinds: Sequence[str], count: int, first: int) -> str:
    """The parameters of ``count`` rows: ($1::bigint,$2::uuid),($3::bigint,$4::uuid)."""
    rows = []
    for start in range(first, first + count * len(kinds), len(kinds)):
        rows.append(",".join(f"${start + at}{kind}" for at, kind in enumerate(kinds)))
    return "(" + "),(".join(rows) + ")"


def _flat(rows: Sequence[Row]) -> list[Any]:
    return [value for row in rows for value in row]


Target = Table | Upsert | Update | Delete
#: From how many rows of a target on they travel as columns, in a statement of their own.
_MANY: Final = 200
#: Up to how many rows of a target are spelt out as parameters, and what stands for more.
_FEW: Final = 4
_MORE: Final = _FEW + 1


class Writes:
    """The rows of one unit of work, by target, in the order targets were first named."""

    __slots__ = ("columns", "rows")

    def __init__(self) -> None:
        self.rows: dict[Target, list[Row]] = {}
        self.columns: dict[Table, Sequence[Sequence[Any]]] = {}

    def add(self, target: Target, row: Row) -> None:
        self.rows.setdefault(target, []).append(row)

    def extend(self, target: Target, rows: Iterable[Row]) -> None:
        self.rows.setdefault(target, []).extend(rows)

    def set_columns(self, table: Table, columns: Sequence[Sequence[Any]]) -> None:
        """The rows of a table column by column, each of one length, in the order of its key: for
        very many."""
        self.columns[table] = columns

    def record(self) -> None:
        """Write everything as one unit.

        On SQLite the caller holds a transaction. Raises LostRace when a guard fails and Django's
        IntegrityError when a constraint does; on PostgreSQL outside a transaction nothing has
        then changed, inside one the caller must roll back.
        """
        # Each look at the proxy finds out anew which connection this thread has.
        here = connections[DEFAULT_DB_ALIAS]
        with here.wrap_database_errors:
            here.ensure_connection()
            if is_postgres() and not self.columns and self._is_small():
                _send_one(here.connection, *_one_statement(self.rows))
                return
            steps = self.steps()
            if len(steps) > 1 and is_postgres() and not here.in_atomic_block:
                # Several statements: the unit needs a transaction around it.
                with transaction.atomic():
                    _perform(here.connection, steps)
            else:
                _perform(here.connection, steps)

    def _is_small(self) -> bool:
        """Whether there are rows, and of no target too many for one statement."""
        return 0 < max(map(len, self.rows.values()), default=0) < _MANY

    def steps(self) -> list[Step]:
        """What a driver has to do to record all of it, in this connection's dialect."""
        return self._steps_pg() if is_postgres() else self._steps_lite()

    def _steps_lite(self) -> list[Step]:
        steps = []
        for target, rows in self.rows.items():
            if rows:
                values = plain_columns(zip(*rows, strict=True), target.converted, LITE)
                many = isinstance(target, Table) and len(rows) >= _MANY
                how = "sorted" if many and set(map(type, values[1])) == {str} else "many"
                expected = len(rows) if target.guarded else -1
                steps.append(Step(how, target.name, target.lite, values, expected))
        for table, columns in self.columns.items():
            how = "many" if table.converted else "blocks"
            steps.append(
                Step(how, table.name, table.lite, plain_columns(columns, table.converted, LITE))
            )
        return steps

    def _steps_pg(self) -> list[Step]:
        few = {target: rows for target, rows in self.rows.items() if 0 < len(rows) < _MANY}
        steps = []
        for target, rows in self.rows.items():
            if len(rows) >= _MANY:
                values = plain_columns(zip(*rows, strict=True), target.converted, PG)
                if isinstance(target, Table):
                    steps.append(Step("copy", target.name, target.pg_copy, values))
                else:
                    expected = len(rows) if target.guarded else -1
                    steps.append(Step("arrays", target.name, target.pg_many, values, expected))
        for table, columns in self.columns.items():
            values = plain_columns(columns, table.converted, PG)
            steps.append(Step("copy", table.name, table.pg_copy, values))
        if few:
            text, values = _one_statement(few)
            steps.append(Step("one", "", text, list(map(pg_text, values))))
        return steps


def _perform(driver: Any, steps: list[Step]) -> None:
    try:
        perform(driver, steps)
    except Lost as lost:
        raise LostRace(*lost.args) from lost


def _send_one(driver: Any, text: str, values: Sequence[Any]) -> None:
    from psycopg.errors import DivisionByZero

    from .prepared import execute

    try:
        execute(driver, text, values)
    except DivisionByZero as lost:
        raise LostRace from lost


def _one_statement(targets: Mapping[Target, Sequence[Row]]) -> tuple[str, list[Any]]:
    """All of a small unit in one statement, which under autocommit is a transaction of its own;
    and its parameters."""
    shape = []
    params: list[Any] = []
    found: list[str] = []
    for target, rows in targets.items():
        count = len(rows)
        if not count:
            continue
        shape.append((target, count if count < _MORE else _MORE))
        params += target.parameters(rows)
        if target.guarded:
            found.append(str(count))
    return _statement(tuple(shape)), params + found


@lru_cache(maxsize=1_024)
def _statement(shape: tuple[tuple[Target, int], ...]) -> str:
    """The text for so many rows of these targets; the same few are sent again and again."""
    branches: list[str] = []
    guarded: list[int] = []
    number = 1
    for place, (target, count) in enumerate(shape):
        branches.append(f"w{place} AS ({target.statement(count, number)})")
        if count < _MORE:
            number += count * len(target.columns)
        else:
            number += 1 if isinstance(target, Table) else len(target.columns)
        if target.guarded:
            guarded.append(place)
    # Division by zero undoes the statement where a guard found less than was seen.
    guards = [
        f"1/(cardinality(ARRAY(SELECT 1 FROM w{place}))=${number + at}::integer)::int"
        for at, place in enumerate(guarded)
    ]
    return f"WITH {','.join(branches)} SELECT {','.join(guards) or '1'}"


def _json_value(value: Any) -> str:
    if isinstance(value, UUID):
        return value.hex
    text: str = value.isoformat()
    return text


_JSON: Final = json.JSONEncoder(default=_json_value, separators=(",", ":"))
