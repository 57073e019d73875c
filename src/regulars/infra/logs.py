"""Logs: one JSON line per happening, and no personal data by construction.

Only known keys with plain values are written; a message is a fixed word, never a formatted text,
so what a library puts into its arguments (paths, values, rows) stays out. An exception is told by
its class and its frames without its message, since database errors quote whole rows.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

#: The whole vocabulary of a log line. A key outside of it is dropped and named in ``dropped``.
KNOWN_KEYS: Final = frozenset(
    {
        "at",
        "level",
        "logger",
        "event",
        "request_id",
        "method",
        "route",
        "status",
        "ms",
        "merchant",
        "audience",
        "job",
        "done",
        "row",
        "run",
        "attempts",
        "error",
        "frames",
        "retry_in_seconds",
        "kind",
        "port",
        "workers",
        "rows",
        "orders",
        "dropped",
    }
)
_FRAMES: Final = 12


def configure(*, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send everything, structlog's and the standard library's, as JSON lines to ``stream``."""
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, _exception, _only_known],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines(stream),
        cache_logger_on_first_use=False,
    )
    handler = _Standard()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("django", "django.request", "django.server", "django.security", "axes"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class _Lines:
    """Makes structlog write finished JSON lines, unbuffered, to standard error by default."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __call__(self, *names: str) -> _Lines:
        return self

    def _write(self, **line: Any) -> None:
        print(json.dumps(line), file=self._stream or sys.stderr, flush=True)

    debug = info = warning = error = critical = exception = msg = _write


class _Standard(logging.Handler):
    """The standard library's records: who, how grave and which message, without its arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "django.request" and not record.exc_info:
            return  # the request's own line tells it, without the path
        log = structlog.get_logger()
        told: dict[str, Any] = {"logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            told |= {"error": record.exc_info[1].__class__.__name__, "exc_info": record.exc_info}
        template = str(record.msg) if record.args else record.name
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write(template, **told)


def _exception(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[1] is not None:
        line.setdefault("error", type(found[1]).__name__)
        line["frames"] = _frames(found[2])
    return line


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(path: str) -> str:
    return "/".join(path.rsplit("/", 3)[1:])


def _only_known(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    line["at"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kept = {
        key: line[key]
        for key in sorted(KNOWN_KEYS & line.keys())
        if key == "frames" or isinstance(line[key], str | int | float | None)
    }
    dropped = sorted(line.keys() - kept.keys())
    if dropped:
        kept["dropped"] = " ".join(dropped)
    return kept
