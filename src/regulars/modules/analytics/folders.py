"""Where facts lie: one folder per merchant, in it one per export, never changed once it is there.

A new export is built beside the others: what did not change is linked from the one before, then
the finished folder gets its name. Whoever still reads the one before is not disturbed; it is
removed when nobody can be reading it any more.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from regulars.infra.locking import waiting_for

_READ_FOR_SECONDS: Final = 300.0
_BUILDING: Final = "building-"
_KEPT_NAMES: Final = (".lock",)
#: What an export consists of; anything else beside it was worked out from it.
_EXPORTED: Final = (
    "orders/month=*/*.parquet",
    "lines/month=*/*.parquet",
    "postings/month=*/*.parquet",
    "lot_moves/month=*/*.parquet",
    "*.parquet",
)
#: The outbox rows whose events were still to be relayed when the export was made.
_SEEN: Final = "seen.json"
#: Which files there are and where they lie; another number where that changes.
_LAYOUT: Final = 2
#: As of when an export is, and in whose days.
_AS_OF: Final = "as_of.json"
#: Locked, shared, by whoever reads an export.
_READING: Final = ".reading"
#: Worked out from an export later, and kept beside it (see ``derived``).
DERIVED: Final = "derived"


def merchant_folder(merchant_id: int) -> Path:
    return Path(settings.HOME) / "facts" / str(merchant_id)


def export_folder(merchant_id: int, exported_at: datetime) -> Path:
    """The folder of the export that was finished at an instant."""
    return merchant_folder(merchant_id) / f"{exported_at:%Y%m%dT%H%M%S.%f}"


@contextmanager
def alone(merchant_id: int) -> Iterator[None]:
    """Only one process and thread exports a merchant's facts at a time; the others wait."""
    with waiting_for(merchant_folder(merchant_id) / ".lock"):
        yield


@contextmanager
def building(merchant_id: int, *, based_on: Path | None) -> Iterator[Path]:
    """A folder to build the next export in, with the files of ``based_on``.

    Where building fails it stays, for the next export to take over what is whole in it.
    """
    folder = merchant_folder(merchant_id) / f"{_BUILDING}{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o700)
    if based_on is not None:
        _link_all(based_on, folder)
    yield folder


def cut_off(merchant_id: int, *, keep: Path) -> list[Path]:
    """Folders of exports that never became whole, all but ``keep``, which is being built."""
    found = merchant_folder(merchant_id).glob(f"{_BUILDING}*")
    return sorted(path for path in found if path != keep)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """While a report reads an export, however long, it is not removed; none need be there."""
    try:
        lock = (folder / _READING).open("r+")
    except FileNotFoundError:  # no export, or one from before there was such a file
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def note_as_of(building_folder: Path, **told: str) -> None:
    """Keep as of when an export is beside its files, for whoever reads them without the books."""
    (building_folder / _AS_OF).write_text(json.dumps({**told, "layout": _LAYOUT}))


def is_from_before(folder: Path) -> bool:
    """Whether an export has its files where they lay before, or lacks some that there are now."""
    try:
        return bool(json.loads((folder / _AS_OF).read_text())["layout"] != _LAYOUT)
    except FileNotFoundError:
        return True


def note_seen(building_folder: Path, outbox_rows: Iterable[str]) -> None:
    """Keep which waiting events an export has seen: when they are told, nothing is stale."""
    rows = sorted(outbox_rows)
    if rows:
        (building_folder / _SEEN).write_text(json.dumps(rows))


@lru_cache(maxsize=64)
def seen_in(folder: Path) -> frozenset[str]:
    """The outbox rows of events that an export saw before they were told."""
    try:
        return frozenset(json.loads((folder / _SEEN).read_text()))
    except FileNotFoundError:
        return frozenset()


def finish(building_folder: Path, folder: Path) -> None:
    """Give a built export its name, once all of it is on the disk."""
    for pattern in _EXPORTED:
        for path in building_folder.glob(pattern):
            if path.stat().st_nlink == 1:
                sync(path)
    for note in (_SEEN, _AS_OF):
        if (building_folder / note).exists():
            sync(building_folder / note)
    (building_folder / _READING).touch(mode=0o600)
    sync(building_folder)
    building_folder.rename(folder)
    sync(folder.parent)


def sweep(merchant_id: int, *, keep: Path) -> None:
    """Remove the exports that nobody reads any more, and what cut-off ones left behind."""
    latest = time.time() - _READ_FOR_SECONDS
    for path in merchant_folder(merchant_id).iterdir():
        if path == keep or path.name in _KEPT_NAMES:
            continue
        if path.name.startswith(_BUILDING) or _is_over(path, latest):
            shutil.rmtree(path, ignore_errors=True)


def _is_over(folder: Path, latest: float) -> bool:
    """Whether nobody reads an export, and whoever was about to has had the time to begin."""
    if folder.stat().st_mtime >= latest:
        return False
    try:
        with (folder / _READING).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass
    return True


def derived(folder: Path, name: str, work_out: Callable[[Path], None]) -> Path:
    """The file ``name`` that belongs to an export: there already, or worked out now.

    ``work_out`` writes to the path it is given. Two at once do the same work; one of them stays.
    """
    path = folder / DERIVED / name
    if path.exists():
        return path
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{time.monotonic_ns()}")
    try:
        work_out(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _link_all(source: Path, target: Path) -> None:
    for pattern in _EXPORTED:
        for path in source.glob(pattern):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.hardlink_to(path)
            except OSError:  # a file system without links
                shutil.copy2(path, place)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
