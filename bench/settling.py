"""Ours: orders settled one by one on PostgreSQL, by clients in process or over HTTP.

`python -m bench.settling in-process 8 4` or `... quoted 8 4` or `... http 8 4`; DATABASE_URL names
the database. ``quoted`` places orders on quotes that were made before the clock started: a coupon's
use, a limit and a budget are committed with each. Prints one JSON line.

Each client is a process of its own. With ``threads`` and ``quoted-threads`` the clients are threads
of two processes, as `regulars serve` has them, and as pgbench drives its clients (``-j 2``).
"""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import queue
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MEMBERS = 20_000
#: More than all clients together, and than one alone, place on quotes in a second.
MOST_A_SECOND, MOST_OF_ONE = 3_200, 600
ZONE = "Asia/Shanghai"
#: As many as `regulars serve` starts.
PROCESSES = 2


def setup() -> tuple[int, list[UUID], str]:
    """A new merchant with many members and an API key."""
    os.environ.setdefault("REGULARS_HOME", tempfile.mkdtemp(prefix="regulars-bench-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    call_command("migrate", verbosity=0)
    from regulars.infra.recording import Writes
    from regulars.kernel.ids import new_ids
    from regulars.modules.members.enrolment import add_member
    from regulars.modules.merchants.services.keys import create_key
    from regulars.modules.merchants.services.tenants import create_merchant
    from regulars.modules.programmes.services import start

    now = datetime.now(UTC)
    made = create_merchant(code=f"bench-{time.time_ns()}", currency="CNY", zone=ZONE)
    start(made.id, "plain", now)
    ids = new_ids(MEMBERS)
    writes = Writes()
    for member_id in ids:
        add_member(
            writes,
            merchant_id=made.id,
            member_id=member_id,
            status="member",
            joined_at=now,
            now=now,
        )
    with transaction.atomic():
        writes.record()
    key = create_key(merchant_id=made.id, name="bench", by="bench", now=now).api_key
    connection.close()
    return made.id, ids, key


def in_process(
    merchant_id: int, ids: list[UUID], seed: int, seconds: float, start: Any, told: Any
) -> None:
    from regulars.infra.writes import Asked
    from regulars.modules.orders.placing import place
    from regulars.modules.orders.settlement import Scope
    from regulars.modules.orders.types import Draft, DraftLine

    chance = random.Random(seed)
    zone = ZoneInfo(ZONE)
    done = 0
    start.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        now = datetime.now(UTC)
        key = f"{seed}-{time.time_ns()}"
        price = 1_000 + done % 7
        draft = Draft(
            key,
            tuple(DraftLine(f"S{n}", 1, price, price) for n in range(3)),
            now,
            now,
            3 * price,
            member_id=chance.choice(ids),
        )
        asked = Asked(
            merchant_id=merchant_id,
            actor="bench",
            operation="orders.place",
            key=key,
            fingerprint=key[:32],
            now=now,
        )
        place(Scope(merchant_id, zone, "CNY", "bench", now), asked, draft)
        done += 1
    told.put(done)


def on_quotes(
    merchant_id: int,
    ids: list[UUID],
    seed: int,
    seconds: float,
    start: Any,
    told: Any,
    clients: int = 1,
) -> None:
    """Quotes as many carts as may be placed in time, then places them against the clock."""
    from regulars.infra.writes import Asked
    from regulars.kernel.ids import parse
    from regulars.modules.orders.placing import place
    from regulars.modules.orders.settlement import Scope
    from regulars.modules.orders.types import Draft
    from regulars.modules.pricing.asked import Asking, Goods, Place
    from regulars.modules.pricing.quoting import quote

    chance, zone = random.Random(seed), ZoneInfo(ZONE)

    def asked(operation: str, now: datetime) -> Asked:
        key = f"{seed}-{time.time_ns()}"
        return Asked(
            merchant_id=merchant_id, actor="bench", operation=operation, key=key,
            fingerprint=key[:32], now=now,
        )  # fmt: skip

    drafts = []
    for number in range(int(seconds * min(MOST_OF_ONE, MOST_A_SECOND / clients))):
        now = datetime.now(UTC)
        goods = tuple(Goods(f"S{n}", 1, 1_000 + number % 7) for n in range(3))
        member = chance.choice(ids)
        asking = Asking(lines=goods, member_id=member, coupon_codes=("WELCOME",))
        quoted = json.loads(quote(Place(merchant_id, zone, now), asked("q", now), asking).text)
        drafts.append(
            Draft(
                f"{seed}-{number}",
                (),
                now,
                now,
                quoted["due"],
                member_id=member,
                quote_id=parse("quo", quoted["id"]),
            )
        )
    told.put(0)
    done = 0
    start.wait()
    end = time.perf_counter() + seconds
    while drafts and time.perf_counter() < end:
        now = datetime.now(UTC)
        place(Scope(merchant_id, zone, "CNY", "bench", now), asked("p", now), drafts.pop())
        done += 1
    if not drafts:
        raise RuntimeError("the quotes ran out before the time: raise MOST_A_SECOND")
    told.put(done)


def by_threads(
    quoted: bool,
    threads: int,
    merchant_id: int,
    ids: list[UUID],
    seed: int,
    seconds: float,
    start: Any,
    told: Any,
) -> None:
    """Some of the clients as threads of one process; told of together."""
    mine: queue.Queue[int] = queue.Queue()
    work, more = (on_quotes, (threads * PROCESSES,)) if quoted else (in_process, ())
    clients = [
        threading.Thread(
            target=work,
            args=(merchant_id, ids, seed * threads + n, seconds, start, mine, *more),
        )
        for n in range(threads)
    ]
    for client in clients:
        client.start()
    if quoted:
        told.put(sum(mine.get(timeout=300) for _ in clients))
    told.put(sum(mine.get(timeout=120) for _ in clients))
    for client in clients:
        client.join()


def make_offers(merchant_id: int, now: datetime) -> None:
    """Five offers of a usual programme, of which one needs a coupon and three are counted."""
    from django.db import connection

    from regulars.modules.coupons.services import create_coupons
    from regulars.modules.coupons.types import Terms
    from regulars.modules.promotions.document import OfferDocument
    from regulars.modules.promotions.services import create_offer

    for written in (
        {"code": "five", "kind": "percent_off", "params": {"bps": 500}, "group": "a"},
        {"code": "welcome", "kind": "percent_off", "params": {"bps": 300}, "requires_code": True},
        {"code": "full", "kind": "spend_save", "params": {"steps": [{"spend": 2000, "save": 100}]},
         "budget": 10**12},
        {"code": "often", "kind": "amount_off", "params": {"each": 10},
         "limit": {"per_member": 10**6}},
        {"code": "double", "kind": "points_multiplier", "params": {"bps": 20_000}},
    ):  # fmt: skip
        create_offer(
            merchant_id=merchant_id,
            document=OfferDocument.model_validate(written),
            zone=ZoneInfo(ZONE),
            now=now,
        )
    create_coupons(
        merchant_id=merchant_id, terms=Terms(offer="welcome"), codes=["WELCOME"], now=now
    )
    # The clients are forked: each opens a connection of its own.
    connection.close()


def over_http(
    port: int, key: str, ids: list[UUID], seed: int, seconds: float, start: Any, told: Any
) -> None:
    import http.client

    chance = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    done = 0
    start.wait()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        name = f"{seed}-{time.time_ns()}"
        price = 1_000 + done % 7
        body = {
            "external_id": name,
            "member_id": "mem_" + chance.choice(ids).hex,
            "placed_at": now,
            "paid_at": now,
            "lines": [{"sku": f"S{n}", "quantity": 1, "unit_price": price} for n in range(3)],
            "paid": 3 * price,
        }
        headers = {
            "Authorization": f"Bearer {key}",
            "Idempotency-Key": name,
            "Content-Type": "application/json",
        }
        connection.request("POST", "/api/v1/orders", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(text[:300])
        done += 1
    told.put(done)


def main(how: str, clients: int, seconds: float) -> None:
    merchant_id, ids, key = setup()
    quoted = how.startswith("quoted")
    if quoted:
        make_offers(merchant_id, datetime.now(UTC))
    start, told = mp.Event(), mp.Queue()  # type: ignore[var-annotated]
    server = None
    if how == "http":
        port = _free_port()
        server = _serve(port)
        workers = [
            mp.Process(target=over_http, args=(port, key, ids, n, seconds, start, told))
            for n in range(clients)
        ]
    elif how.endswith("threads"):
        each = clients // PROCESSES
        workers = [
            mp.Process(
                target=by_threads,
                args=(quoted, each, merchant_id, ids, n, seconds, start, told),
            )
            for n in range(PROCESSES)
        ]
    else:
        work, more = (on_quotes, (clients,)) if quoted else (in_process, ())
        workers = [
            mp.Process(target=work, args=(merchant_id, ids, n, seconds, start, told, *more))
            for n in range(clients)
        ]
    for worker in workers:
        worker.start()
    if quoted:
        for _ in workers:
            told.get(timeout=300)
    else:
        time.sleep(1)
    start.set()
    total = sum(told.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join()
    if server is not None:
        server.terminate()
        server.wait(timeout=15)
    print(json.dumps({"ours": how, "clients": clients, "orders_s": round(total / seconds, 1)}))


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _serve(port: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(
        [sys.executable, "-m", "regulars.cli", "serve", "--port", str(port), "--no-jobs"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
        except OSError:
            time.sleep(0.1)
        else:
            return server
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
