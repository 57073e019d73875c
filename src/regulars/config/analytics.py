"""What reports run on, checked when the process starts rather than when one is asked for."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final

ENGINES: Final = ("duckdb", "spark")


def analytics_engine() -> str:
    """The engine that the environment names, DuckDB where it names none.

    Raises RuntimeError where there is no such engine, or it is Spark and the extra is missing.
    """
    named = os.environ.get("REGULARS_ANALYTICS_ENGINE") or ENGINES[0]
    if named not in ENGINES:
        raise RuntimeError(f"REGULARS_ANALYTICS_ENGINE must be one of {ENGINES}, not {named!r}")
    if named == "spark" and find_spec("pyspark") is None:
        raise RuntimeError("REGULARS_ANALYTICS_ENGINE=spark needs pip install 'regulars[spark]'")
    return named
