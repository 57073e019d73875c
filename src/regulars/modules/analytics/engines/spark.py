"""Spark: the same expressions on a cluster that sees the fact files at the same path.

One Spark application per process, made when the first report asks for it: starting one takes
seconds. Each report has a session of its own in it, so that the names of two do not meet. No
Python runs on the workers: every expression is SQL there.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import ibis
import pyarrow as pa
from django.conf import settings
from ibis.backends.pyspark.datatypes import PySparkSchema
from ibis.expr.types import Table
from pyspark.sql import SparkSession

from regulars.modules.analytics.facts_schema import SCHEMAS, Dataset

from .tables import FactTables, Row

APPLICATION: Final = "regulars"
#: What the figures depend on; everything else is for spark-defaults.conf to say.
_DEPENDED_ON: Final = {
    # Numbers that do not fit are refused, not wrapped.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}
_WILDCARD: Final = re.compile(r"([\\*?{}\[\]])")
_one_at_a_time: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class SparkTables(FactTables):
    """Fact tables in a session of the Spark application."""

    #: What was made in it, by name.
    frames: dict[str, Any] = field(default_factory=dict)

    def _read(self, dataset: Dataset, files: Sequence[Path]) -> Table:
        # With a schema no worker has to look into the files first.
        paths = [_literal(file) for file in files]
        schema = PySparkSchema.from_ibis(SCHEMAS[dataset])
        return self._named(dataset, self._session.read.schema(schema).parquet(*paths))

    def keep(self, name: str, expression: Table) -> Table:
        return self._named(name, self._asked(expression).persist())

    def given(self, name: str, rows: pa.Table) -> Table:
        return self._named(name, self._session.createDataFrame(rows))

    def rows(self, expression: Table) -> list[Row]:
        # By Arrow: the way over pandas makes floats of whole numbers beside a null.
        found = self._asked(expression).toArrow().cast(expression.schema().to_pyarrow())
        rows: list[Row] = found.to_pylist()
        return rows

    @property
    def _session(self) -> Any:
        return self.connection._session

    def _asked(self, expression: Table) -> Any:
        return self.connection.raw_sql(self.connection.compile(expression))

    def _named(self, name: str, frame: Any) -> Table:
        frame.createOrReplaceTempView(name)
        self.frames[name] = frame
        return self.connection.table(name)


def _literal(file: Path) -> str:
    """The path of one file, whatever it is called: Spark takes wildcards for what they are."""
    return "file://" + _WILDCARD.sub(r"\\\1", str(file))


@contextmanager
def opened(root: Path) -> Iterator[FactTables]:
    """The tables of ``root``, in a session of their own; what it kept is dropped at the end."""
    with _one_at_a_time:
        context = application().sparkContext._jsc
        if context is None or context.sc().isStopped():
            # Its cluster ended it; the next one may be there already.
            application.cache_clear()
        session = application().newSession()
    tables = SparkTables(root, ibis.pyspark.connect(session, **_DEPENDED_ON))
    try:
        yield tables
    finally:
        for name, frame in tables.frames.items():
            frame.unpersist()
            session.catalog.dropTempView(name)


@cache
def application() -> SparkSession:
    """The Spark application of this process, on the master that the settings name."""
    builder = SparkSession.builder.appName(APPLICATION).master(settings.SPARK_MASTER)
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
