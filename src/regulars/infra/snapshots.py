"""Long reads: everything as of one instant, row by row, in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from django.db import connection

from .db import Sql, _driver, _lite_params, is_postgres

_BATCH: Final = 5_000


@contextmanager
def one_snapshot() -> Iterator[None]:
    """All reads inside see the database as of one instant, and no writer waits for them.

    Nothing may be written inside. Within a transaction of the caller it adds nothing: what is read
    is then as consistent as that transaction (on SQLite always one snapshot).
    """
    if connection.in_atomic_block:
        yield
        return
    driver = _driver()
    # Not `atomic`: on SQLite it would take the write lock, on PostgreSQL see each statement's own.
    driver.execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if is_postgres() else "BEGIN DEFERRED"
    )
    try:
        yield
    finally:
        driver.execute("ROLLBACK")


def stream(sql: Sql, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as they are needed, never all at once; inside ``one_snapshot``."""
    if is_postgres():
        return _stream_pg(sql.pg, params)
    rows: Iterator[tuple[Any, ...]] = _driver().execute(sql.lite, _lite_params(params))
    return rows


def _stream_pg(text: str, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    import psycopg

    with psycopg.ServerCursor(_driver(), f"stream_{uuid4().hex}") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(text, params)
        yield from cursor


def instant_text(at: str) -> str:
    """``column || ''`` of an instant, as `show_instant` would show it.

    Long reads take instants as text: it is faster than to parse them, and every byte that was
    touched is seen. SQLite writes "2018-01-02 00:00:00", PostgreSQL adds "+00" and leaves out the
    last zeros of a fraction.
    """
    if at.endswith("+00"):
        whole, point, fraction = at[:-3].partition(".")
        at = f"{whole}.{fraction:0<6}" if point else whole
    return at.replace(" ", "T", 1) + "Z"
