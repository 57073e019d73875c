"""Postings and what they did to lots, month by month; a month that has them all is left alone.

Postings are only ever added, and when lots were earned and expire never changes: a month's file
that has as many postings as the books has every one, and its moves are told. Whose postings they
are may change: the file notes which members were merged when it was written. Months are those of
the instant in UTC, so that one count of the books tells all of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.infra.db import Sql, fetch_all
from regulars.kernel.periods import add_months, day_start

from .extracts import Extract, integer, plain
from .facts_schema import Dataset, arrow_schema
from .lot_moves import CREDITS, DEBITS, IN_MONTHS

FILE: Final = "facts.parquet"
_UTC: Final = ZoneInfo("UTC")
_POSTINGS: Final = Extract(
    {
        "member_id": plain("p.member_id"),
        "account": integer("p.account"),
        "at": plain("p.at"),
        "amount": integer("p.amount"),
        "kind": plain("p.kind"),
    },
    f"FROM ledger_posting p WHERE p.merchant_id = :merchant_id {IN_MONTHS}",
)
_COUNTS: Final = Sql(
    "SELECT substr(at || '', 1, 7), count(*) FROM ledger_posting "
    "WHERE merchant_id = :merchant_id GROUP BY 1"
)
_MERGES: Final = b"merges"
#: So many rows of a month wait to be written together.
_GROUP_ROWS: Final = 20_000


#: What a dataset is made of, and how: rows as the books have them in, rows with their month out.
WorkOut = Callable[[Dataset, pa.Table], pa.Table]
_EXTRACTS: Final[Mapping[Dataset, tuple[Extract, ...]]] = {
    "postings": (_POSTINGS,),
    "lot_moves": (CREDITS, DEBITS),
}


class Postings:
    """The writing of those months of a merchant's postings and moves that ``folder`` lacks.

    ``members`` are all of the merchant, each with who carries on for them.
    """

    def __init__(self, folder: Path, merchant_id: int, members: pa.Table) -> None:
        self._folder = folder
        self._merges = _digest(members)
        self._of = {"merchant_id": merchant_id}
        counts = {month: int(count) for month, count in fetch_all(_COUNTS, self._of)}
        self._drop_all_but(counts)
        self.months = sorted(month for month, n in counts.items() if not self._has(month, n))

    def write(self, work_out: WorkOut) -> None:
        """Write them."""
        if not self.months:
            return
        first, last = (date.fromisoformat(f"{self.months[end]}-01") for end in (0, -1))
        bounds = {"since": day_start(first, _UTC), "until": day_start(add_months(last, 1), _UTC)}
        for dataset, extracts in _EXTRACTS.items():
            with ExitStack() as open_files:
                files = {month: self._file(dataset, month, open_files) for month in self.months}
                for extract in extracts:
                    for rows in extract.tables({**self._of, **bounds}):
                        _share_out(work_out(dataset, rows), files)
                for file in files.values():
                    file.flush()

    def _drop_all_but(self, months: Mapping[str, int]) -> None:
        for dataset in _EXTRACTS:
            for path in (self._folder / dataset).glob("month=*"):
                if path.name.removeprefix("month=") not in months:
                    shutil.rmtree(path)

    def _has(self, month: str, count: int) -> bool:
        try:
            found = pq.read_metadata(self._path("postings", month))
        except FileNotFoundError:
            return False
        if not self._path("lot_moves", month).exists():
            return False
        noted = (found.metadata or {}).get(_MERGES)
        return bool(found.num_rows == count and noted == self._merges)

    def _path(self, dataset: Dataset, month: str) -> Path:
        return self._folder / dataset / f"month={month}" / FILE

    def _file(self, dataset: Dataset, month: str, open_files: ExitStack) -> _Month:
        path = self._path(dataset, month)
        path.parent.mkdir(parents=True, exist_ok=True)
        # It may be a link into the export before, which others are reading.
        path.unlink(missing_ok=True)
        schema = arrow_schema(dataset).with_metadata({_MERGES: self._merges})
        return _Month(open_files.enter_context(pq.ParquetWriter(path, schema, compression="zstd")))


class _Month:
    """One file that is written a group of rows at a time."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._waiting: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        if sum(table.num_rows for table in self._waiting) >= _GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            rows = pa.concat_tables(self._waiting)
            self._writer.write_table(rows.cast(self._writer.schema))
            self._waiting = []


def _share_out(rows: pa.Table, files: Mapping[str, _Month]) -> None:
    for month in pc.unique(rows["month"]).to_pylist():
        if month in files:
            own = rows.filter(pc.equal(rows["month"], month))
            files[month].add(own.drop_columns("month"))


def _digest(members: pa.Table) -> bytes:
    """Of who carries on for whom; the same however they are read."""
    merged = members.filter(pc.not_equal(members["id"], members["carrier"]))
    pairs = zip(merged["id"].to_pylist(), merged["carrier"].to_pylist(), strict=True)
    return sha256("".join(sorted(f"{own} {carrier}\n" for own, carrier in pairs)).encode()).digest()
