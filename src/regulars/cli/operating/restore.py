"""`restore`: a backup back in place, checked byte by byte before and sum by sum after."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from regulars.cli.frame import Commands, Refused, answer, no_merchant, start
from regulars.cli.progress import bar
from regulars.config import home
from regulars.infra.clock import real_now

from . import archive, examining, inventory, postgres
from .words import tell

_DATABASE: Final = "regulars.sqlite3"
_KEYS: Final = ("REGULARS_FIELD_KEY", "REGULARS_INDEX_KEY")


def register(commands: Commands) -> None:
    verb = commands.verb(
        "restore",
        tell("put a backup back into an empty home, check it and verify every ledger"),
        _restore,
        whole_home=True,
    )
    verb.add_argument("file", type=Path, help=tell("file that `regulars backup` wrote"))
    verb.add_argument(
        "--replace",
        action="store_true",
        help=tell("this home is not empty: set what is there aside first"),
    )
    verb.add_argument(
        "--accept-other-keys",
        action="store_true",
        help=tell("the keys of the backup are lost: restore although names stay unreadable"),
    )


def _restore(args: argparse.Namespace) -> int:
    path: Path = args.file.absolute()
    if not path.is_file():
        raise Refused(tell("There is no file {path}.", path=path))
    folder = home.home()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not args.replace:
        _refuse_a_full_home(folder)
    with _staging(folder) as staged:
        archive.room_for(folder, path.stat().st_size)
        with bar(tell("unpacking")) as move:
            manifest = archive.unpack(path, staged, move=move)
        held = [merchant["code"] for merchant in manifest["merchants"]]
        if args.merchant is not None and args.merchant not in held:
            raise no_merchant(args.merchant, held)
        _check_dialect(manifest)
        brought = _use_keys(staged, replace=args.replace)
        if not args.accept_other_keys:
            _check_keys(manifest)
        start(make_home=not brought)
        _check_version(manifest)
        aside = _put_in_place(staged, folder, manifest, replace=args.replace)
        if brought:
            aside += _keep_keys(staged / archive.SECRETS)
    return _after(args, path, manifest, aside)


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder beside the database, so that putting in place is a rename; gone afterwards."""
    staged = folder / f".restore-{os.getpid()}"
    staged.mkdir(mode=0o700)
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


# ── what must hold before anything is touched ────────────────────────────────────────────


def _refuse_a_full_home(folder: Path) -> None:
    embedded = inventory.configured_dialect() == "sqlite"
    ours = [*([_DATABASE] if embedded else []), archive.IMPORTS]
    full = [name for name in ours if (folder / name).exists()]
    if full:
        text = "{home} is not empty ({full}): give an empty home, or --replace to set it aside."
        raise Refused(tell(text, home=folder, full=", ".join(full)))


def _check_dialect(manifest: dict[str, Any]) -> None:
    theirs, ours = manifest["dialect"], inventory.configured_dialect()
    if theirs != ours:
        text = "The backup is of {theirs}, this home is on {ours}: set or unset DATABASE_URL."
        raise Refused(
            tell(text, theirs=inventory.dialect_name(theirs), ours=inventory.dialect_name(ours))
        )


def _use_keys(staged: Path, *, replace: bool) -> bool:
    """Let this process use the keys in the backup; whether it does.

    What the environment gives comes first, and a home's own keys go only with ``replace``. Nothing
    is written yet: the restore may still be refused.
    """
    inside = staged / archive.SECRETS
    if not inside.exists() or (home.secrets_file().exists() and not replace):
        return False
    for name, value in json.loads(inside.read_text()).items():
        if name in home.SECRETS and not os.environ.get(name):
            os.environ[name] = value
    return True


def _check_keys(manifest: dict[str, Any]) -> None:
    ours = inventory.key_prints()
    if not all(ours.values()):
        text = (
            "The keys are not in this backup and not here: give {names} in the environment, "
            "or put the old secrets.json into {home}."
        )
        raise Refused(tell(text, names=", ".join(_KEYS), home=home.home()))
    if manifest["keys"] != ours:
        text = (
            "The keys here are not those of the backup: with other keys no name can be read, and "
            "members would be taken for strangers. Give the old {names}."
        )
        raise Refused(tell(text, names=", ".join(_KEYS)))


def _check_version(manifest: dict[str, Any]) -> None:
    unknown = sorted(set(manifest["migrations"]) - inventory.known_migrations())
    if unknown:
        text = "The backup is of a newer version ({version}): install that one first."
        raise Refused(tell(text, version=manifest["version"]))


# ── putting in place ─────────────────────────────────────────────────────────────────────


