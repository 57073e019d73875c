"""Homes of their own, driven by the command line in a process: on SQLite, or on PostgreSQL in a
database of its own where DATABASE_URL is set."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from makers.merchants import unique

TESTS = Path(__file__).parents[1]
POSTGRES = os.environ.get("DATABASE_URL", "")


class Home:
    """A folder with the environment that makes it the home of every command run through it."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder, self.database_url = folder, database_url
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("REGULARS_", "DJANGO_"))}
        for gone in ("DATABASE_URL", "LANG", "LC_ALL", "LC_MESSAGES"):
            kept.pop(gone, None)
        self.env = {
            **kept,
            "REGULARS_HOME": str(folder),
            "PYTHONPATH": f"{TESTS.parent / 'src'}{os.pathsep}{TESTS}",
            **({"DATABASE_URL": database_url} if database_url else {}),
        }

    def run(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """`regulars` with these words; it must end with ``code``."""
        return self._run(["-m", "regulars.cli", *words], code, env)

    def told(self, *words: str, code: int = 0, **env: str) -> Any:
        """The JSON that a command told."""
        return json.loads(self.run(*words, "--json", code=code, **env).stdout)

    def play(self) -> None:
        """Open a small shop here: see ``makers.small_shop``."""
        self._run(["-m", "makers.small_shop"], 0, {"DJANGO_SETTINGS_MODULE": _SETTINGS})

    def _run(
        self, words: list[str], code: int, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *words],
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a query on the home's database finds."""
        with self._connected() as line:
            return [tuple(row) for row in line.execute(statement).fetchall()]

    def tamper(self, *statements: str) -> None:
        """Change rows as somebody with the database's own password could: without the triggers."""
        with self._connected() as line:
            if self.database_url:
                line.execute("SET session_replication_role = replica")
            else:
                found = line.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (name,) in found.fetchall():
                    line.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert line.execute(statement).rowcount >= 1, statement
            line.commit()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self.database_url:
            import psycopg

            line: Any = psycopg.connect(self.database_url)
        else:
            import sqlite3

            line = sqlite3.connect(self.folder / "regulars.sqlite3")
        try:
            yield line
        finally:
            line.close()

    def copy(self, folder: Path) -> Home:
        """The same home once more, elsewhere."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("replaced-*"))
        if not self.database_url:
            return Home(folder)
        return Home(folder, _new_database(template=_name_of(self.database_url)))


@cache
def small_shop() -> Home:
    """A home with a small shop in it, made once for the whole run: copy it, never change it."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-shop-"))
    home = new_home(folder / "home")
    atexit.register(lambda: (drop(home), shutil.rmtree(folder, ignore_errors=True)))
    home.run(
        *("init", "--merchant", "tea", "--currency", "CNY", "--timezone", "Asia/Shanghai"),
        *("--template", "shop"),
    )
    home.play()
    # What waits is told, or a slow run of the tests would find it waiting for long.
    home.run("jobs", "run", "--once")
    home.run("jobs", "run", "--once")
    return home


def new_home(folder: Path) -> Home:
    """An empty home: no folder yet, and on PostgreSQL an empty database."""
    return Home(folder, _new_database() if POSTGRES else "")


def drop(*homes: Home) -> None:
    """Remove the databases of homes."""
    for home in homes:
        if home.database_url:
            _on_the_server(f'DROP DATABASE IF EXISTS "{_name_of(home.database_url)}" WITH (FORCE)')


_SETTINGS = "regulars.config.settings"


def _new_database(template: str = "template1") -> str:
    name = unique("regulars_home").replace("-", "_")
    _on_the_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))


def _name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _on_the_server(statement: str) -> None:
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as line:
        line.execute(statement)
