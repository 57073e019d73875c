"""Forecasts as files: one Parquet per merchant and question, with what it was learnt from.

They lie in the home beside the facts. A new one replaces the old in one step, so that a reader
sees the whole of either. What can be worked out again needs no backup.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

_KEY: Final = b"regulars.insight"
#: What the files hold; one of another form counts as not there and is made anew.
_FORM: Final = 2


@dataclass(frozen=True, slots=True)
class Stored:
    """A forecast as kept: ``about`` in plain JSON, and its rows still in the file."""

    path: Path
    about: dict[str, Any]

    @property
    def as_of(self) -> date:
        """The last day it knew of."""
        return date.fromisoformat(self.about["as_of"])

    def rows(self, columns: list[str] | None = None) -> pa.Table:
        """The rows; none where it abstained."""
        return pq.read_table(self.path, columns=columns)


def path_of(merchant_id: int, name: str) -> Path:
    """Where a merchant's forecast ``name`` lies."""
    return Path(settings.HOME) / "insight" / str(merchant_id) / f"{name}.parquet"


def read(merchant_id: int, name: str) -> Stored | None:
    """The forecast ``name``, or None where there is none yet, or none of this form."""
    path = path_of(merchant_id, name)
    try:
        metadata = pq.read_schema(path).metadata or {}
    except FileNotFoundError:
        return None
    about = json.loads(metadata[_KEY])
    return Stored(path, about) if about.get("form") == _FORM else None


def write(merchant_id: int, name: str, rows: pa.Table, about: dict[str, Any]) -> None:
    """Keep a forecast in the place of the one before."""
    path = path_of(merchant_id, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    told = json.dumps({**about, "form": _FORM}, separators=(",", ":")).encode()
    try:
        pq.write_table(rows.replace_schema_metadata({_KEY: told}), draft, compression="zstd")
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
