"""What only the embedded database needs of a migration."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def kept_in_key_order(*tables: str) -> migrations.RunPython:
    """A migration that makes SQLite keep ``tables`` in the order of their primary key.

    Such a table is its own index: half as much to write for very many short rows whose keys rise.
    PostgreSQL has nothing of the kind. SQLite makes a table anew when a later migration alters it,
    and then forgets this: such a migration ends with ``kept_in_key_order`` again.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        _rebuild(schema_editor, tables, " WITHOUT ROWID")

    def backwards(apps: Any, schema_editor: Any) -> None:
        _rebuild(schema_editor, tables, "")

    return migrations.RunPython(forwards, backwards)


def _rebuild(schema_editor: Any, tables: tuple[str, ...], tail: str) -> None:
    connection = schema_editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT type, sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL",
                [table],
            )
            parts = cursor.fetchall()
            made = next(sql for kind, sql in parts if kind == "table")
            columns = made.removesuffix(" WITHOUT ROWID").partition("(")[2]
            cursor.execute(f'CREATE TABLE "{table}_anew" ({columns}{tail}')
            cursor.execute(f'INSERT INTO "{table}_anew" SELECT * FROM "{table}"')
            cursor.execute(f'DROP TABLE "{table}"')
            cursor.execute(f'ALTER TABLE "{table}_anew" RENAME TO "{table}"')
            for kind, sql in parts:
                if kind != "table":
                    cursor.execute(sql)
