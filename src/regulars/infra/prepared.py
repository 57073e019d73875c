"""Statements of the hot path on PostgreSQL, prepared once a connection and sent past the cursors.

A cursor plans each execution anew in Python: it looks for placeholders, picks a dumper for every
value, drives a generator and waits. For a statement whose text never changes libpq's one call
does it all, at a third of the processor's time (docs/adr/0025-hot-statements-by-libpq.md).
Values travel as text, and the statement says of what type each is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors
from psycopg.pq import ExecStatus, TransactionStatus

#: The server knows the statement no longer (psycopg has it forget all after a rollback), or the
#: tables it was planned for have changed. Neither has done anything.
_FORGOTTEN: Final = "26000"
_STALE: Final = frozenset({_FORGOTTEN, "0A000"})
_IDLE: Final = int(TransactionStatus.IDLE)
_GOOD: Final = frozenset({int(ExecStatus.TUPLES_OK), int(ExecStatus.COMMAND_OK)})


class _Statements:
    """What one connection has sent: how often, or under which name it is prepared."""

    __slots__ = ("known", "last")

    def __init__(self) -> None:
        #: Least recently used first.
        self.known: OrderedDict[str, int | bytes] = OrderedDict()
        self.last = 0


_of_connection: WeakKeyDictionary[Any, _Statements] = WeakKeyDictionary()


def execute(driver: Any, text: str, values: Sequence[str | None]) -> Any:
    """The libpq result of a statement with ``$1`` to ``$n``.

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
            result = pg.exec_prepared(name, _encoded(values))
            if result.status in _GOOD:
                return result
            error = errors.error_from_result(result)
            if not (patience and error.sqlstate in _STALE):
                raise error
            _forget(driver, text, name, all_of_them=error.sqlstate == _FORGOTTEN)
        with psycopg.RawCursor(driver) as cursor:
            return cursor.execute(text, values, prepare=False).pgresult
    with psycopg.RawCursor(driver) as cursor:
        return cursor.execute(text, values).pgresult


def row_of(result: Any) -> list[str | None] | None:
    """The first row of a result, each value as PostgreSQL's text of it."""
    if result.ntuples == 0:
        return None
    found = [result.get_value(0, place) for place in range(result.nfields)]
    return [None if value is None else value.decode() for value in found]


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


def _encoded(values: Sequence[str | None]) -> list[bytes | None]:
    encoded = [None if value is None else value.encode() for value in values]
    # libpq would take the text up to there for all of it.
    if b"\0" in b"".join(filter(None, encoded)):
        raise psycopg.DataError("PostgreSQL text cannot contain a NUL character")
    return encoded
