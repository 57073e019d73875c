"""The recorder: many rows of many tables, written as one unit or not at all.

Modules say which rows come and which guarded updates must hold; this is the only code that sends
them. On PostgreSQL one unit is one statement, which under autocommit is a transaction of its own
(one round trip); on SQLite it is plain statements inside the caller's transaction. An update that
no longer finds what was seen undoes the whole unit and raises `LostRace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final

from django.db import transaction

from .columns import LITE, PG, plain_columns
from .db import LostRace, connected, is_postgres, pg_text
from .pen_process import Lost, Step, perform
from .spelling import Row
from .targets import Delete, Table, Target, Update, Upsert

__all__ = ["Delete", "LostRace", "Row", "Table", "Target", "Update", "Upsert", "Writes"]

#: A target, how many of its rows (_MORE: any number above), and whether all are as usual.
_Shape = tuple[Target, int, bool]
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

    def absorb(self, other: Writes) -> None:
        """Take the rows of another unit into this one; whole columns of very many are not taken."""
        assert not other.columns
        for target, rows in other.rows.items():
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
        here = connected()
        with here.wrap_database_errors:
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
    execute, lost_guard = _hot()
    try:
        execute(driver, text, values)
    except lost_guard as lost:
        raise LostRace from lost


@cache
def _hot() -> tuple[Callable[..., Any], type[Exception]]:
    """Found once: SQLite has no psycopg, and an import inside a function is not free."""
    from psycopg.errors import DivisionByZero

    from .prepared import execute

    return execute, DivisionByZero


def _one_statement(targets: Mapping[Target, Sequence[Row]]) -> tuple[str, list[Any]]:
    """All of a small unit in one statement, which under autocommit is a transaction of its own;
    and its parameters."""
    shape: list[_Shape] = []
    found: list[str] = []
    merchant: object = None
    for target, rows in targets.items():
        if len(rows) <= _FEW and merchant is not False:
            merchant = target.spelling.merchant_of(rows, merchant)
    shared = merchant is not None and merchant is not False
    params: list[Any] = [merchant] if shared else []
    for target, rows in targets.items():
        count = len(rows)
        if not count:
            continue
        if count <= _FEW:
            spelling = target.spelling
            is_usual = spelling.is_usual(rows)
            taken = spelling.taker(is_usual, shared)
            for row in rows:
                params += taken(row)
        else:
            count, is_usual = _MORE, False
            params += target.in_columns(rows)
        shape.append((target, count, is_usual))
        if target.guarded:
            found.append(str(len(rows)))
    return _statement(tuple(shape), shared), params + found


@lru_cache(maxsize=1_024)
def _statement(shape: tuple[_Shape, ...], shared: bool) -> str:
    """The text for so many rows of these targets; the same few are sent again and again."""
    branches: list[str] = []
    guarded: list[int] = []
    number = 2 if shared else 1
    for place, (target, count, is_usual) in enumerate(shape):
        if count < _MORE:
            spelling = target.spelling
            text = target.few(spelling.marks(count, number, is_usual=is_usual, shared=shared))
            number += count * spelling.width(is_usual=is_usual, shared=shared)
        else:
            text, taken = target.more(number)
            number += taken
        branches.append(f"w{place} AS ({text})")
        if target.guarded:
            guarded.append(place)
    # Division by zero undoes the statement where a guard found less than was seen.
    guards = [
        f"1/(cardinality(ARRAY(SELECT 1 FROM w{place}))=${number + at}::integer)::int"
        for at, place in enumerate(guarded)
    ]
    return f"WITH {','.join(branches)} SELECT {','.join(guards) or '1'}"
