"""A batch of coupons made, read out and looked up: `python -m bench.coupons --codes 1000000`.

SQLite in a folder of its own; on PostgreSQL where DATABASE_URL names an empty database. Prints one
JSON line: seconds to make the batch by the job, to write it out, and the codes turned away a second
without a read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from zoneinfo import ZoneInfo


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codes", type=int, default=1_000_000)
    wanted = parser.parse_args().codes
    os.environ["REGULARS_HOME"] = tempfile.mkdtemp(prefix="regulars-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    print(json.dumps(measured(wanted)))
    return 0


def measured(wanted: int) -> dict[str, object]:
    from django.core.management import call_command
    from django.db import connection

    from regulars.infra.clock import real_now
    from regulars.kernel.ids import parse, show
    from regulars.modules.coupons import codes, making, queries, services
    from regulars.modules.coupons.gather import find, read_codes
    from regulars.modules.coupons.types import Terms
    from regulars.modules.merchants.services import create_merchant
    from regulars.modules.promotions.services import checked, create_offer

    call_command("migrate", verbosity=0)
    shop = create_merchant(code="bench", currency="EUR", zone="Europe/Berlin")
    offer = checked({"code": "A", "kind": "percent_off", "params": {"bps": 1}})
    create_offer(merchant_id=shop.id, document=offer, zone=ZoneInfo(shop.zone), now=real_now())
    made = services.create_coupons(
        merchant_id=shop.id, terms=Terms(offer="A", max_uses=1), now=real_now(), count=wanted
    )
    batch_id = parse("bat", show("bat", made.batch.id))
    assert batch_id is not None

    began = time.perf_counter()
    making.make_pieces()
    make_seconds = time.perf_counter() - began

    began = time.perf_counter()
    written = sum(1 for _ in queries.written_codes(shop.id, queries.batch_view(shop.id, batch_id)))
    export_seconds = time.perf_counter() - began
    assert written == wanted

    looked_up = [codes.generated(shop.id, batch_id, n) for n in range(1, wanted, wanted // 1_000)]
    began = time.perf_counter()
    found = sum(len(find(shop.id, read_codes(shop.id, [code]))) for code in looked_up)
    lookup_seconds = time.perf_counter() - began
    assert found == len(looked_up)

    chance = random.Random(18)
    guesses = ["".join(chance.choices(codes.ALPHABET, k=20)) for _ in range(100_000)]
    began = time.perf_counter()
    passed = sum(codes.key_of(shop.id, guess) is not None for guess in guesses)
    guess_seconds = time.perf_counter() - began
    return {
        "database": connection.vendor,
        "codes": wanted,
        "make_seconds": round(make_seconds, 1),
        "codes_per_second": round(wanted / make_seconds),
        "export_seconds": round(export_seconds, 1),
        "lookup_ms": round(lookup_seconds / len(looked_up) * 1_000, 2),
        "guesses": len(guesses),
        "guesses_that_reached_the_database": passed,
        "guesses_per_second": round(len(guesses) / guess_seconds),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    sys.exit(main())
