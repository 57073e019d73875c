"""What every engine gives: a merchant's fact tables, and the rows of an expression on them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from regulars.modules.analytics.facts_schema import PATTERNS, SCHEMAS, Dataset

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactTables(ABC):
    """The fact tables of one open connection; good until the ``with`` block ends."""

    root: Path
    #: The Ibis backend.
    connection: Any

    def table(self, dataset: Dataset) -> Table:
        """``dataset`` with the columns of its schema; a dataset never exported has no rows."""
        files = sorted(self.root.glob(PATTERNS[dataset]))
        if not files:
            return self.given(dataset, SCHEMAS[dataset].to_pyarrow().empty_table())
        return self._read(dataset, files)

    @abstractmethod
    def _read(self, dataset: Dataset, files: Sequence[Path]) -> Table:
        """The rows of Parquet ``files``, at least one, with the columns of their schema."""

    @abstractmethod
    def keep(self, name: str, expression: Table) -> Table:
        """Work ``expression`` out once, under ``name``, for the questions that build on it."""

    @abstractmethod
    def given(self, name: str, rows: pa.Table) -> Table:
        """A table of ``rows`` that no fact file has, for joins with a handful of them."""

    @abstractmethod
    def rows(self, expression: Table) -> list[Row]:
        """The rows of ``expression`` as plain Python values."""

    def stretches(self, name: str, stretches: Mapping[str, tuple[date, date]]) -> Table:
        """A table of ``stretch``, ``first_day`` and ``last_day``: a few stretches by name."""
        ends = list(stretches.values())
        columns = {
            "stretch": pa.array(list(stretches), type=pa.string()),
            "first_day": pa.array([first for first, _last in ends], type=pa.date32()),
            "last_day": pa.array([last for _first, last in ends], type=pa.date32()),
        }
        return self.given(name, pa.table(columns))

    def days(self, name: str, days: Sequence[date]) -> Table:
        """A table of one column ``day``."""
        return self.given(name, pa.table({"day": pa.array(days, type=pa.date32())}))
