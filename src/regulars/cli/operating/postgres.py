"""PostgreSQL's own tools, which must be there: pg_dump out, pg_restore in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from regulars.cli.frame import Refused

from .words import tell

_LOOK_SECONDS: Final = 0.2
_TOLD_LINES: Final = 3
#: Of the options of DATABASE_URL, those that are Django's and not libpq's.
_NOT_LIBPQ: Final = frozenset(
    {"prepare_threshold", "pool", "server_side_binding", "isolation_level"}
)
Move = Callable[[int, "int | None"], None]


def dump(target: Path, *, snapshot: str, schema: str, move: Move) -> None:
    """Write everything of ``schema``, as of a snapshot somebody holds open, in custom format."""
    command = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}"]
    command += [f"--snapshot={snapshot}", f"--file={target}", *_place()]

    def look() -> None:
        if target.exists():
            move(target.stat().st_size, None)

    _run("pg_dump", command, look)


def load(source: Path, *, schema: str) -> None:
    """Load a dump into an empty ``schema``, all of it or nothing."""
    command = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    command += [f"--schema={schema}", *_place(), str(source)]
    _run("pg_restore", command, lambda: None)


def current_schema() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
    return str(schema)


def is_empty(schema: str) -> bool:
    """Whether nothing stands in a schema."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE n.nspname = %s)",
            [schema],
        )
        (empty,) = cursor.fetchone()
    return bool(empty)


def move_aside(schema: str, name: str) -> None:
    """Give everything in ``schema`` the new home ``name``, and make the schema anew, empty.

    Raises Refused where somebody is using it.
    """
    from django.db import OperationalError, connection, transaction

    quote = connection.ops.quote_name
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            (others,) = cursor.fetchone()
            if others:
                text = "{others} others are connected to the database: stop `regulars serve` first."
                raise Refused(tell(text, others=others))
            cursor.execute(f"ALTER SCHEMA {quote(schema)} RENAME TO {quote(name)}")
            cursor.execute(f"CREATE SCHEMA {quote(schema)}")
    except OperationalError as error:
        raise Refused(str(error).splitlines()[0]) from error


def _place() -> list[str]:
    """Where the database is, without the password: command lines are for all to read."""
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    given: dict[str, Any] = connection.settings_dict
    options = {k: v for k, v in given["OPTIONS"].items() if k not in _NOT_LIBPQ}
    place = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"]}
    told = {name: value for name, value in place.items() if value}
    return [f"--dbname={make_conninfo(dbname=given['NAME'], **told, **options)}"]


def _run(tool: str, command: list[str], look: Callable[[], None]) -> None:
    """Run a tool to its end, looking in now and then. Raises Refused with what it said."""
    from django.db import connection

    found = shutil.which(tool)
    if found is None:
        text = "{tool} is not installed here (Debian: apt install postgresql-client)."
        raise Refused(tell(text, tool=tool))
    password = str(connection.settings_dict["PASSWORD"])
    with subprocess.Popen(  # noqa: S603
        [found, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **({"PGPASSWORD": password} if password else {})},
    ) as process:
        said = ""
        while process.returncode is None:
            try:
                _, said = process.communicate(timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                look()
    if process.returncode:
        why = " ".join(said.strip().splitlines()[-_TOLD_LINES:]) or str(process.returncode)
        raise Refused(tell("{tool} failed: {why}", tool=tool, why=why))
