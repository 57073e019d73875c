"""`serve` and `jobs run`: the processes that stay."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from typing import Final

from .frame import Commands, Refused, answer, check_merchant, start
from .words import say

_LAST_PORT: Final = 65_535


def register(commands: Commands) -> None:
    serve = commands.verb(
        "serve",
        "serve console, member pages and API, and run the jobs",
        _serve,
        whole_home=True,
    )
    serve.add_argument("--port", type=int, default=8000, help=say("port to listen on"))
    serve.add_argument("--host", default="127.0.0.1", help=say("address to listen on"))
    serve.add_argument("--workers", type=int, default=2, help=say("web processes"))
    serve.add_argument("--threads", type=int, default=None, help=say("threads of each web process"))
    serve.add_argument(
        "--no-jobs", action="store_true", help=say("leave the jobs to another process")
    )
    commands.group("jobs", "background work: expiry, reviews, events, imports")
    run = commands.verb(
        "jobs run", "run what falls due, for ever or once", _run_jobs, whole_home=True
    )
    run.add_argument("--once", action="store_true", help=say("do what is due now and stop"))


def _serve(args: argparse.Namespace) -> int:
    """Check what can be checked before, then become the server; never returns where it can."""
    _check_port(args.host, args.port)
    start()
    from django.core.checks import run_checks
    from django.db import connection

    from regulars.infra.db import is_postgres
    from regulars.infra.durability import doubts
    from regulars.infra.http.health import migrations_applied

    if not migrations_applied():
        raise Refused(say("The database is not up to date: run `regulars migrate`."))
    check_merchant(args)
    # A mistake in the code or the settings shows here and not in a worker that starts for ever.
    faults = [fault for fault in run_checks() if fault.is_serious()]
    if faults:
        raise Refused(" ".join(fault.msg for fault in faults))
    for why in doubts():
        text = say("WARNING: {why}: a power cut may lose what was confirmed", why=why)
        print(text, file=sys.stderr, flush=True)
    # More threads only queue for SQLite's one write lock, and the busy handler is not fair.
    threads = args.threads or (8 if is_postgres() else 2)
    connection.close()
    command = [
        sys.executable,
        "-m",
        "regulars.cli.server",
        args.host,
        str(args.port),
        str(max(1, args.workers)),
        str(max(1, threads)),
        "0" if args.no_jobs else "1",
    ]
    sys.stdout.flush()
    sys.stderr.flush()
    # In the same process, so whoever stops it knows it; without what was loaded here.
    os.execv(sys.executable, command)  # noqa: S606


def _check_port(host: str, port: int) -> None:
    if not 0 <= port <= _LAST_PORT:
        raise Refused(say("A port is at most {last}.", last=_LAST_PORT))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise Refused(say("There is no address {host} on this machine.", host=host)) from None
        except OSError:
            text = "Port {port} is taken: choose another with --port."
            raise Refused(say(text, port=port)) from None


def _run_jobs(args: argparse.Namespace) -> None:
    start()
    check_merchant(args)
    from regulars.infra import jobs, lifeline

    if args.once:
        done = jobs.run_once()
        lines = [say("{job}: {done}", job=job, done=count) for job, count in done.items()]
        answer(args, {"jobs": done}, lines)
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lifeline.hold()
    jobs.run_forever(stop)
    sys.stderr.flush()
    # What still runs is cut off here; its transaction is undone and done again next time.
    os._exit(0)
