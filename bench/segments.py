"""Ours: who is in which segment after a day's orders, in a small and in a large shop.

`python -m bench.segments`; DATABASE_URL names the database, else SQLite in a new home. A refresh is
to cost what the day's buyers cost, whoever else is a member. Prints one JSON line: seconds of the
refresh alone, by members of the shop and buyers of the day.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

SHOPS = (4_000, 16_000)
DAYS = (100, 400, 1_600)
ZONE = "Asia/Shanghai"
RULES: dict[str, dict[str, Any]] = {
    "buyers": {"fact": "orders", "op": ">=", "value": 1},
    "regulars": {"fact": "orders", "op": ">=", "value": 3},
    "points": {"fact": "points", "op": ">=", "value": 50},
    "silver": {"fact": "tier", "op": "in", "value": ["silver"]},
    "lapsed": {"fact": "last_purchase_day", "op": "more_than_days_ago", "value": 45},
}


def main() -> None:
    os.environ["REGULARS_HOME"] = tempfile.mkdtemp(prefix="regulars-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
    from regulars.config.home import make_home

    make_home()
    import django

    django.setup()
    from django.core.management import call_command

    from regulars.infra.jobs import load

    call_command("migrate", verbosity=0)
    load()
    told = {
        f"{members} members": {f"{buyers} buyers": _after(shop, buyers) for buyers in DAYS}
        for members in SHOPS
        for shop in [_Shop(members)]
    }
    print(json.dumps({"ours": "segments", "segments": len(RULES), **told}))


class _Shop:
    def __init__(self, members: int) -> None:
        from django.db import transaction

        from regulars.infra.recording import Writes
        from regulars.kernel.ids import new_ids
        from regulars.modules.members.enrolment import add_member
        from regulars.modules.merchants.queries import merchant_of_id
        from regulars.modules.merchants.services.tenants import create_merchant
        from regulars.modules.programmes.services import start
        from regulars.modules.segments import services, sweeping

        now = datetime.now(UTC)
        made = create_merchant(code=f"bench-{time.time_ns()}", currency="CNY", zone=ZONE)
        start(made.id, "plain", now)
        self.merchant = merchant_of_id(made.id)
        #: Who has not bought yet: each day's buyers buy for the first time, or the days differ.
        self.fresh: list[UUID] = new_ids(members)
        writes = Writes()
        for id_ in self.fresh:
            add_member(
                writes, merchant_id=made.id, member_id=id_, status="member", joined_at=now, now=now
            )
        with transaction.atomic():
            writes.record()
        for code, rule in RULES.items():
            with transaction.atomic():
                draft = services.Draft(code=code, name=code, rule=rule)
                services.create(self.merchant, draft, by="bench", now=now)
        sweeping.sweep(self.merchant, now)
        sweeping.build(self.merchant, now)


def _after(shop: _Shop, buyers: int) -> float:
    """Seconds to bring the segments up to date once ``buyers`` have bought."""
    from regulars.infra import outbox
    from regulars.infra.writes import Asked
    from regulars.modules.orders.placing import place
    from regulars.modules.orders.settlement import Scope
    from regulars.modules.orders.types import Draft, DraftLine
    from regulars.modules.segments import refreshing

    merchant_id = shop.merchant.id
    today, shop.fresh = shop.fresh[:buyers], shop.fresh[buyers:]
    for number, member_id in enumerate(today):
        now, key = datetime.now(UTC), f"{time.time_ns()}-{number}"
        line = DraftLine("S1", 1, 3_000, 3_000)
        asked = Asked(
            merchant_id=merchant_id, actor="bench", operation="orders.place", key=key,
            fingerprint=key[:32], now=now,
        )  # fmt: skip
        draft = Draft(key, (line,), now, now, 3_000, member_id=member_id)
        place(Scope(merchant_id, ZoneInfo(ZONE), "CNY", "bench", now), asked, draft)
    outbox.relay_all()
    begun = time.perf_counter()
    settled = refreshing.refresh(shop.merchant, datetime.now(UTC))
    seconds = time.perf_counter() - begun
    assert settled.members == buyers, settled.members
    return round(seconds, 2)


if __name__ == "__main__":
    sys.exit(main())
