"""Ours: the demo's year through the import into a new home. Prints one JSON line.

Counted are the rows of every table that the import fills; timed is the run itself, from the first
piece to the last review (judging the file is told apart). Processor time and peak memory are those
of this process and of the one that records for it (the peaks added, though they need not meet).
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

TABLES = (
    "orders_order",
    "orders_orderline",
    "ledger_account",
    "ledger_posting",
    "ledger_lot",
    "members_member",
    "members_identity",
    "tiers_standing",
    "tiers_tierchange",
    "earning_activity",
    "catalog_product",
)


def main() -> None:
    os.environ["REGULARS_HOME"] = tempfile.mkdtemp(prefix="regulars-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from regulars import demo
    from regulars.modules.connectors import services
    from regulars.modules.connectors.reading.completejourney import completejourney_parquet
    from regulars.modules.merchants.services.tenants import create_merchant
    from regulars.modules.programmes.services import start

    code = f"bench-{os.getpid()}"
    made = create_merchant(code=code, currency="USD", zone="UTC", clock_at=demo.NOW)
    start(made.id, "grocery", demo.NOW)
    scope = demo.scope_of(made.id)
    path = completejourney_parquet(Path(os.environ["REGULARS_HOME"]) / "year.parquet")
    begun = time.perf_counter()
    row, file = services.open_run(scope, kind="orders", source=path, file_name=path.name)
    judged, used_before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    pen_peak: list[int] = []
    threading.Thread(target=_watch_pen, args=(pen_peak,), daemon=True).start()
    with file:
        services.run_import(scope, row.id, opened=file)
    done = time.perf_counter()
    rows = _rows(made.id)
    used, by_pen = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    deciding_s = _processor(used) - _processor(used_before)
    print(
        json.dumps(
            {
                "ours": "import_" + ("pg" if os.environ.get("DATABASE_URL") else "sqlite"),
                "rows": rows,
                "judging_s": round(judged - begun, 1),
                "seconds": round(done - judged, 1),
                "table_rows_s": round(rows / (done - judged)),
                "deciding_processor_s": round(deciding_s, 1),
                "pen_processor_s": round(_processor(by_pen), 1),
                "peak_mb": used.ru_maxrss // 1024 + max(pen_peak, default=0),
            }
        )
    )


def _processor(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _watch_pen(peaks: list[int]) -> None:
    """Peak memory of the recording process in MB, asked while it lives: what the system tells of
    ended children includes the parent they were split from."""
    while True:
        for task in Path("/proc/self/task").iterdir():
            for child in (task / "children").read_text().split():
                with suppress(OSError):
                    status = Path(f"/proc/{child}/status").read_text()
                    found = re.search(r"VmHWM:\s+(\d+) kB", status)
                    if found and "pen_process" in Path(f"/proc/{child}/cmdline").read_text():
                        peaks.append(int(found[1]) // 1024)
        time.sleep(0.2)


def _rows(merchant_id: int) -> int:
    from django.db import connection

    total = 0
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE merchant_id = %s", [merchant_id])
            total += cursor.fetchone()[0]
    return total


if __name__ == "__main__":
    sys.exit(main())
