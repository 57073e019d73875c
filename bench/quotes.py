"""Ours: `POST /quotes` as a service call, its reads and its writes, beside django-oscar.

`python -m bench.quotes 20` prints one JSON line for the database of DATABASE_URL (SQLite without
one). Products, ranges, offers and basket are those of limits/peer_oscar.py. Ours has more to do:
its offers combine, the best combination is looked for, and the quote is written durably.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import venv
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from .limits.peer_oscar import IN_A_RANGE, LINES, PRODUCTS, RANGES

ROUNDS = 60
ZONE = "Asia/Shanghai"
PEER = Path(__file__).resolve().parent / "limits" / "peer_oscar.py"
REQUIREMENTS = PEER.parent.parent.parent / "requirements" / "oscar.txt"


def offers(count: int) -> list[dict[str, object]]:
    """The peer's offers as documents, in the same turn."""
    made: list[dict[str, object]] = []
    for number in range(count):
        start = number % RANGES * 7
        skus = sorted({f"S{(start + place * 3) % PRODUCTS}" for place in range(IN_A_RANGE)})
        kind, params, scope = (
            ("percent_off", {"bps": 500}, {"skus": skus}),
            ("buy_get", {"buy": 2, "get": 1}, {"skus": skus}),
            ("spend_save", {"steps": [{"spend": 10_000 + 100 * number, "save": 500}]}, {}),
        )[number % 3]
        made.append({"code": f"o{number}", "kind": kind, "params": params, "scope": scope})
    return made


def main(count: int) -> None:
    os.environ.setdefault("REGULARS_HOME", tempfile.mkdtemp(prefix="regulars-bench-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from regulars.infra.writes import Asked
    from regulars.modules.merchants.services.tenants import create_merchant
    from regulars.modules.pricing.asked import Asking, Goods, Place
    from regulars.modules.pricing.quoting import quote
    from regulars.modules.programmes.services import start
    from regulars.modules.promotions.document import OfferDocument
    from regulars.modules.promotions.services import create_offer

    now, zone = datetime.now(UTC), ZoneInfo(ZONE)
    shop = create_merchant(code=f"bench-{time.time_ns()}", currency="CNY", zone=ZONE)
    start(shop.id, "plain", now)
    for written in offers(count):
        document = OfferDocument.model_validate(written)
        create_offer(merchant_id=shop.id, document=document, zone=zone, now=now)
    goods = tuple(Goods(f"S{n * 5}", 1 + n % 3, (n * 5 + 5) * 100) for n in range(LINES))

    times = []
    for number in range(ROUNDS + 5):
        now = datetime.now(UTC)
        asked = Asked(
            merchant_id=shop.id, actor="bench", operation="quotes.create", key=f"k{number}",
            fingerprint=f"k{number}", now=now,
        )  # fmt: skip
        begun = time.perf_counter()
        told = quote(Place(shop.id, zone, now), asked, Asking(lines=goods))
        times.append((time.perf_counter() - begun) * 1_000)
    answer = json.loads(told.text)
    figures = {
        "ours": "quote", "db": connection.vendor, "offers": count,
        "ms": round(statistics.median(times[5:]), 2), "due": answer["due"],
        "applied": len(answer["applied"]),
    }  # fmt: skip
    print(json.dumps(figures))


def peer_python() -> str:
    """The interpreter of the peer's own environment, made where there is none yet."""
    import subprocess

    home = Path(os.environ.get("REGULARS_PEERS", Path(tempfile.gettempdir()) / "regulars-peers"))
    python = home / "oscar" / "bin" / "python"
    done, wanted = home / "oscar" / "done", REQUIREMENTS.read_text()
    if not done.exists() or done.read_text() != wanted:
        venv.create(home / "oscar", with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r"]
        subprocess.run([*install, str(REQUIREMENTS)], check=True, stdout=sys.stderr)
        done.write_text(wanted)
    return str(python)


if __name__ == "__main__":
    main(int(sys.argv[1]))
