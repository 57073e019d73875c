"""The postings of the ledger as facts, month by month; a month that has them all is left alone.

Postings are only ever added, so a month's file that has as many as the books has every one. Whose
they are may change: the file notes which members were merged when it was written. Months are those
of the instant in UTC, so that one count of the books tells all of them.
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
from .facts_schema import arrow_schema
from .statements import DATASETS

FILE: Final = "facts.parquet"
_UTC: Final = ZoneInfo("UTC")
#: One statement: what it gives is a dataset's rows and the month of each.
MONTHLY: Final = f"SELECT *, strftime(\"at\", '%Y-%m') AS month FROM ({DATASETS['postings']})"
EXTRACT: Final = Extract(
    {
        "member_id": plain("member_id"),
        "account": integer("account"),
        "at": plain("at"),
        "amount": integer("amount"),
        "kind": plain("kind"),
    },
    "FROM ledger_posting WHERE merchant_id = :merchant_id AND at >= :since AND at < :until",
)
_COUNTS: Final = Sql(
    "SELECT substr(at || '', 1, 7), count(*) FROM ledger_posting "
    "WHERE merchant_id = :merchant_id GROUP BY 1"
)
_MERGES: Final = b"merges"
#: So many rows of a month wait to be written together.
_GROUP_ROWS: Final = 20_000


class Postings:
    """The writing of those months of a merchant's postings that ``folder`` does not have.

    ``members`` are all of the merchant, each with who carries on for them.
    """

    def __init__(self, folder: Path, merchant_id: int, members: pa.Table) -> None:
        self._folder = folder / "postings"
        self._merges = _digest(members)
        self._of = {"merchant_id": merchant_id}
        counts = {month: int(count) for month, count in fetch_all(_COUNTS, self._of)}
        self._drop_all_but(counts)
        self.months = sorted(month for month, n in counts.items() if not self._has(month, n))

    def write(self, work_out: Callable[[pa.Table], pa.Table]) -> None:
        """Write them; ``work_out`` makes ``MONTHLY`` out of rows as the books have them."""
        if not self.months:
            return
        first, last = (date.fromisoformat(f"{self.months[end]}-01") for end in (0, -1))
        bounds = {"since": day_start(first, _UTC), "until": day_start(add_months(last, 1), _UTC)}
        with ExitStack() as open_files:
            files = {month: self._file(month, open_files) for month in self.months}
            for rows in EXTRACT.tables({**self._of, **bounds}):
                found = work_out(rows)
                for month in pc.unique(found["month"]).to_pylist():
                    if month in files:
                        own = found.filter(pc.equal(found["month"], month))
                        files[month].add(own.drop_columns("month"))
            for file in files.values():
                file.flush()

    def _drop_all_but(self, months: Mapping[str, int]) -> None:
        for path in self._folder.glob("month=*"):
            if path.name.removeprefix("month=") not in months:
                shutil.rmtree(path)

    def _has(self, month: str, count: int) -> bool:
        try:
            found = pq.read_metadata(self._path(month))
        except FileNotFoundError:
            return False
        noted = (found.metadata or {}).get(_MERGES)
        return bool(found.num_rows == count and noted == self._merges)

    def _path(self, month: str) -> Path:
        return self._folder / f"month={month}" / FILE

    def _file(self, month: str, open_files: ExitStack) -> _Month:
        path = self._path(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        # It may be a link into the export before, which others are reading.
        path.unlink(missing_ok=True)
        schema = arrow_schema("postings").with_metadata({_MERGES: self._merges})
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


def _digest(members: pa.Table) -> bytes:
    """Of who carries on for whom; the same however they are read."""
    merged = members.filter(pc.not_equal(members["id"], members["carrier"]))
    pairs = zip(merged["id"].to_pylist(), merged["carrier"].to_pylist(), strict=True)
    return sha256("".join(sorted(f"{own} {carrier}\n" for own, carrier in pairs)).encode()).digest()
