"""`make spark`: every figure of every report on DuckDB and on a Spark cluster of two workers.

Exit code 1 where one figure differs, or where the cluster's workers did not all take part. Every
figure is written to build/spark/figures.tsv; a report is one line here, and each that differs.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from spark import cluster
from spark.comparing import Figure, compared, questions
from spark.trades import LADDER, Trade

MOST_SECONDS = 2_400
SHOWN_WIDTH = 30
OUT = Path("build/spark")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m spark", description=__doc__)
    parser.add_argument("--without-demo", action="store_true", help="leave the demo year out")
    parser.add_argument(
        "--millions", type=int, help="compare no figures, but time a trade of so many orders"
    )
    parser.add_argument("--every", action="store_true", help="print every figure")
    args = parser.parse_args()
    if shutil.which("java") is None:
        _say("Spark needs Java 17 or newer (Debian: apt install openjdk-17-jre-headless)")
        return 1
    began = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    home = (OUT / "home").absolute()
    demo = not args.without_demo and args.millions is None
    if demo:
        _make_demo(home)
    with _bounded(), TemporaryDirectory(prefix="regulars-spark-") as found:
        folder = Path(found)
        _set_up(folder, home)
        with cluster.running(folder) as started:
            _say(f"\n{started.master}: {len(started.alive())} workers")
            os.environ["REGULARS_SPARK_MASTER"] = started.master
            django.setup()
            good = (
                _compare(folder, started, demo=demo, every=args.every)
                if args.millions is None
                else _time(folder, started, args.millions)
            )
    _say(f"{'equal' if good else 'NOT EQUAL'}, in {time.monotonic() - began:.0f} s")
    return 0 if good else 1


def _make_demo(home: Path) -> None:
    """The year of `make demo` in a home of its own; made once."""
    environment = {"REGULARS_HOME": str(home), "DEMO_SERVE": "0", "DATABASE_URL": ""}
    command = [sys.executable, "-m", "regulars.demo"]
    subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=MOST_SECONDS,
    )


def _set_up(folder: Path, home: Path) -> None:
    os.environ |= {
        "SPARK_CONF_DIR": str(cluster.defaults(folder)),
        "SPARK_LOCAL_IP": cluster.HOST,
        "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
        "REGULARS_HOME": str(home),
        "DATABASE_URL": "",
    }
    from regulars.config.home import make_home

    make_home()


@contextmanager
def _bounded() -> Iterator[None]:
    """Whatever hangs or is ended from outside, what was started is stopped."""

    def give_up(number: int, _frame: Any) -> None:
        raise SystemExit(f"stopped by signal {signal.Signals(number).name}")

    for ends in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(ends, give_up)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def _compare(folder: Path, started: cluster.Cluster, *, demo: bool, every: bool) -> bool:
    from regulars.modules.analytics.engines.spark import application
    from spark import trades

    makers = [trades.nothing, trades.nasty, trades.cdnow]
    figures, differ = 0, 0
    with (OUT / "figures.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(("trade", "as of", "report", "figure", "DuckDB", "Spark", "equal"))
        for trade in [*(make(folder) for make in makers), *([_demo()] if demo else [])]:
            for day in trade.days:
                _say(f"\n{trade.name}, as of {day}")
                _say(f"{'':44} {'DuckDB':>{SHOWN_WIDTH}} | {'Spark':>{SHOWN_WIDTH}} | equal")
                for name, ask in questions(day, trade.ladder).items():
                    found = compared(ask, trade.facts)
                    _tell(name, found, every=every)
                    rows = ([f.path, f.duckdb, f.spark, f.equal] for f in found)
                    writer.writerows([trade.name, day, name, *row] for row in rows)
                    figures += len(found)
                    differ += sum(not figure.equal for figure in found)
    took_part = _took_part(started, application())
    application().stop()
    _say(f"\n{figures} figures, {differ} differ; all of them in {OUT / 'figures.tsv'}")
    return not differ and took_part


def _time(folder: Path, started: cluster.Cluster, millions: int) -> bool:
    from regulars.modules.analytics.engines.spark import application
    from spark import timing

    good = True
    for line in timing.lines(timing.write_orders(folder / "millions", millions * 1_000_000)):
        _say(line)
        good = good and not line.endswith("NO")
    took_part = _took_part(started, application())
    application().stop()
    return good and took_part


def _demo() -> Trade:
    from regulars.demo import CODE, NOW
    from regulars.modules.analytics.queries import freshness
    from regulars.modules.merchants.queries import merchants

    (merchant,) = (merchant for merchant in merchants() if merchant.code == CODE)
    facts = freshness(merchant.id).facts
    last = NOW.date() - timedelta(days=1)
    return Trade("demo year (Complete Journey, simulated)", facts, (last,), LADDER)


def _tell(name: str, found: Sequence[Figure], *, every: bool) -> None:
    """One line for a report, and one for each figure at its top; those that differ in any case."""
    differ = sum(not figure.equal for figure in found)
    _say(f"{name}: {len(found)} figures, {f'{differ} DIFFER' if differ else 'all equal'}")
    for figure in found:
        top = not any(mark in figure.path for mark in ".[#") and figure.path
        if every or top or not figure.equal:
            here, there = (repr(value)[:SHOWN_WIDTH] for value in (figure.duckdb, figure.spark))
            equal = "yes" if figure.equal else "NO"
            _say(f"  {figure.path:42} {here:>{SHOWN_WIDTH}} | {there:>{SHOWN_WIDTH}} | {equal}")


def _took_part(started: cluster.Cluster, session: Any) -> bool:
    """Whether each worker ran tasks, by what the master and the application say of it."""
    context = session.sparkContext
    at = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/executors"
    executors = [one for one in cluster.json_of(at) if one["id"] != "driver"]
    _say("\nexecutor  where              tasks  failed")
    for one in executors:
        done, failed = one["completedTasks"], one["failedTasks"]
        _say(f"{one['id']:9} {one['hostPort']:18} {done:5}  {failed:6}")
    (running,) = (a for a in started.told()["activeapps"] if a["id"] == context.applicationId)
    _say(f"the master says: {running['name']} holds {running['cores']} cores")
    busy = [worker for worker in started.alive() if worker["coresused"] == cluster.CORES_EACH]
    return (
        running["cores"] == cluster.WORKERS * cluster.CORES_EACH
        and len(busy) == cluster.WORKERS
        and len({one["hostPort"] for one in executors if one["completedTasks"]}) == cluster.WORKERS
    )


if __name__ == "__main__":
    sys.exit(main())
