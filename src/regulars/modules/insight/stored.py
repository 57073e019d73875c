"""Forecasts as files: one Parquet per merchant and question, with what it was learnt from.

They lie in the home beside the facts. A new one replaces the old in one step, so that a reader
sees the whole of either. What can be worked out again needs no backup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings

from regulars.infra.locking import waiting_for

_KEY: Final = b"regulars.insight"
#: What the files hold; one of another form counts as not there and is made anew.
_FORM: Final = 3
#: Rows that are read together at least.
_GROUP: Final = 32_768

SortKeys = list[tuple[str, Literal["ascending", "descending"]]]
#: Beside the order in which they are shown: in that of the ids, so that the rows of one member are
#: found in one group.
BY_MEMBER: Final[Mapping[str, SortKeys]] = {"member": [("member_id", "ascending")]}


class Rows(Protocol):
    """Rows in order, of which some are asked for: a table, or what is still in a file."""

    @property
    def num_rows(self) -> int: ...
    def slice(self, offset: int, length: int) -> pa.Table: ...
    def to_batches(self, max_chunksize: int) -> Iterable[pa.RecordBatch]: ...


@dataclass(frozen=True, slots=True)
class Unread:
    """Rows in a file, read by groups of some ten thousand."""

    path: Path
    columns: list[str] | None = None

    @property
    def num_rows(self) -> int:
        found: int = pq.read_metadata(self.path).num_rows
        return found

    def slice(self, offset: int, length: int) -> pa.Table:
        """``length`` rows from the place ``offset`` on; fewer at the end."""
        with pq.ParquetFile(self.path) as file:
            groups, before, skipped = [], 0, 0
            for number in range(file.num_row_groups):
                after = before + file.metadata.row_group(number).num_rows
                if before < offset + length and offset < after:
                    groups.append(number)
                elif after <= offset:
                    skipped = after
                before = after
            return file.read_row_groups(groups, self.columns).slice(offset - skipped, length)

    def to_batches(self, max_chunksize: int) -> Iterator[pa.RecordBatch]:
        """All rows, a piece at a time."""
        with pq.ParquetFile(self.path) as file:
            yield from file.iter_batches(batch_size=max_chunksize, columns=self.columns)


@dataclass(frozen=True, slots=True)
class Stored:
    """A forecast as kept: ``about`` in plain JSON, and its rows still in the file."""

    path: Path
    about: dict[str, Any]

    @property
    def as_of(self) -> date:
        """The last day it knew of."""
        return date.fromisoformat(self.about["as_of"])

    def rows(
        self,
        columns: list[str] | None = None,
        *,
        order: str | None = None,
        least: Mapping[str, float] | None = None,
        **where: str | int | list[str] | None,
    ) -> pa.Table:
        """The rows in order, or those whose columns are as asked (one of a list), or at least so
        much; None asks nothing.

        Those of one ``member_id`` are found without reading the others.
        """
        asked: list[tuple[str, str, Any]] = [
            (name, "in" if isinstance(value, list) else "=", value)
            for name, value in where.items()
            if value is not None
        ]
        asked += [(name, ">=", value) for name, value in (least or {}).items()]
        by = "member" if where.get("member_id") else order
        found: pa.Table = pq.read_table(_by(self.path, by), columns=columns, filters=asked or None)
        return found

    def unread(self, order: str | None = None, columns: list[str] | None = None) -> Unread:
        """The rows, to be read in part."""
        return Unread(_by(self.path, order), columns)


def alone(merchant_id: int) -> AbstractContextManager[None]:
    """One forecast of a merchant is worked out at a time; whoever comes meanwhile waits."""
    return waiting_for(path_of(merchant_id, "any").with_name(".lock"))


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


def write(
    merchant_id: int,
    name: str,
    rows: pa.Table,
    about: dict[str, Any],
    *,
    orders: Mapping[str, SortKeys] | None = None,
) -> None:
    """Keep a forecast in the place of the one before, and once more in each of ``orders``: rows
    that are equal there stay as they came, and what is not known comes last."""
    path = path_of(merchant_id, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for order, keys in (orders or {}).items():
        _replace(_by(path, order), rows.take(pc.sort_indices(rows, sort_keys=keys)), about)
    _replace(path, rows, about)


def _by(path: Path, order: str | None) -> Path:
    return path if order is None else path.with_name(f"{path.stem}-by-{order}.parquet")


def _replace(path: Path, rows: pa.Table, about: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    told = json.dumps({**about, "form": _FORM}, separators=(",", ":")).encode()
    try:
        pq.write_table(
            rows.replace_schema_metadata({_KEY: told}),
            draft,
            compression="zstd",
            row_group_size=_GROUP,
        )
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
