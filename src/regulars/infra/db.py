"""The one place where the two dialects differ.

SQL is written once, with ``:name`` parameters; `Sql` keeps both spellings. Hot paths go to the
driver itself (no ORM, no client-side binding): on PostgreSQL a bare statement is its own
transaction, which is what keeps an order at two round trips.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import time
from asyncio import _get_running_loop
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from hashlib import sha256
from threading import local
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.utils import IntegrityError, OperationalError

from regulars.kernel.errors import Contention
from regulars.kernel.ids import unchecked
from regulars.kernel.remembered import Remembered

T = TypeVar("T")
_NAMED: Final = re.compile(r"(?<![:\w]):([a-z_]+)")
_LIST: Final = re.compile(r"IN \(/\*list\*/ :([a-z_]+) /\*end\*/\)")
_FUNCTIONS: Final = {
    "json_array(": "json_build_array(",
    "json_group_array(": "json_agg(",
}


def any_of(column: str, name: str = "ids") -> str:
    """`column` is one of the list parameter ``name``; spelt for both dialects."""
    return f"{column} IN (/*list*/ :{name} /*end*/)"


@cache
def is_postgres() -> bool:
    """Settled with the settings, hence once a process."""
    return connection.vendor == "postgresql"


class Sql:
    """One statement in both spellings.

    ``:name`` becomes the driver's parameter; ``json_array`` and ``json_group_array`` become
    PostgreSQL's names for them.
    """

    __slots__ = ("lite", "pg")

    def __init__(self, text: str) -> None:
        self.lite = _LIST.sub(r"IN (SELECT value FROM json_each(:\1))", text)
        pg = _LIST.sub(r"= ANY(:\1)", text).replace("%", "%%")
        self.pg = _NAMED.sub(r"%(\1)s", _pg_functions(pg))


class HotSql(Sql):
    """A statement of the hot path: on PostgreSQL it is prepared, see ``fetch_texts``.

    Its text must tell of what type each parameter is (``id = :id`` does); lists are not taken.
    """

    __slots__ = ("_text", "_times", "names", "numbered")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = _pg_functions(text)
        self.names = tuple(dict.fromkeys(_NAMED.findall(text)))
        self.numbered = self._numbered_from(1)
        self._times: dict[int, str] = {}

    def times(self, count: int) -> str:
        """The same question asked ``count`` times, its parameters one set after the other; each row
        begins with the number of its set."""
        if count not in self._times:
            asked = (self._numbered_from(1 + at * len(self.names)) for at in range(count))
            parts = (f"SELECT {at}, q{at}.* FROM ({text}) q{at}" for at, text in enumerate(asked))
            self._times[count] = " UNION ALL ".join(parts)
        return self._times[count]

    def _numbered_from(self, first: int) -> str:
        places = {name: f"${number}" for number, name in enumerate(self.names, first)}
        return _NAMED.sub(lambda found: places[found[1]], self._text)


def _pg_functions(text: str) -> str:
    for lite_name, pg_name in _FUNCTIONS.items():
        text = text.replace(lite_name, pg_name)
    return text


class _OfThread(local):
    """What Django holds of this thread's connection; it stays the same when that is closed."""

    here: Any = None


_of_thread: Final = _OfThread()


def connected() -> Any:
    """This thread's connection as Django has it, open, for hot paths.

    Each look through Django's own proxy, and each call that opens what is open already, first asks
    for a running event loop, and where there is none, as always here, that costs an exception: more
    than all else of a look. Inside of a loop Django says which connection it is, and whether.
    """
    if _get_running_loop() is not None:
        found = connections[DEFAULT_DB_ALIAS]
        found.ensure_connection()
        return found
    here = _of_thread.here
    if here is None:
        here = _of_thread.here = connections[DEFAULT_DB_ALIAS]
    if here.connection is None:
        here.ensure_connection()
    return here


def _driver() -> Any:
    connection.ensure_connection()
    return connection.connection


def fetch_texts(sql: HotSql, params: Mapping[str, Any]) -> Sequence[Any] | None:
    """First row of ``sql``, its values as PostgreSQL writes them or as SQLite's driver gives them:
    integers may be text and JSON is."""
    if not is_postgres():
        return fetch_one(sql, params)
    execute, rows_of = _prepared()
    here = connected()
    with here.wrap_database_errors:
        values = [params[name] for name in sql.names]
        rows = rows_of(execute(here.connection, sql.numbered, values))
    return rows[0] if rows else None


def fetch_texts_of_each(sql: HotSql, each: Sequence[Mapping[str, Any]]) -> list[Sequence[Any]]:
    """The one row of ``sql`` for each of these parameters, in their order; of PostgreSQL, which is
    asked once. A statement that may have no row is not asked so."""
    if len(each) == 1:
        found = fetch_texts(sql, each[0])
        return [found] if found is not None else []
    execute, rows_of = _prepared()
    here = connected()
    with here.wrap_database_errors:
        values = [params[name] for params in each for name in sql.names]
        rows = rows_of(execute(here.connection, sql.times(len(each)), values))
    return [row for _, *row in sorted(rows, key=lambda row: int(row[0] or 0))]


@cache
def _prepared() -> tuple[Callable[..., Any], Callable[[Any], list[list[str | None]]]]:
    """Found once: an import inside a function costs as much as a small read of its result."""
    from .prepared import execute, rows_of

    return execute, rows_of


