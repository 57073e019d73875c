"""Where the expressions run: DuckDB on this machine, or Spark on as many as there are.

An engine opens a merchant's facts as ``FactTables``; the expressions and the reports on them do
not know which it is. Spark is an extra (``regulars[spark]``, and Java): see docs/how-to/spark.md.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from django.conf import settings

Engine = Literal["duckdb", "spark"]
ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)


def chosen() -> Engine:
    """The engine that reports are to run on, as the settings say.

    Raises ValueError where they name one that is none.
    """
    for engine in ENGINES:
        if engine == settings.ANALYTICS_ENGINE:
            return engine
    known = " or ".join(ENGINES)
    raise ValueError(f"REGULARS_ANALYTICS_ENGINE must be {known}, not {settings.ANALYTICS_ENGINE}")
