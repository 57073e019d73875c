"""Rows in, whole groups out: an order (or refund) passes only if every row of it passes."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from regulars.kernel.money import MAX_AMOUNT

from .fields import Field, Problem, Reading, row_checks
from .macros import BLANKS_SQL, create_macros
from .profiles import Detected
from .table import Table
from .types import RowError
from .zones import offset_sql

MAX_LINES = 1_000
"""Lines of one order or refund, as the API has it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RAW_SHOWN = 200
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_BATCH_ROWS = 10_000

_TOO_MANY_LINES = Problem(
    None, "too_many_lines", f"An order has up to {MAX_LINES:,} rows: check its number, or split it."
)

_TOO_DEAR = Problem(
    None, "order_too_large", f"An order comes to {MAX_AMOUNT:,} minor units at most: correct it."
)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which rows belong together: those of one ``key``; ``same`` is equal on all of them.

    ``time`` is the field that puts the groups in order. ``once`` is a field that has no value
    twice in a group, ``total`` one whose sum is the amount of a group. ``times`` are further
    instants, kept as ``<name>_us``; ``checks`` are conditions over the cells of a row (texts are
    ``t_<field>``) that are true where it is wrong.
    """

    noun: str
    key: str
    time: str
    same: tuple[str, ...]
    once: str | None = None
    total: str | None = None
    times: tuple[str, ...] = ()
    checks: tuple[tuple[str, Problem], ...] = ()


class Sieve:
    """The rows of a table, typed and judged, grouped and put in order.

    ``rows`` counts the data rows of the file but blank ones. Afterwards the scratch database
    holds ``groups`` (seq, key, same fields, at_us, first_row, lines) and ``lines`` (seq, row,
    other fields) of what passes, and ``rejected`` (row, problem).
    """

    def __init__(
        self,
        table: Table,
        found: Detected,
        *,
        fields: Sequence[Field],
        grouping: Grouping,
        zone: ZoneInfo,
    ) -> None:
        self.table = table
        self.found = found
        self.connection = table.connection
        self._grouping = grouping
        self._readings = [self._reading(field) for field in fields]
        checks = [
            (self._blank(), Problem(None, "blank", "The row is blank.")),
            *row_checks(),
            *(check for reading in self._readings for check in reading.checks()),
            *grouping.checks,
        ]
        self._conditions = [condition for condition, _ in checks]
        self._problems = [problem for _, problem in checks]
        create_macros(self.connection)
        self._parse()
        self._place_in_time(zone)
        self._group()
        self._reject()
        self._pass_on()

    def one(self, query: str, values: Mapping[str, int] | None = None) -> tuple[Any, ...]:
        """The only row of a query's answer."""
        return tuple(self.connection.execute(query, values).fetchall()[0])

    def rejected_by_code(self) -> dict[str, int]:
        """How many rows were rejected, by code; each row once."""
        counts: dict[str, int] = {}
        query = "SELECT problem, count(*) FROM rejected GROUP BY problem ORDER BY problem"
        for problem, rows in self.connection.execute(query).fetchall():
            code = self._problems[problem].code
            counts[code] = counts.get(code, 0) + rows
        return counts

    def errors(self, limit: int) -> list[RowError]:
        """The first ``limit`` rejected rows by row number, each with its first problem."""
        rows = self.connection.execute(
            f"SELECT row, problem, {self._raw_cells()} FROM (SELECT * FROM rejected "
            "ORDER BY row LIMIT ?) JOIN raw USING (row) ORDER BY row",
            [limit],
        ).fetchall()
        return [self._told(row, self._problems[problem], cells) for row, problem, *cells in rows]

    def write_rejected(self, path: Path) -> int:
        """Write the rejected rows as they stand, with row number and reason; how many.

        CSV in UTF-8 with a byte order mark; cells that a spreadsheet would take for a formula
        get an apostrophe in front.
        """
        columns = self._raw_cells()
        answer = self.connection.cursor().execute(
            f"SELECT row, problem, {columns} FROM rejected JOIN raw USING (row) ORDER BY row"
        )
        written = 0
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([_inert(name) for name in (*self.table.header, "row", "reason")])
            while batch := answer.fetchmany(_BATCH_ROWS):
                for row, problem, *cells in batch:
                    error = self._told(row, self._problems[problem], cells)
                    reason = f"{error.code}: {error.message}"
                    writer.writerow([*(_inert(cell or "") for cell in cells), row, reason])
                written += len(batch)
        return written

    def _reading(self, field: Field) -> Reading:
        index = self.found.columns.get(field.name)
        profile = self.found.profile
        constant = None
        if field.name in profile.constants:
            constant = f"'{profile.constants[field.name]}'"
        elif profile.order_per_row and field.name == self._grouping.key:
            constant = "CAST(row - 1 AS VARCHAR)"
        column = None if index is None else self.table.columns[index]
        return Reading(field, column, constant=constant)

    def _parse(self) -> None:
        cases = " ".join(
            f"WHEN {condition} THEN {number}" for number, condition in enumerate(self._conditions)
        )
        texts = ", ".join(reading.text() for reading in self._readings)
        values = ", ".join(reading.value() for reading in self._readings)
        kept = ", ".join(kept for reading in self._readings if (kept := reading.kept()))
        self.connection.execute(
            f"CREATE TABLE judged AS SELECT row, {kept}, "
            f"CAST(CASE {cases} END AS UTINYINT) AS problem "
            f"FROM (SELECT *, {values} FROM (SELECT row, defect, {texts}, {self._rest()} FROM raw))"
        )
        self.connection.execute("DELETE FROM judged WHERE problem = 0")
        self.rows: int = self.one("SELECT count(*) FROM judged")[0]

    def _blank(self) -> str:
        """True for a row without content. No filter: that would clean every cell twice."""
        mapped = [f"t_{name} IS NULL" for name in self.found.columns]
        return " AND ".join(["defect = 0", *mapped, "rest = ''"])

    def _rest(self) -> str:
        """The content of all columns that no field reads, in one."""
        if self.table.scan.kind == "parquet":
            return "'-' AS rest"  # written by programs: a row of nulls is no blank line
        mapped = set(self.found.columns.values())
        rest = [f"c{i}" for i in range(len(self.table.columns)) if i not in mapped]
        return f"trim(concat_ws('', {', '.join(['NULL', *rest])}), {BLANKS_SQL}) AS rest"

    def _place_in_time(self, zone: ZoneInfo) -> None:
        named = [(self._grouping.time, "at_us")]
        named += [(name, f"{name}_us") for name in self._grouping.times]
        instants = ", ".join(f"{self._instant(name, zone)} AS {told}" for name, told in named)
        self.connection.execute(
            f"CREATE VIEW placed AS SELECT *, {instants} FROM judged WHERE problem IS NULL"
        )

    def _instant(self, name: str, zone: ZoneInfo) -> str:
        """SQL: a time of a row in microseconds since 1970, by its offset or the merchant's zone."""
        first, last = self.one(
            f"SELECT min({name}_local), max({name}_local) FROM judged "
            f"WHERE problem IS NULL AND {name}_offset IS NULL"
        )
        offset = "CAST(0 AS BIGINT)"
        if first is not None:
            offset = offset_sql(zone, local=f"{name}_local", first=first, last=last)
        return f"epoch_us({name}_local) - coalesce({name}_offset, {offset})"

    def _group(self) -> None:
        key = self._grouping.key
        texts = self._grouping.same
        carried = "".join(f", nullif(min(coalesce({x}, '')), '') AS {x}" for x in texts)
        carried += "".join(f", min({x}_us) AS {x}_us" for x in self._grouping.times)
        equal = " AND ".join(
            ["min(at_us) = max(at_us)"]
            + [f"min(coalesce({x}, '')) = max(coalesce({x}, ''))" for x in texts]
        )
        once = self._grouping.once
        repeated = f"count(*) > count(DISTINCT {once})" if once else "false"
        total = self._grouping.total
        dear = f"sum({total}) > {MAX_AMOUNT}" if total else "false"
        self.connection.execute(
            f"CREATE TABLE gathered AS SELECT {key}{carried}, min(at_us) AS at_us, "
            f"min(row) AS first_row, count(*) AS lines, {equal} AS equal, "
            f"{repeated} AS repeated, {dear} AS dear FROM placed GROUP BY {key}"
        )

    def _reject(self) -> None:
        key = self._grouping.key
        run = self.connection.execute
        run("CREATE TABLE rejected AS SELECT row, problem FROM judged WHERE problem IS NOT NULL")
        run(
            f"CREATE TABLE bad AS SELECT DISTINCT {key} FROM judged "
            f"WHERE problem IS NOT NULL AND {key} IS NOT NULL"
        )
        unequal, long, repeated, dear = self.one(
            "SELECT count(*) FILTER (NOT equal), count(*) FILTER (lines > $most), "
            "count(*) FILTER (repeated), count(*) FILTER (dear) FROM gathered",
            {"most": MAX_LINES},
        )
        if unequal:
            self._reject_conflicts()
        if long:
            self._reject_group(f"lines > {MAX_LINES}", _TOO_MANY_LINES)
        if repeated:
            self._reject_repeats()
        if dear:
            self._reject_group("dear", _TOO_DEAR)
        if self.one("SELECT count(*) FROM bad")[0]:
            self._reject_rest()

    def _reject_rest(self) -> None:
        key, noun = self._grouping.key, self._grouping.noun
        rest = Problem(
            None,
            f"{noun}_rejected",
            f"Another row of this {noun} was rejected: mend that row and import the whole "
            f"{noun} again.",
        )
        self._insert_rejected(f"FROM judged SEMI JOIN bad USING ({key})", rest)

    def _reject_conflicts(self) -> None:
        key = self._grouping.key
        noun = self._grouping.noun
        for name in ("at_us", *self._grouping.same):
            field = self._grouping.time if name == "at_us" else name
            conflict = Problem(
                field,
                f"{noun}_conflict",
                f"All rows of one {noun} have the same {field}: this one differs from the "
                f"{noun}'s first row. Make them equal, or give the row a number of its own.",
            )
            self._insert_rejected(
                f"FROM placed JOIN (FROM gathered WHERE NOT equal) AS g USING ({key}) "
                f"JOIN (SELECT row AS first_row, {name} AS first_value FROM placed) AS f "
                f"USING (first_row) WHERE placed.{name} IS DISTINCT FROM first_value",
                conflict,
            )
        self.connection.execute(f"INSERT INTO bad SELECT {key} FROM gathered WHERE NOT equal")

    def _reject_repeats(self) -> None:
        once = self._grouping.once
        message = f"The same {once} stands twice in one {self._grouping.noun}: add them up."
        self._reject_group("repeated", Problem(once, f"{once}_repeated", message))

    def _reject_group(self, condition: str, problem: Problem) -> None:
        """Reject all rows of the groups that fulfil ``condition``."""
        key = self._grouping.key
        self._insert_rejected(
            f"FROM placed SEMI JOIN (FROM gathered WHERE {condition}) AS g USING ({key})", problem
        )
        self.connection.execute(f"INSERT INTO bad SELECT {key} FROM gathered WHERE {condition}")

    def _insert_rejected(self, source: str, problem: Problem) -> None:
        """Add the rows of ``source`` that are not rejected yet."""
        number = len(self._problems)
        self._problems.append(problem)
        self.connection.execute(
            f"INSERT INTO rejected SELECT row, {number} FROM (SELECT row {source}) "
            "WHERE row NOT IN (SELECT row FROM rejected)"
        )

    def _pass_on(self) -> None:
        key = self._grouping.key
        spent = {key, self._grouping.time, *self._grouping.same, *self._grouping.times}
        kept = [r.field.name for r in self._readings if r.kept() and r.field.name not in spent]
        run = self.connection.execute
        run(
            "CREATE TABLE groups AS SELECT row_number() OVER (ORDER BY at_us, first_row) - 1 "
            f"AS seq, * EXCLUDE (equal, repeated, dear) FROM gathered ANTI JOIN bad USING ({key}) "
            "ORDER BY seq"
        )
        run(
            f"CREATE TABLE lines AS SELECT seq, row, {', '.join(kept)} FROM judged "
            f"JOIN (SELECT seq, {key} FROM groups) AS g USING ({key}) ORDER BY seq, row"
        )
        run("DROP VIEW placed; DROP TABLE judged; DROP TABLE gathered; DROP TABLE bad")

    def reject(self, rows: Sequence[int], problem: Problem) -> None:
        """Reject whole groups by their first rows, for what no expression can tell; those behind
        them move up."""
        number = len(self._problems)
        self._problems.append(problem)
        run = self.connection.execute
        run("CREATE TEMP TABLE refused AS SELECT unnest(?::BIGINT[]) AS row", [list(rows)])
        run(f"INSERT INTO rejected SELECT row, {number} FROM refused")
        run(
            "CREATE TABLE kept AS SELECT row_number() OVER (ORDER BY seq) - 1 AS seq, "
            "* EXCLUDE (seq) FROM groups WHERE first_row NOT IN (SELECT row FROM refused)"
        )
        run("DROP TABLE refused; DROP TABLE groups; ALTER TABLE kept RENAME TO groups")

    def _raw_cells(self) -> str:
        return ", ".join(f"CAST(c{column.index} AS VARCHAR)" for column in self.table.columns)

    def _told(self, row: int, problem: Problem, cells: Sequence[str | None]) -> RowError:
        index = self.found.columns.get(problem.field or "")
        raw = None if index is None else cells[index]
        column = (problem.field or "") if index is None else self.table.columns[index].name
        shown = None if raw is None else raw[:_RAW_SHOWN]
        return RowError(row, column, problem.code, problem.message, shown)


def instant(at_us: int) -> datetime:
    """Microseconds since 1970 as an aware UTC instant."""
    return _EPOCH + timedelta(microseconds=at_us)


def _inert(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
