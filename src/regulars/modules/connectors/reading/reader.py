"""What order files and refund files have in common once they are open."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from .fields import Field
from .profiles import Profile, detect, require_certain
from .sieve import Grouping, Sieve
from .table import Table, damage_told
from .types import Preview, RowError


class ReadFile(ABC):
    """A file that has been read and judged; pieces and errors are served from scratch files."""

    preview: Preview

    def __init__(
        self,
        path: Path,
        *,
        profiles: Sequence[Profile],
        profile: str,
        columns: Mapping[str, str] | None,
        fields: Sequence[Field],
        grouping: Grouping,
        zone: ZoneInfo,
        piece_groups: int,
    ) -> None:
        self._piece_groups = piece_groups
        self._table = Table(path)
        try:
            wanted = profiles[0].name if columns and profile == "auto" else profile
            found = detect(self._table.header, profiles, wanted=wanted, chosen=columns)
            require_certain(found, automatic=wanted == "auto")
            self.preview = self._table.preview(found)
            with damage_told():
                self._sieve = Sieve(
                    self._table,
                    found,
                    fields=fields,
                    grouping=grouping,
                    zone=zone,
                )
                self._prepared(self._sieve)
                self._groups = int(self._sieve.one("SELECT count(*) FROM groups")[0])
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def piece_count(self) -> int:
        """How many pieces the file comes in; 0 where nothing is accepted."""
        return -(-self._groups // self._piece_groups)

    def errors(self, limit: int = 100) -> list[RowError]:
        """The first ``limit`` rejected rows by row number, each with its first problem."""
        with damage_told():
            return self._sieve.errors(limit)

    def write_rejected(self, path: Path) -> int:
        """Write the rejected rows to ``path`` as CSV for a spreadsheet; how many there are."""
        with damage_told():
            return self._sieve.write_rejected(path)

    def close(self) -> None:
        """Let go of the scratch files; harmless when repeated."""
        self._table.close()

    @abstractmethod
    def _prepared(self, sieve: Sieve) -> None:
        """Draw from the judged rows what the file tells besides its pieces."""

    def _source_facts(self, sieve: Sieve) -> dict[str, Any]:
        scan = self._table.scan
        return {
            "kind": scan.kind,
            "profile": sieve.found.profile.name,
            "encoding": self._table.encoding,
            "delimiter": self._table.delimiter,
            "sha256": scan.sha256,
            "size_bytes": scan.size_bytes,
            "rows": sieve.rows,
            "rejected_rows": sieve.rejected_by_code(),
        }

    def _slice(
        self, number: int, *, groups: str, lines: str
    ) -> tuple[list[list[Any]], list[list[Any]]]:
        """Columns of the groups of one piece, their line starts last, and of their lines."""
        first = number * self._piece_groups
        span = [first, first + self._piece_groups - 1]
        heads = self._columns(
            f"SELECT {groups}, lines FROM groups WHERE seq BETWEEN ? AND ? ORDER BY seq",
            span,
        )
        starts = [0]
        for count in heads.pop():
            starts.append(starts[-1] + count)
        heads.append(starts)
        return heads, self._columns(
            f"SELECT {lines} FROM lines WHERE seq BETWEEN ? AND ? ORDER BY seq, row",
            span,
        )

    def _columns(self, query: str, span: list[int]) -> list[list[Any]]:
        answer = self._sieve.connection.execute(query, span).to_arrow_table()
        return [column.to_pylist() for column in answer.columns]

    def _batches(self, query: str, batch: int) -> Iterator[list[tuple[Any, ...]]]:
        with damage_told():
            answer = self._sieve.connection.cursor().execute(query)
            rows = answer.fetchmany(batch)
        while rows:
            yield rows
            with damage_told():
                rows = answer.fetchmany(batch)