def fetch_one(sql: Sql, params: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """First row of ``sql``; ids go in as UUID and instants as aware datetimes on both dialects."""
    with _executed(sql, params) as cursor:
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def fetch_all(sql: Sql, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of ``sql``."""
    with _executed(sql, params) as cursor:
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def run(sql: Sql, params: Mapping[str, Any]) -> int:
    """Run a statement inside the caller's transaction; how many rows it touched."""
    with _executed(sql, params) as cursor:
        return int(cursor.rowcount)


@contextmanager
def _executed(sql: Sql, params: Mapping[str, Any]) -> Iterator[Any]:
    """The driver's own cursor after the statement; its errors are told as Django's."""
    with connection.wrap_database_errors:
        if not is_postgres():
            yield _driver().execute(sql.lite, _lite_params(params))
            return
        import psycopg

        with psycopg.Cursor(_driver()) as cursor:
            yield cursor.execute(sql.pg, params)


def _lite_params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: lite_value(value) for name, value in params.items()}


def lite_value(value: Any) -> Any:
    """As Django writes it to SQLite, so that the ORM reads the same rows."""
    kind = type(value)
    if kind is dt.datetime:
        return LITE_INSTANT[value]
    if kind is UUID:
        return value.hex
    if kind is dt.date:
        return ISO_DAY[value]
    if kind is list:
        return json.dumps([lite_value(item) for item in value])
    if kind is bool:
        return int(value)
    return value


def _lite_instant(at: dt.datetime) -> str:
    return (at if at.tzinfo is dt.UTC else at.astimezone(dt.UTC)).isoformat(" ")[:-6]


#: Instants as SQLite and as PostgreSQL take them: LITE_INSTANT[at].
LITE_INSTANT: Final = Remembered(_lite_instant)
PG_INSTANT: Final = Remembered(dt.datetime.isoformat)
ISO_DAY: Final = Remembered(dt.date.isoformat)


def pg_value(value: Any) -> Any:
    """As PostgreSQL reads it in COPY and in the text of an array."""
    kind = type(value)
    if kind is UUID:
        return value.hex
    if kind is dt.datetime:
        return PG_INSTANT[value]
    if kind is dt.date:
        return value.isoformat()
    return value


def pg_text(value: Any) -> str | None:
    """A value as PostgreSQL reads it where the statement says of what type it is."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    return _TEXT_OF[kind](value) if kind in _TEXT_OF else str(value)


_TEXT_OF: Final[dict[type, Callable[[Any], str]]] = {
    int: int.__str__,
    UUID: lambda value: value.hex,
    dt.datetime: PG_INSTANT.__getitem__,
    dt.date: dt.date.isoformat,
}


def as_uuid(value: Any) -> UUID:
    """An id as raw SQL gives it: UUID on PostgreSQL, 32 hex digits on SQLite."""
    if type(value) is UUID:
        return value
    return unchecked(int(value.replace("-", ""), 16))


def as_instant(value: Any) -> dt.datetime | None:
    """An instant as raw SQL or JSON inside SQL gives it."""
    if value is None or isinstance(value, str):
        return None if value is None else _parsed_instant(value)
    return _in_utc(value)


@lru_cache(maxsize=65_536)
def _parsed_instant(text: str) -> dt.datetime:
    return _in_utc(dt.datetime.fromisoformat(text))


def _in_utc(at: dt.datetime) -> dt.datetime:
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def as_day(value: Any) -> dt.date | None:
    if value is None or isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(value)


def as_json(value: Any) -> Any:
    """A JSON column of raw SQL: parsed already by PostgreSQL's driver, text on SQLite."""
    return json.loads(value) if isinstance(value, str) else value


class LostRace(Exception):
    """Somebody else changed what was seen; gather again."""


@contextmanager
def write_transaction() -> Iterator[None]:
    """A transaction that, on SQLite, holds the write lock from its first statement on."""
    with transaction.atomic():
        yield


def retrying(
    attempt: Callable[[], T], *, tries: int = 12, queue: str | tuple[object, ...] | None = None
) -> T:
    """Run ``attempt`` until it is not beaten by another writer; then Contention (409).

    Whoever lost ``_PATIENCE`` times stands in the ``queue`` of that name, where there is one (a
    member, say): losers then take turns, and only newcomers can still beat one of them. The parts
    of a name are joined only where somebody has to stand.
    """
    for number in range(tries):
        try:
            if queue is None or number < _PATIENCE or not is_postgres():
                return attempt()
            name = queue if isinstance(queue, str) else "|".join(map(str, queue))
            with _standing_in(name):
                return attempt()
        except (LostRace, IntegrityError, OperationalError) as error:
            if isinstance(error, OperationalError) and not _is_transient(error):
                raise
            if number + 1 == tries:
                break
            time.sleep(random.uniform(0, 0.002 * (number + 1) ** 2))  # noqa: S311
    raise Contention("Others are writing to the same member just now; send it again.")


_PATIENCE: Final = 3


@contextmanager
def _standing_in(queue: str) -> Iterator[None]:
    number = int.from_bytes(sha256(queue.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def _is_transient(error: OperationalError) -> bool:
    text = str(error).lower()
    return "locked" in text or "deadlock" in text or "serialize" in text
