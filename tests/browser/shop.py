"""A shop of its own for the browser: a home, a server on loopback, a Chromium."""

from __future__ import annotations

import atexit
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Debian's Chromium, or whatever is called so on the PATH."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Shop:
    """A served shop; ``regulars`` runs a verb of the command line in its home."""

    home: Path
    base: str
    port: int
    environment: dict[str, str]

    def regulars(self, *words: str, ends: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "regulars.cli", *words, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == ends, done.stderr[-2000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def sign_in_link(self, username: str = "owner") -> str:
        told = self.regulars("staff", "create", "--username", username, "--role", "owner")
        return self.base + "/sign-in/" + str(told["sign_in_link"]).rsplit("/", 1)[1]


@contextmanager
def served(home: Path, *, clock: bool = False, jobs: bool = True) -> Iterator[Shop]:
    """A server on ``home`` for the time of the block, with its jobs or without."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    shop = replace(begun(home, clock=clock), base=f"http://127.0.0.1:{port}", port=port)
    log = (home / "server.log").open("wb")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "regulars.cli", "serve", "--port", str(port)),
            *("--workers", "1"),
            *([] if jobs else ["--no-jobs"]),
        ],
        env=shop.environment,
        stdout=log,
        stderr=log,
    )
    try:
        _wait(shop, server)
        yield shop
    finally:
        server.terminate()
        server.wait(timeout=120)
        log.close()


def begun(home: Path, *, clock: bool = False) -> Shop:
    """The shop of ``home`` before it is served, just begun where there was none."""
    if not (home / "regulars.sqlite3").exists():
        shutil.copytree(_new_home(clock), home, dirs_exist_ok=True)
    return Shop(home, "", 0, _environment(home, clock))


def _environment(home: Path, clock: bool) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("REGULARS_", "DJANGO_"))}
    inherited.pop("DATABASE_URL", None)
    return {
        **inherited,
        "REGULARS_HOME": str(home),
        "REGULARS_TOTP_OPTIONAL": "1",
        "PYTHONPATH": str(ROOT / "src"),
        **({"REGULARS_TEST_CLOCK": "1"} if clock else {}),
    }


@cache
def _new_home(clock: bool) -> Path:
    """A home in which a shop was just begun; made once, and copied for every shop."""
    home = Path(tempfile.mkdtemp(prefix="regulars-new-home-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    Shop(home, "", 0, _environment(home, clock)).regulars(
        "init", "--merchant", "shop", "--currency", "CNY",
        "--timezone", "Asia/Shanghai", "--template", "shop",
    )  # fmt: skip
    return home


def _wait(shop: Shop, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1_200):
        assert server.poll() is None, (shop.home / "server.log").read_text()[-2000:]
        try:
            urllib.request.urlopen(shop.base + "/healthz", timeout=5).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not answer within two minutes")


def a_file(path: Path, *, members: int = 40, orders: int = 400) -> Path:
    """An order file of synthetic people over the last year."""
    chance = random.Random(11)
    now = datetime.now(UTC) - timedelta(hours=1)
    rows = ["order_id,member,placed_at,sku,quantity,line_total,store,product_name,category"]
    moments = sorted(now - timedelta(minutes=chance.randrange(500_000)) for _ in range(orders))
    for number, at in enumerate(moments):
        member = min(int(chance.expovariate(0.08)), members - 1)
        for line in range(chance.randrange(1, 4)):
            rows.append(
                f"B{number:05},M{member:04},{at:%Y-%m-%dT%H:%M:%SZ},SKU{(number + line) % 25},"
                f"{chance.randrange(1, 4)},{chance.randrange(500, 90_000) / 100:.2f},"
                f"S{number % 3},Product {(number + line) % 25},Category {(number + line) % 4}"
            )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


class Partner:
    """The shop's own programs: the partner API with a secret key."""

    def __init__(self, shop: Shop) -> None:
        self._base = shop.base + "/api/v1"
        self._key = shop.regulars("keys", "create", "--name", "test")["api_key"]

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "Idempotency-Key": uuid.uuid4().hex,
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)
