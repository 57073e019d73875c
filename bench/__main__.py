"""`make bench`: ours beside its limits, in the same minutes, as ratios.

Absolute figures wander with the machine; only ratios of one run mean anything. Each pair is run
limit, ours, limit, ours, and the median ratio told. Without a PostgreSQL (DATABASE_URL, or a
local one) its pairs are left out, and that is said.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from .limits import postgres, sqlite_bulk
from .quotes import peer_python

ROOT = Path(__file__).resolve().parent.parent
CLIENTS, SECONDS, ROUNDS = 8, 4.0, 3
DATABASE = "regulars_bench"


def main() -> int:
    rows: list[tuple[str, str, str, str, str]] = []
    rows.append(sqlite_import())
    server = _server()
    if server is None:
        print("left out: PostgreSQL (none answers; set DATABASE_URL)", file=sys.stderr)
    else:
        dsn = _fresh_database(server)
        rows += postgres_settling(dsn)
        rows.append(postgres_import(dsn))
    rows += quoting()
    rows.append(quotes_beside_oscar(""))
    if server is not None:
        rows.append(quotes_beside_oscar(_fresh_database(server)))
    rows += screens()
    rows += lifetime_values()
    rows += forecasting()
    rows += segments("")
    if server is not None:
        rows += segments(_fresh_database(server))
    print(f"{'path':<52}{'ours':>14}{'limit':>14}{'ratio':>8}  target")
    for path, ours, limit, ratio, target in rows:
        print(f"{path:<52}{ours:>14}{limit:>14}{ratio:>8}  {target}")
    print(_run([sys.executable, "bench/refund_inverse.py", "--orders", "100000"]))
    print(_run([sys.executable, "-m", "bench.lift"]))
    return 0


def sqlite_import() -> tuple[str, str, str, str, str]:
    limits = [sqlite_bulk.run(100_000)["table_rows_s"]]
    ours = _ours(["bench.importing"], {"DATABASE_URL": ""})
    limits.append(sqlite_bulk.run(100_000)["table_rows_s"])
    limit = statistics.median(float(str(found)) for found in limits)
    return (
        f"import, SQLite ({ours['peak_mb']} MB)",
        f"{ours['table_rows_s']:,} r/s",
        f"{limit:,.0f} r/s",
        f"{ours['table_rows_s'] / limit:.2f}",
        ">= 0.5",
    )


def postgres_import(dsn: str) -> tuple[str, str, str, str, str]:
    postgres.prepare(dsn)
    limits = [float(str(postgres.bulk(dsn, 100_000)["table_rows_s"]))]
    ours = _ours(["bench.importing"], {"DATABASE_URL": dsn})
    limits.append(float(str(postgres.bulk(dsn, 100_000)["table_rows_s"])))
    limit = statistics.median(limits)
    return (
        f"import, PostgreSQL ({ours['peak_mb']} MB)",
        f"{ours['table_rows_s']:,} r/s",
        f"{limit:,.0f} r/s",
        f"{ours['table_rows_s'] / limit:.2f}",
        ">= 0.5",
    )


#: How the clients of bench.settling place their orders, and what at least pgbench's share is to be.
#: In process as `regulars serve` runs: some web processes of some threads each.
SETTLING = (
    ("threads", "one order, in process", ">= 0.38"),
    ("in-process", "one order, a process for each client", ""),
    ("quoted-threads", "one quoted order, in process", ">= 0.33"),
    ("quoted", "one quoted order, a process for each client", ""),
    ("http", "one order, http", ""),
)


def postgres_settling(dsn: str) -> list[tuple[str, str, str, str, str]]:
    postgres.prepare(dsn)
    _pgbench(dsn, prepare=True)
    found: dict[str, list[float]] = {"pgbench": [], "one": [], **{how: [] for how, *_ in SETTLING}}
    for _ in range(ROUNDS):
        found["pgbench"].append(_pgbench(dsn))
        found["one"].append(float(str(postgres.one(dsn, CLIENTS, SECONDS)["orders_s"])))
        for how, *_ in SETTLING:
            args = ["bench.settling", how, str(CLIENTS), str(SECONDS)]
            found[how].append(_ours(args, {"DATABASE_URL": dsn})["orders_s"])
    rows = []
    for how, name, target in SETTLING:
        for limit in ("pgbench", "one"):
            ratios = [a / b for a, b in zip(found[how], found[limit], strict=True)]
            rows.append(
                (
                    f"{name}, {CLIENTS} clients / {limit}",
                    f"{statistics.median(found[how]):,.0f} /s",
                    f"{statistics.median(found[limit]):,.0f} /s",
                    f"{statistics.median(ratios):.2f}",
                    target if limit == "pgbench" else "",
                )
            )
    return rows


def quoting() -> list[tuple[str, str, str, str, str]]:
    """The evaluator beside the floor of a quote with as many offers."""
    told = _ours(["bench.quoting"], {})
    rows = []
    for count in (5, 20, 100):
        facts = told[f"given {count}"]
        ratio = facts["us"] / facts["floor_us"]
        ours, floor = f"{facts['us']} us", f"{facts['floor_us']} us"
        rows.append((f"price, {count} given offers", ours, floor, f"{ratio:.1f}", "<= 4"))
    for name, targets in (
        ("merchant 10", (12, 50)),
        ("merchant 16", (20, 115)),
        ("combinable 16", (75, 1_100)),
        ("crowd 60", None),
    ):
        facts = told[name]
        proved = f"{facts['proved']}/{facts['carts']} proved"
        for place, quantile in enumerate(("p50", "p99")):
            time, floor = facts[f"{quantile}_us"], facts["floor_us"]
            target = f"<= {targets[place]}" if targets else "about 50 ms at most"
            what = f"best price, {name} offers, {quantile}, {proved}"
            row = (what, f"{time / 1_000:.2f} ms", f"{floor} us", f"{time / floor:.0f}", target)
            rows.append(row)
        facts = told[f"{name}, suggesting"]
        what = (
            f"the same with suggestions (to {facts['suggested']}/{facts['carts']} carts), p50/most"
        )
        times = f"{facts['p50_us'] / 1_000:.2f}/{facts['most_us'] / 1_000:.0f} ms"
        rows.append((what, times, "", "", "about 150 ms at most"))
    return rows


def quotes_beside_oscar(dsn: str) -> tuple[str, str, str, str, str]:
    """A quote with its reads and its write under 20 offers; the peer prices and writes nothing."""
    python = peer_python()
    peer = [python, "-W", "ignore", str(ROOT / "bench" / "limits" / "peer_oscar.py"), "20"]
    limits, ours = [], []
    for _ in range(2):
        empty = _fresh_database(dsn.rsplit("/", 1)[0]) if dsn else ""
        told = _run([*peer, empty] if dsn else peer)
        limits.append(json.loads(told.splitlines()[-1])["ms"])
        if dsn:
            _fresh_database(dsn.rsplit("/", 1)[0])
        ours.append(_ours(["bench.quotes", "20"], {"DATABASE_URL": dsn})["ms"])
    limit, mine = statistics.median(limits), statistics.median(ours)
    return (
        f"POST /quotes, 20 offers, {'PostgreSQL' if dsn else 'SQLite'} / django-oscar",
        f"{mine:.1f} ms",
        f"{limit:.1f} ms",
        f"{mine / limit:.3f}",
        "<= 0.05",
    )


def screens() -> list[tuple[str, str, str, str, str]]:
    told = json.loads(_run([sys.executable, "-m", "bench.screens"]).splitlines()[-1])
    return [
        (f"{name}, {facts['statements']} statements", f"{facts['ms']} ms", "300 ms", "", "<= 10")
        for name, facts in told.items()
    ]


def lifetime_values() -> list[tuple[str, str, str, str, str]]:
    told = _ours(["bench.clv"], {})
    return [
        (
            f"lifetime value: {name}, processor",
            f"{told[f'{ours}_cpu_s']} s",
            f"{told[f'lifetimes_{theirs}_cpu_s']} s",
            f"{told[f'{ours}_cpu_s'] / told[f'lifetimes_{theirs}_cpu_s']:.2f}",
            "<= 0.33",
        )
        for name, ours, theirs in (
            (f"summary of {told['transactions']:,}", "summary_arrays", "summary"),
            ("the same out of fact files", "summary_facts", "summary"),
            (f"fit of {told['customers']:,}", "fit", "fit"),
        )
    ]


def forecasting() -> list[tuple[str, str, str, str, str]]:
    told = _ours(["bench.forecasting"], {})
    per_100k = told["features_and_scores_s"] * 100_000 / told["pairs"]
    learnt = f"due: learning from {told['examples']:,} examples ({told['peak_mb']:,} MB)"
    return [
        (learnt, f"{told['training_s']:.1f} s", "60 s", "", "<= 60 s, 4,096 MB"),
        ("due: features and scores of 100,000 pairs", f"{per_100k:.1f} s", "5 s", "", "<= 5 s"),
    ]


def segments(dsn: str) -> list[tuple[str, str, str, str, str]]:
    """After a day's orders: in a shop four times as large, and with four times the buyers."""
    told = _ours(["bench.segments"], {"DATABASE_URL": dsn})
    small, large = (told[f"{members} members"] for members in (4_000, 16_000))
    where = "PostgreSQL" if dsn else "SQLite"
    few, many = large["400 buyers"], large["1600 buyers"]
    other = small["1600 buyers"]
    return [
        (
            f"segments after 1,600 buyers, {where}, 16,000 / 4,000 members",
            f"{many} s",
            f"{other} s",
            f"{many / other:.1f}",
            "about 1",
        ),
        (
            f"segments, 16,000 members, {where}, 1,600 / 400 buyers",
            f"{many} s",
            f"{few} s",
            f"{many / few:.1f}",
            "about 4",
        ),
    ]


