"""The process that serves: granian's workers and the jobs, in one process group.

Started by `regulars serve` in its own place. Knows nothing of Django; each worker loads it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from regulars.config.home import home
from regulars.infra.lifeline import PARENT

from .words import say

_WORKERS_STOP_SECONDS: Final = 6
_JOBS_STOP_SECONDS: Final = 8.0
_RESTART_SECONDS: Final = 2.0
_TARGET: Final = "regulars.config.wsgi:application"


class _Jobs:
    """The jobs' process, started again whenever it ends without being asked to."""

    def __init__(self) -> None:
        self._asked_to_stop = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    def start(self) -> None:
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def ask_to_stop(self) -> None:
        self._asked_to_stop.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(_JOBS_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _keep(self) -> None:
        command = [sys.executable, "-m", "regulars.cli", "jobs", "run"]
        while not self._asked_to_stop.is_set():
            self._process = subprocess.Popen(command)  # noqa: S603
            if self._asked_to_stop.is_set():
                self._process.terminate()
            self._process.wait()
            self._asked_to_stop.wait(_RESTART_SECONDS)


class _Server(Server):  # type: ignore[misc]
    """Asks the jobs to stop together with the workers, and never gives up on a killed worker."""

    jobs: _Jobs | None = None

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        if self.jobs is not None:
            self.jobs.ask_to_stop()
        super().signal_handler_interrupt(*args, **kwargs)

    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:
        super()._respawn_workers(*args, **kwargs)
        # Two ends of one worker soon after each other are a crash loop to granian, and the end of
        # the server. The code was checked before it started; a pause is enough.
        self.respawned_wrks.clear()
        time.sleep(0.2)


def main(host: str, port: int, workers: int, threads: int, with_jobs: bool) -> None:
    """Serve until SIGTERM or SIGINT; then stop within ten seconds."""
    os.environ[PARENT] = str(os.getpid())
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_fresh_figures())
    server = _Server(
        _TARGET,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        loop=Loops.asyncio,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=_WORKERS_STOP_SECONDS,
    )
    if with_jobs:
        server.jobs = _Jobs()
        server.on_startup(server.jobs.start)
        server.on_shutdown(server.jobs.stop)
    shown = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    text = say("serving {url} (Ctrl-C stops it)", url=shown)
    server.on_startup(lambda: print(text, file=sys.stderr, flush=True))
    server.serve()


def _fresh_figures() -> Path:
    folder = home() / "run" / f"figures-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    _host, _port, _workers, _threads, _with_jobs = sys.argv[1:]
    main(_host, int(_port), int(_workers), int(_threads), _with_jobs == "1")