def _put_in_place(
    staged: Path, folder: Path, manifest: dict[str, Any], *, replace: bool
) -> list[str]:
    """The database and the imported files where they belong; what was set aside for them."""
    from django.db import connection

    aside: list[str] = []
    kept = folder / f"replaced-{_stamp()}"
    if manifest["dialect"] == "sqlite":
        connection.close()
        if replace:
            aside += _set_files_aside(folder, kept)
        (staged / archive.SQLITE).replace(folder / _DATABASE)
    else:
        schema = postgres.current_schema()
        if schema != manifest["schema"]:
            text = "The backup is of schema {theirs}, here it is {ours}."
            raise Refused(tell(text, theirs=manifest["schema"], ours=schema))
        if not postgres.is_empty(schema):
            if not replace:
                text = "The database is not empty: give an empty one, or --replace."
                raise Refused(tell(text))
            name = f"replaced_{_stamp().lower()}"
            postgres.move_aside(schema, name)
            aside.append(tell("schema {name} of the database", name=name))
        if replace:
            aside += _set_files_aside(folder, kept)
        with bar(tell("loading the database")) as move:
            move(0, None)
            postgres.load(staged / archive.POSTGRES, schema=schema)
    if (staged / archive.IMPORTS).is_dir():
        (staged / archive.IMPORTS).replace(folder / archive.IMPORTS)
    # The reports' facts are made of the books, and made anew where they are missing.
    shutil.rmtree(folder / "facts", ignore_errors=True)
    archive.sync(folder)
    return aside


def _keep_keys(inside: Path) -> list[str]:
    """The backup's secrets.json becomes the home's; what was set aside for it."""
    ours, aside = home.secrets_file(), []
    if ours.exists():
        kept = ours.with_name(f"secrets.replaced-{_stamp()}.json")
        ours.replace(kept)
        aside.append(str(kept))
    # Unpacked with mode 0600, as it must stay.
    inside.replace(ours)
    archive.sync(ours.parent)
    return aside


def _set_files_aside(folder: Path, kept: Path) -> list[str]:
    """Move database and imported files into ``kept``. Raises Refused while somebody uses them."""
    database = folder / _DATABASE
    if database.exists():
        try:
            # Only who is alone may leave the write-ahead log, which settles it into the file.
            with closing(sqlite3.connect(database, timeout=3)) as alone:
                alone.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            text = "Somebody uses {path} ({why}): stop `regulars serve` first."
            raise Refused(tell(text, path=database, why=error)) from error
        except sqlite3.DatabaseError:
            # It is damaged, which may be why it is replaced; it is set aside as it is.
            pass
    moved = []
    for name in (_DATABASE, f"{_DATABASE}-wal", f"{_DATABASE}-shm", archive.IMPORTS):
        if (folder / name).exists():
            kept.mkdir(mode=0o700, exist_ok=True)
            (folder / name).replace(kept / name)
            moved.append(name)
    return [str(kept)] if moved else []


# ── proving it ───────────────────────────────────────────────────────────────────────────


def _after(args: argparse.Namespace, path: Path, manifest: dict[str, Any], aside: list[str]) -> int:
    """Compare with what the backup promised, migrate, verify; 0 where everything holds."""
    from django.core.management import call_command

    counted = inventory.table_counts()
    unlike = sorted(
        name for name, rows in manifest["tables"].items() if counted.get(name, rows) != rows
    )
    call_command("migrate", verbosity=0, interactive=False)
    figures = inventory.merchant_figures()
    unlike += [
        f"merchant {before['code']}" for before in manifest["merchants"] if before not in figures
    ]
    findings = examining.books(identities=not args.accept_other_keys)
    told = {
        "file": str(path),
        "made_at": manifest["made_at"],
        "version": manifest["version"],
        "before": manifest["tables"],
        "after": counted,
        "merchants": figures,
        "unlike": unlike,
        "findings": [finding.told() for finding in findings],
        "set_aside": aside,
        "restored": not unlike and not findings,
    }
    answer(args, told, _lines(told, findings))
    return 0 if told["restored"] else 1


def _lines(told: dict[str, Any], findings: list[examining.Finding]) -> list[str]:
    lines = [f"{tell('table'):<32} {tell('backup'):>14} {tell('restored'):>14}"]
    for name, rows in sorted(told["before"].items()):
        if rows:
            lines.append(f"{name:<32} {rows:>14,} {told['after'].get(name, 0):>14,}")
    for merchant in told["merchants"]:
        points = merchant["balances"]["points"]["outstanding"]
        sealed = merchant["seal"]["seal"] if merchant["seal"] else "-"
        text = "{code}: {points} points outstanding, latest seal {seal}"
        lines.append(tell(text, code=merchant["code"], points=f"{points:,}", seal=sealed))
    lines += [
        tell("set aside: {what} (delete it when all is well)", what=w) for w in told["set_aside"]
    ]
    lines += [tell("NOT as in the backup: {what}", what=what) for what in told["unlike"]]
    lines += [finding.line() for finding in findings]
    if told["restored"]:
        lines.append(
            tell("restored and verified: everything is as it was at {at}", at=told["made_at"])
        )
    else:
        lines.append(tell("restored, but it does NOT hold: see above"))
    return lines


def _stamp() -> str:
    return real_now().strftime("%Y%m%dT%H%M%SZ")