def _server() -> str | None:
    given = os.environ.get("DATABASE_URL")
    if given:
        return given.rsplit("/", 1)[0]
    if shutil.which("pg_isready") is None:
        return None
    ready = subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1"], check=False)
    return "postgresql://postgres@127.0.0.1:5432" if ready.returncode == 0 else None


def _fresh_database(server: str) -> str:
    for statement in (f"DROP DATABASE IF EXISTS {DATABASE}", f"CREATE DATABASE {DATABASE}"):
        subprocess.run(["psql", "-q", f"{server}/postgres", "-c", statement], check=True)
    return f"{server}/{DATABASE}"


def _pgbench(dsn: str, *, prepare: bool = False) -> float:
    if prepare:
        subprocess.run(["pgbench", "-q", "-i", "-s", "50", dsn], check=True, capture_output=True)
        return 0.0
    command = ["pgbench", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(int(SECONDS))]
    text = subprocess.run([*command, dsn], check=True, capture_output=True, text=True).stdout
    line = next(line for line in text.splitlines() if line.startswith("tps"))
    return float(line.split()[2])


def _ours(args: list[str], given: dict[str, str]) -> dict[str, Any]:
    text = _run([sys.executable, "-m", *args], given)
    told: dict[str, Any] = json.loads(text.splitlines()[-1])
    return told


def _run(command: list[str], given: dict[str, str] | None = None) -> str:
    environment = {**os.environ, **(given or {}), "PYTHONPATH": str(ROOT / "src")}
    environment = {name: value for name, value in environment.items() if value != ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
