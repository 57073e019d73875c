"""Statements of the hot path on PostgreSQL, prepared once a connection and sent past the cursors.

A cursor plans each execution anew in Python: it looks for placeholders, picks a dumper for every
value, drives a generator and waits. For a statement whose text never changes libpq's one call
does it all, at a third of the processor's time (docs/adr/0025-hot-statements-by-libpq.md).
The statement says of what type each value is: ids, instants and days travel as the server keeps
them, which costs both sides a fraction of their text; all else as text.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import call
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.pq import ExecStatus, TransactionStatus

from .db import pg_text

#: The server knows the statement no longer (psycopg has it forget all after a rollback), or the
#: tables it was planned for have changed. Neither has done anything.
_FORGOTTEN: Final = "26000"
_STALE: Final = frozenset({_FORGOTTEN, "0A000"})
_IDLE: Final = int(TransactionStatus.IDLE)
_GOOD: Final = frozenset({int(ExecStatus.TUPLES_OK), int(ExecStatus.COMMAND_OK)})
#: What travels as the server keeps it: 16 bytes; microseconds, and days, since the year 2000.
_BINARY: Final = frozenset({UUID, dt.datetime, dt.date})
_EPOCH: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_FIRST_DAY: Final = _EPOCH.toordinal()
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class _Statements:
    """What one connection has sent: how often, or under which name it is prepared."""

    __slots__ = ("known", "last")

    def __init__(self) -> None:
        #: Least recently used first.
        self.known: OrderedDict[str, int | bytes] = OrderedDict()
        self.last = 0


_of_connection: WeakKeyDictionary[Any, _Statements] = WeakKeyDictionary()


def execute(driver: Any, text: str, values: Sequence[object]) -> Any:
    """The libpq result of a statement with ``$1`` to ``$n``: texts, integers, ids, aware instants,
    days, None.

    In autocommit it is prepared once it was sent ``prepare_threshold`` times (never where that is
    None), at most ``prepared_max`` of them a connection. A transaction is a cursor's affair: one
    has to be begun, and a statement that the server forgot cannot be sent again inside one.
    Raises what psycopg's own cursors raise.
    """
    pg = driver.pgconn
    if driver.autocommit and pg.transaction_status == _IDLE:
        for patience in (True, False):
            name = _prepared(driver, text)
            if name is None:
                break
            result = pg.exec_prepared(name, *_encoded(values))
            if result.status in _GOOD:
                return result
            error = errors.error_from_result(result)
            if not (patience and error.sqlstate in _STALE):
                raise error
            _forget(driver, text, name, all_of_them=error.sqlstate == _FORGOTTEN)
        with psycopg.RawCursor(driver) as cursor:
            return cursor.execute(text, _texts(values), prepare=False).pgresult
    with psycopg.RawCursor(driver) as cursor:
        return cursor.execute(text, _texts(values)).pgresult


def rows_of(result: Any) -> list[list[str | None]]:
    """The rows of a result, each value as PostgreSQL's text of it."""
    places = range(result.nfields)
    rows = []
    for number in range(result.ntuples):
        found = [result.get_value(number, place) for place in places]
        rows.append([None if value is None else value.decode() for value in found])
    return rows


def _prepared(driver: Any, text: str) -> bytes | None:
    """The name under which a statement is prepared; None where it is not worth it yet."""
    statements = _of_connection.get(driver)
    if statements is None:
        statements = _of_connection[driver] = _Statements()
    known = statements.known
    found = known.get(text, 0)
    if type(found) is bytes:
        known.move_to_end(text)
        return found
    threshold = driver.prepare_threshold
    if threshold is None or driver.prepared_max == 0:
        return None
    if int(found) < threshold:
        known[text] = int(found) + 1
        _forget_oldest(driver, known)
        return None
    statements.last += 1
    name = b"hot_%d" % statements.last
    result = driver.pgconn.prepare(name, text.encode())
    if result.status not in _GOOD:
        raise errors.error_from_result(result)
    known[text] = name
    known.move_to_end(text)
    return name


def _forget(driver: Any, text: str, name: bytes, *, all_of_them: bool) -> None:
    """Prepare a statement, or each, again when it is next sent."""
    known = _of_connection[driver].known
    if not all_of_them:
        driver.pgconn.exec_(b"DEALLOCATE " + name)
    for each in list(known) if all_of_them else [text]:
        if type(known[each]) is bytes:
            known[each] = driver.prepare_threshold or 0


def _forget_oldest(driver: Any, known: OrderedDict[str, int | bytes]) -> None:
    while driver.prepared_max is not None and len(known) > driver.prepared_max:
        _, oldest = known.popitem(last=False)
        if type(oldest) is bytes:
            driver.pgconn.exec_(b"DEALLOCATE " + oldest)


def _texts(values: Sequence[object]) -> list[str | None]:
    return [pg_text(value) for value in values]


def _encoded(values: Sequence[object]) -> tuple[list[bytes | None], list[int]]:
    """The values as libpq takes them, and of each whether it is binary."""
    writers, binary, texts = _plan(tuple(map(type, values)))
    # libpq would take a text up to there for all of it.
    if "\0" in "".join([values[place] for place in texts]):  # type: ignore[misc]
        raise psycopg.DataError("PostgreSQL text cannot contain a NUL character")
    return list(map(call, writers, values)), binary


@lru_cache(maxsize=1_024)
def _plan(kinds: tuple[type, ...]) -> tuple[list[_Write], list[int], list[int]]:
    """How values of these types are written, which are binary, and where texts are: the few
    statements of the hot path come with few patterns of them."""
    writers = [_AS_BYTES.get(kind, _as_text) for kind in kinds]
    binary = [int(kind in _BINARY) for kind in kinds]
    return writers, binary, [place for place, kind in enumerate(kinds) if kind is str]


def _as_text(value: object) -> bytes:
    return str(value).encode()


def _nothing(_: object) -> None:
    return None


@lru_cache(maxsize=4_096)
def _instant(at: dt.datetime) -> bytes:
    return ((at - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


_Write = Callable[[Any], bytes | None]
_AS_BYTES: Final[dict[type, _Write]] = {
    str: str.encode,
    int: b"%d".__mod__,
    type(None): _nothing,
    UUID: lambda value: value.int.to_bytes(16, "big"),
    dt.datetime: _instant,
    dt.date: lambda day: (day.toordinal() - _FIRST_DAY).to_bytes(4, "big", signed=True),
}
