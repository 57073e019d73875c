"""Ours: the console's home, a member's page and what insight tells, on the demo's data;
milliseconds and statements. Insight is told where its jobs have been.

Imports the demo first where it is not there yet (a minute or two). Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

ROUNDS = 7


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    os.environ.pop("DATABASE_URL", None)
    os.environ["REGULARS_TOTP_OPTIONAL"] = "1"
    subprocess.run(
        [sys.executable, "-m", "regulars.demo"],
        env={**os.environ, "DEMO_SERVE": "0"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    from regulars.demo import CODE, owner_link
    from regulars.modules.merchants.models import Merchant

    client = Client(headers={"Host": "localhost"})
    client.get(f"/sign-in/{owner_link(Merchant.objects.get(code=CODE).id)}")
    listed = client.get("/console/api/members?limit=1&sort=spend").json()
    member = listed["data"][0]["id"]
    told = {}
    statements: list[str] = []
    for name, path in (
        ("console home", "home"),
        ("member 360", f"members/{member}"),
        ("member's outlook", f"members/{member}/insight"),
        ("member's recommendations", f"members/{member}/recommendations"),
        ("due list", "insight/due?limit=50"),
        ("due calendar", "insight/calendar"),
        ("lifetime values", "insight/clv/members?limit=50"),
    ):
        spent = []
        for _ in range(ROUNDS):
            statements.clear()
            connection.connection.set_trace_callback(statements.append)
            begun = time.perf_counter()
            answer = client.get(f"/console/api/{path}")
            spent.append((time.perf_counter() - begun) * 1000)
            assert answer.status_code == 200, answer.content[:300]
        told[name] = {
            "ms": round(statistics.median(spent), 1),
            "statements": len(statements),
        }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
