"""Where the expressions run: DuckDB on this machine, or Spark on as many as there are.

An engine opens a merchant's facts as ``FactTables``; the expressions and the reports on them do
not know which it is. Spark is an extra (``regulars[spark]``, and Java): see docs/how-to/spark.md.
"""

from __future__ import annotations

from typing import Literal, cast

from django.conf import settings

Engine = Literal["duckdb", "spark"]


def chosen() -> Engine:
    """The engine that reports asked by name are to run on; the settings know it is one."""
    return cast(Engine, settings.ANALYTICS_ENGINE)
