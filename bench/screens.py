"""Ours: the console's home, a member's page and what insight tells, on the demo's data;
milliseconds and statements. Insight is told where its jobs have been.

Needs the demo's home (`DEMO_SERVE=0 make demo`). Prints one JSON line.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

ROUNDS = 7


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    os.environ.pop("DATABASE_URL", None)
    os.environ["REGULARS_TOTP_OPTIONAL"] = "1"
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    from regulars.modules.merchants.models import StaffRole
    from regulars.modules.merchants.services.people import make_sign_in_link

    seat = StaffRole.objects.filter(merchant__code="demo", role="owner").first()
    if seat is None:
        print(
            json.dumps({"left out: run DEMO_SERVE=0 make demo first": {"ms": 0, "statements": 0}})
        )
        return 0
    client = Client(headers={"Host": "localhost"})
    client.get(f"/sign-in/{make_sign_in_link(user_id=seat.user_id)}")
    listed = client.get("/console/api/members?limit=1&sort=spend").json()
    member = listed["data"][0]["id"]
    told = {}
    for name, path in (
        ("console home", "home"),
        ("member 360", f"members/{member}"),
        ("member's outlook", f"members/{member}/insight"),
        ("member's recommendations", f"members/{member}/recommendations"),
        ("due list", "insight/due?limit=50"),
        ("due calendar", "insight/calendar"),
        ("lifetime values", "insight/clv/members?limit=50"),
    ):
        spent, statements = [], []
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
