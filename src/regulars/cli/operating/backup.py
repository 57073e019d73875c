"""`backup`: one file with everything, as of one instant, while the shops go on selling."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from regulars.cli.frame import Commands, Refused, answer, check_merchant, start
from regulars.cli.progress import bar
from regulars.config import home
from regulars.infra.clock import real_now
from regulars.kernel.instants import show_instant

from . import archive, inventory, postgres
from .words import tell

_PAGES_AT_ONCE: Final = 4_096
_TOLD_TABLES: Final = (
    "merchants_merchant",
    "members_member",
    "orders_order",
    "orders_refund",
    "ledger_posting",
)


def register(commands: Commands) -> None:
    verb = commands.verb(
        "backup",
        tell("write database and imported files into one file; safe while serving"),
        _backup,
        whole_home=True,
    )
    verb.add_argument("file", type=Path, help=tell("file to write; its folder is there already"))
    verb.add_argument(
        "--with-secrets",
        action="store_true",
        help=tell("put the keys in too: whoever has the file can then read every name"),
    )


def _backup(args: argparse.Namespace) -> None:
    path: Path = args.file.absolute()
    if path.exists():
        raise Refused(tell("{path} exists: name another file.", path=path))
    if not path.parent.is_dir():
        raise Refused(tell("There is no folder {path}.", path=path.parent))
    start()
    check_merchant(args)
    manifest = take(path, with_secrets=args.with_secrets)
    for line in _about_keys(with_secrets=args.with_secrets):
        print(line, file=sys.stderr, flush=True)
    told = {"file": str(path), "bytes": path.stat().st_size, **manifest}
    rows = [
        f"{name:<20} {manifest['tables'][name]:>14,}"
        for name in _TOLD_TABLES
        if name in manifest["tables"]
    ]
    size = f"{told['bytes'] / 1e6:,.1f} MB"
    answer(args, told, [*rows, tell("written: {path} ({size})", path=path, size=size)])


def take(path: Path, *, with_secrets: bool = False) -> dict[str, Any]:
    """Write the archive at ``path``; its manifest. Raises Refused, and then there is no file.

    Everything counted and everything dumped is of one snapshot; writers never wait for it.
    """
    from regulars.infra.http.health import migrations_applied

    if not migrations_applied():
        raise Refused(tell("The database is not up to date: run `regulars migrate` first."))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".regulars-backup-") as scratch:
        now = real_now().replace(microsecond=0)
        database, promised = _dump(Path(scratch), now)
        files = _import_files()
        total = database.stat().st_size
        with (
            bar(tell("packing")) as move,
            archive.writing(path, at=now, move=move, total=total) as writer,
        ):
            writer.add_file(f"database/{database.name}", database)
            for name, file in files.items():
                # A run that was only looked at may be gone again by now.
                with suppress(FileNotFoundError):
                    writer.add_file(name, file)
            if with_secrets:
                writer.add_json(archive.SECRETS, {n: home.secret(n) for n in home.SECRETS})
            manifest = {**promised, "secrets_inside": with_secrets, "members": [*writer.members]}
            writer.add_json(archive.MANIFEST, manifest)
    return manifest


def _dump(scratch: Path, now: datetime) -> tuple[Path, dict[str, Any]]:
    """The database as one file in ``scratch``, and what the manifest promises of it."""
    from django.conf import settings
    from django.db import connection

    from regulars.infra.db import is_postgres
    from regulars.infra.snapshots import one_snapshot

    promised: dict[str, Any] = {
        "format": archive.FORMAT,
        "made_at": show_instant(now),
        "version": settings.VERSION,
        "dialect": connection.vendor,
        "keys": inventory.key_prints(),
    }
    with one_snapshot():
        promised["migrations"] = inventory.applied_migrations()
        promised["tables"] = inventory.table_counts()
        promised["merchants"] = inventory.merchant_figures()
        with bar(tell("copying the database")) as move:
            if is_postgres():
                target = scratch / Path(archive.POSTGRES).name
                promised["schema"] = postgres.current_schema()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_export_snapshot()")
                    (snapshot,) = cursor.fetchone()
                postgres.dump(target, snapshot=snapshot, schema=promised["schema"], move=move)
            else:
                target = scratch / Path(archive.SQLITE).name
                _copy_sqlite(target, move)
    return target, promised


def _copy_sqlite(target: Path, move: archive.Move) -> None:
    """SQLite's online backup. The caller's snapshot stays open on the same connection, so the
    copy is of that instant and never has to begin anew because somebody wrote."""
    import sqlite3

    from django.db import connection

    pages, page_bytes = (_pragma(name) for name in ("page_count", "page_size"))
    archive.room_for(target.parent, pages * page_bytes)
    driver: sqlite3.Connection = connection.connection
    with closing(sqlite3.connect(target)) as copy:
        driver.backup(
            copy,
            pages=_PAGES_AT_ONCE,
            progress=lambda _, left, total: move(total - left, total),
        )
        # One file, not three: the journal is settled into it.
        copy.execute("PRAGMA journal_mode=DELETE")
        faults = [row[0] for row in copy.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
    if faults:
        text = "The database itself is damaged ({why}): restore the last good backup."
        raise Refused(tell(text, why=faults[0]))


def _pragma(name: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return int(cursor.fetchone()[0])


def _import_files() -> dict[str, Path]:
    """By the name in the archive, every file of every import run."""
    folder = home.home() / archive.IMPORTS
    return {
        f"{archive.IMPORTS}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.glob("*/*/*"))
        if path.is_file() and not path.is_symlink()
    }


def _about_keys(*, with_secrets: bool) -> list[str]:
    if with_secrets:
        return [
            tell("WARNING: this file holds the keys and so every name in it. Guard it like a key.")
        ]
    return [
        tell(
            "WARNING: the keys are NOT in this file. Without REGULARS_FIELD_KEY and "
            "REGULARS_INDEX_KEY nobody, you included, can read a name, a phone number or an "
            "identity in it, ever."
        ),
        tell("Keep them in another place: {place}.", place=_place_of_keys()),
    ]


def _place_of_keys() -> str:
    given = [name for name in ("REGULARS_FIELD_KEY", "REGULARS_INDEX_KEY") if os.environ.get(name)]
    return ", ".join(given) if given else str(home.secrets_file())
