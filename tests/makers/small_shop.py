"""A small shop with something of everything, in the home that the environment names.

Run as a program. Orders on time, late and unpaid, refunds, a cancellation, adjustments, a hold,
points that wait, a tier that was climbed, an imported file, and two seals.
"""

from __future__ import annotations

import json
import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

TILL_ORDERS = 60
FILE_ORDERS = 120


def main() -> None:
    django.setup()
    from regulars.infra.clock import now_for
    from regulars.kernel.ids import parse
    from regulars.modules.ledger import seals
    from regulars.modules.ledger import services as ledger
    from regulars.modules.merchants.queries import merchants
    from regulars.modules.orders import services as orders

    merchant = merchants()[0]
    now = now_for(merchant)
    scope = orders.scope_of(merchant, actor="test", now=now)
    rng = random.Random(7)
    _import(scope)
    seals.seal(merchant_id=merchant.id, now=now - timedelta(seconds=1))
    placed = [_place(scope, number, rng) for number in range(TILL_ORDERS)]
    paid = [body for body in placed if body["status"] == "paid" and body["member_id"]]
    for number, body in enumerate(paid[:12]):
        order_id = parse("ord", body["id"])
        assert order_id is not None
        orders.refund(
            scope, _asked(scope, "refund"), order_id,
            orders.RefundAsked(f"back-{number}", {1: 1}, None),
        )  # fmt: skip
    first = parse("ord", paid[12]["id"])
    assert first is not None
    orders.cancel(scope, _asked(scope, "cancel"), first)
    who = {"merchant_id": merchant.id, "member_id": parse("mem", paid[13]["member_id"]), "now": now}
    ledger.adjust(**who, amount=500, reason="sorry", expires_at=now + timedelta(days=9))
    ledger.adjust(**who, amount=70, reason="soon", available_at=now + timedelta(days=2))
    ledger.hold(**who, amount=40, expires_in_seconds=10**6)
    seals.seal(merchant_id=merchant.id, now=now)


def _place(scope: Any, number: int, rng: random.Random) -> dict[str, Any]:
    from regulars.modules.orders import services as orders
    from regulars.modules.orders.types import Draft, DraftLine

    at = scope.now - timedelta(minutes=rng.randrange(60 * 24 * 400))
    lines = tuple(
        DraftLine(f"sku-{rng.randrange(9)}", rng.randrange(1, 4), None, rng.randrange(60_000))
        for _ in range(rng.randrange(1, 4))
    )
    draft = Draft(
        external_id=f"till-{number}",
        lines=lines,
        placed_at=at,
        paid_at=None if number % 9 == 8 else at,
        paid_minor=sum(line.total_minor for line in lines),
        identity=None if number % 7 == 6 else ("external", f"m{rng.randrange(8)}"),
        store=f"s{number % 2}",
    )
    told: dict[str, Any] = json.loads(orders.place(scope, _asked(scope, "place"), draft).text)
    return told


def _import(scope: Any) -> None:
    from regulars.modules.connectors.services import prepare_run, run_import

    rows = ["order_id,member,placed_at,sku,quantity,line_total"]
    rows += [
        f"file-{n},m{n % 11},{scope.now - timedelta(days=500 - n):%Y-%m-%dT%H:%M:%S},s{n % 5},1,"
        f"{n * 3}.25"
        for n in range(FILE_ORDERS)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_text("\n".join(rows) + "\n")
        run = prepare_run(scope, kind="orders", source=path, file_name="orders.csv")
    run_import(scope, run.id)


def _asked(scope: Any, operation: str) -> Any:
    from regulars.infra.writes import Asked, fingerprint_of
    from regulars.kernel.ids import new_id

    return Asked(
        merchant_id=scope.merchant_id,
        actor="test",
        operation=operation,
        key=new_id().hex,
        fingerprint=fingerprint_of(None),
        now=scope.now,
    )


if __name__ == "__main__":
    main()
