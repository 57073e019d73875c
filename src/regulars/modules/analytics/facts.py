"""A merchant's fact files, and opening them with an engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from . import folders
from .engines import Engine, duck
from .engines.tables import FactTables, Row

__all__ = ["FactTables", "Facts", "Row"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Where a merchant's fact files lie, what reads them, and how much of the machine it may take.

    ``root`` need not exist: a merchant without facts has reports of zeros. How much Spark takes
    is for its own settings to say.
    """

    root: Path
    threads: int = 2
    memory_mb: int = 512
    engine: Engine = "duckdb"

    def on(self, engine: Engine) -> Facts:
        """The same files, read by ``engine``."""
        return replace(self, engine=engine)

    @contextmanager
    def open(self) -> Iterator[FactTables]:
        """The tables, on a connection of their own that is closed at the end.

        Raises ImportError where the engine is Spark and the extra is not installed.
        """
        with folders.reading(self.root), self._opened() as tables:
            yield tables

    def _opened(self) -> AbstractContextManager[FactTables]:
        if self.engine == "spark":
            from .engines import spark  # an extra

            return spark.opened(self.root)
        return duck.opened(self.root, threads=self.threads, memory_mb=self.memory_mb)
