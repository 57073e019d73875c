"""A standalone Spark cluster on this machine: a master and workers, on loopback, bounded."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

HOST = "127.0.0.1"
WORKERS = 2
CORES_EACH = 1
MEMORY_EACH = "1g"
STARTS_WITHIN_SECONDS = 120
STOPS_WITHIN_SECONDS = 20
ANSWERS_WITHIN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where applications are handed in, and where the master tells about itself."""

    master: str
    told_at: str

    def told(self) -> dict[str, Any]:
        """What the master says: its workers and the applications on them."""
        told: dict[str, Any] = json_of(f"{self.told_at}/json/")
        return told

    def alive(self) -> list[dict[str, Any]]:
        return [worker for worker in self.told()["workers"] if worker["state"] == "ALIVE"]


def json_of(address: str) -> Any:
    with urlopen(address, timeout=ANSWERS_WITHIN_SECONDS) as answer:
        return json.load(answer)


def defaults(folder: Path) -> Path:
    """``folder`` with the settings of a small cluster, as SPARK_CONF_DIR."""
    settings = {
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": "1g",
        "spark.executor.memory": MEMORY_EACH,
        "spark.executor.cores": str(CORES_EACH),
        # Facts of this size need no more pieces than there are cores.
        "spark.sql.shuffle.partitions": str(WORKERS * CORES_EACH),
        # Nothing is worked out before every worker is there.
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "60s",
        "spark.log.level": "ERROR",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    (folder / "spark-defaults.conf").write_text(lines)
    return folder


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A master and two workers, their logs and work in ``folder``; stopped at the end whatever
    happens, and nothing else is.

    Raises RuntimeError where they are not up in time.
    """
    port, shown = _free_port(), _free_port()
    cluster = Cluster(f"spark://{HOST}:{port}", f"http://{HOST}:{shown}")
    with ExitStack() as started:
        master = f"master.Master --host {HOST} --port {port} --webui-port {shown}"
        started.enter_context(_daemon(folder, "master", master.split()))
        _until("the master answers", cluster.told)
        for number in range(1, WORKERS + 1):
            worker = (
                f"worker.Worker --host {HOST} --webui-port {_free_port()} --cores {CORES_EACH} "
                f"--memory {MEMORY_EACH} --work-dir {folder / f'worker-{number}'} {cluster.master}"
            )
            started.enter_context(_daemon(folder, f"worker-{number}", worker.split()))
        _until("every worker is there", lambda: len(cluster.alive()) == WORKERS)
        yield cluster


@contextmanager
def _daemon(folder: Path, name: str, words: list[str]) -> Iterator[None]:
    spec = find_spec("pyspark")
    assert spec is not None, "pyspark is not installed"
    assert spec.origin is not None
    home = Path(spec.origin).parent
    kind, *options = words
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *options],
            env={**os.environ, **_environment(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            _stop(process)


def _environment(home: Path) -> Mapping[str, str]:
    # The pages of master and worker stay on loopback too.
    return {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m"}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and the executors that it started; they share a process group of their own."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
            process.wait(STOPS_WITHIN_SECONDS)
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue
        # The one that was started is gone; an executor of it may not be yet.
        time.sleep(0.2)


def _until(what: str, ready: Any) -> None:
    stop = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < stop:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"not within {STARTS_WITHIN_SECONDS} s: {what}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
