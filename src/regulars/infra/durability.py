"""Whether the database keeps what it confirmed through a power cut."""

from __future__ import annotations

from typing import Final

from django.db import connection

from .db import is_postgres

_POSTGRES: Final = ("fsync", "full_page_writes", "synchronous_commit")
_SQLITE_FULL: Final = 2


def doubts() -> list[str]:
    """Every setting under which a confirmed write may be lost; empty where there is none."""
    with connection.cursor() as cursor:
        if not is_postgres():
            cursor.execute("PRAGMA synchronous")
            (level,) = cursor.fetchone()
            return [] if level >= _SQLITE_FULL else [f"SQLite synchronous is {level}, not FULL"]
        found = []
        for name in _POSTGRES:
            cursor.execute(f"SHOW {name}")
            (value,) = cursor.fetchone()
            if value == "off":
                found.append(f"PostgreSQL {name} is off")
    return found
