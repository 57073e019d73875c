"""Periodic work without a broker: what is due stands in rows, a job asks for it and does it.

A module declares jobs in its ``jobs.py``; one process runs each in a thread of its own, so a long
one delays no other. Everywhere at once only one process runs a given job.
"""

from __future__ import annotations

import hashlib
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import structlog
from django.apps import apps
from django.conf import settings
from django.db import close_old_connections, connection

from .db import is_postgres

Work = Callable[[], "int | None"]
"""Does what is due; how much it did. As long as it did something it is called again at once."""

#: Where jobs and handlers are declared; the outbox brings its relay.
_ROOMS: Final = ("outbox", "handlers", "jobs")
_MAX_PAUSE_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 6.0
_log = structlog.get_logger("regulars.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every_seconds: float
    work: Work


_jobs: dict[str, Job] = {}
_stopping = threading.Event()


def periodic(*, every_seconds: float) -> Callable[[Work], Work]:
    """Declare a job. Its work must be safe to cut off anywhere and to do again."""

    def register(work: Work) -> Work:
        name = f"{work.__module__.removeprefix('regulars.')}.{work.__name__}"
        _jobs[name] = Job(name, every_seconds, work)
        return work

    return register


def load() -> dict[str, Job]:
    """Import every module's jobs and handlers; all jobs by name."""
    for app in apps.get_app_configs():
        if not app.name.startswith("regulars."):
            continue
        for room in _ROOMS:
            name = f"{app.name}.{room}"
            if find_spec(name) is not None:
                importlib.import_module(name)
    return dict(sorted(_jobs.items()))


def stopping() -> bool:
    """Whether the process is asked to stop: long work looks here between its pieces."""
    return _stopping.is_set()


def run_once() -> dict[str, int]:
    """Do everything that is due now, in this thread; how much each job did."""
    done: dict[str, int] = {}
    for job in load().values():
        done[job.name] = _drain(job)
    return done


def run_forever(stop: threading.Event) -> None:
    """Run every job at its pace until ``stop`` is set; returns within seconds of that."""
    threads = [
        threading.Thread(target=_keep_running, args=(job, stop), name=job.name, daemon=True)
        for job in load().values()
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    _stopping.set()
    deadline = time.monotonic() + _STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _keep_running(job: Job, stop: threading.Event) -> None:
    pause = job.every_seconds
    while not stop.is_set():
        try:
            _drain(job, stop)
            pause = job.every_seconds
        except Exception as error:  # a job that fails must not take the others along
            pause = min(max(pause, 1.0) * 2, _MAX_PAUSE_SECONDS)
            _log.error("job_failed", job=job.name, error=type(error).__name__, exc_info=error)
        finally:
            close_old_connections()
        stop.wait(pause)
    connection.close()


def _drain(job: Job, stop: threading.Event | None = None) -> int:
    total = 0
    with _only_one(job.name) as alone:
        while alone and not (stop and stop.is_set()):
            began = time.perf_counter()
            done = job.work() or 0
            total += done
            if not done:
                break
            _log.debug("job_ran", job=job.name, done=done, ms=_ms_since(began))
    return total


def _ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


@contextmanager
def _only_one(name: str) -> Iterator[bool]:
    """Whether this process may run the job now; nobody else may until the block ends."""
    if is_postgres():
        digest = hashlib.sha256(f"job|{name}".encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            (alone,) = cursor.fetchone()
        try:
            yield bool(alone)
        finally:
            if alone and connection.is_usable():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
        return
    with _locked_file(Path(settings.HOME) / "run" / f"{name}.lock") as alone:
        yield alone


@contextmanager
def _locked_file(path: Path) -> Iterator[bool]:
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
