"""An export that was cut off is gone on with: what it had written and is still true is kept.

A first export of a large shop takes minutes, and a restart must not cost all of them. While one
is built, each mark is noted once its files are on the disk, beside what the books said when it
began. The next export takes over the files of every such mark that nothing has made stale since.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from . import folders, queries
from .marks import LEDGER, PEOPLE
from .queries import Freshness

_NOTES: Final = "progress.json"
#: Files as written by another version of this are not gone on with.
_LAYOUT: Final = 2
_LEDGER_FILES: Final = ("postings", "lot_moves", "lots.parquet")


@dataclass(frozen=True, slots=True)
class Progress:
    """What a building export has seen when it began, and which marks it has written."""

    folder: Path
    zone: str
    marks: Mapping[str, str]
    waiting: frozenset[str]
    done: set[str]

    def note(self, mark: str) -> None:
        """The files of ``mark`` are whole; tiers change with the day, so people are not noted."""
        if mark == PEOPLE:
            return
        for path in _paths(self.folder, mark):
            for file in (path, *path.rglob("*.parquet")) if path.is_dir() else (path,):
                if file.exists():
                    folders.sync(file)
        self.done.add(mark)
        draft = self.folder / f"{_NOTES}.draft"
        draft.write_text(json.dumps(self._as_json()))
        folders.sync(draft)
        draft.replace(self.folder / _NOTES)

    def forget(self) -> None:
        """Take the notes away: the export is whole."""
        (self.folder / _NOTES).unlink(missing_ok=True)

    def _as_json(self) -> dict[str, Any]:
        return {
            "layout": _LAYOUT,
            "zone": self.zone,
            "marks": dict(self.marks),
            "waiting": sorted(self.waiting),
            "done": sorted(self.done),
        }


def begun(building: Path, before: Freshness, zone: str) -> Progress:
    """The progress of an export that begins on what ``before`` says."""
    return Progress(building, zone, _written_marks(before.marks), before.waiting, set())


def take_over(progress: Progress, before: Freshness) -> frozenset[str]:
    """Move what a cut-off export of the merchant had finished into the one that begins, and tell
    which marks that were. Whatever was cut off is gone afterwards."""
    taken: set[str] = set()
    for folder in folders.cut_off(before.merchant_id, keep=progress.folder):
        found = _read(folder)
        if found is not None and found.zone == progress.zone:
            for mark in sorted(_still_true(found, before) - taken):
                _move(mark, folder, progress.folder)
                progress.note(mark)
                taken.add(mark)
        shutil.rmtree(folder, ignore_errors=True)
    return frozenset(taken)


def _still_true(found: Progress, before: Freshness) -> frozenset[str]:
    """Marks written by a cut-off export that nothing has been told of since it began.

    What was told and heard in between set the stored mark anew; what still waits to be told is
    asked for. What waited already when it began was in the books that it read.
    """
    marks = _written_marks(before.marks)
    untold = queries.untold(before.merchant_id, seen=found.waiting)
    return frozenset(
        mark
        for mark in found.done
        if mark not in untold and marks.get(mark) == found.marks.get(mark)
    )


def _written_marks(marks: Mapping[str, datetime]) -> dict[str, str]:
    return {mark: at.isoformat() for mark, at in marks.items()}


def _read(folder: Path) -> Progress | None:
    try:
        told = json.loads((folder / _NOTES).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if told.get("layout") != _LAYOUT:
        return None
    waiting, done = frozenset(told["waiting"]), set(told["done"])
    return Progress(folder, told["zone"], told["marks"], waiting, done)


def _move(mark: str, source: Path, target: Path) -> None:
    for old, new in zip(_paths(source, mark), _paths(target, mark), strict=True):
        if new.is_dir():
            shutil.rmtree(new)
        new.unlink(missing_ok=True)
        # A month whose last order went away has no files.
        if old.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            os.replace(old, new)


def _paths(folder: Path, mark: str) -> list[Path]:
    if mark == LEDGER:
        return [folder / name for name in _LEDGER_FILES]
    return [folder / name / f"month={mark}" for name in ("orders", "lines")]
