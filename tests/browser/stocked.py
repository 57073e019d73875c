"""Served shops with something to see: members with rhythms, what is foretold, and campaigns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from browser.shop import Partner, Shop, a_file, begun, served
from makers.imported import HEAD, day_of, order_file
from makers.rhythms import rhythms

DAYS = 220
#: Rows that an import refuses, each for another reason.
REFUSED = (
    "x-1,m0001,soon,sku-i001,1,12.50,,c1,i001\n"
    "x-2,m0001,2026-01-05 10:00,sku-i001,-2,12.50,,c1,i001\n"
    "x-3,m0001,2026-01-05 10:00,sku-i001,1,twelve,,c1,i001\n"
    "x-4,m0001,2026-01-05 10:00,,1,12.50,,c1,i001\n"
)


@contextmanager
def foretold() -> Iterator[Shop]:
    """Ninety members with rhythms, some of whom stop; the jobs have worked everything out."""
    bought = rhythms(members=90, items=20, days=DAYS, leavers=0.3)
    with tempfile.TemporaryDirectory(prefix="regulars-foretold-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        shop = begun(home)
        path = Path(folder) / "orders.csv"
        order_file(path, bought, day_of(datetime.now(UTC), DAYS))
        shop.regulars("import", "orders", str(path))
        # Before it is served: the server's own jobs would work the same forecasts out beside these.
        shop.regulars("jobs", "run", "--once")
        assert any(home.glob("insight/*/recommend-explore-sku.parquet"))
        with served(home) as running:
            yield running


@contextmanager
def with_orders() -> Iterator[Shop]:
    """A year of orders from a file."""
    with tempfile.TemporaryDirectory(prefix="regulars-browser-") as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        with served(home) as running:
            running.regulars("import", "orders", str(a_file(Path(folder) / "orders.csv")))
            yield running


def stock(shop: Shop) -> None:
    """A campaign, coupons, a running experiment, and a file with rows that were refused."""
    partner = Partner(shop)
    partner("PUT", "/products/TEA-01", {"name": "Green tea", "list_price": 8_800})
    steps = {"steps": [{"spend": 9_100, "save": 2_000}]}
    for code, more in (("tea-20", {}), ("ten", {"requires_code": True})):
        offer = {"code": code, "name": f"Off {code}", "kind": "spend_save", "params": steps}
        partner("POST", "/offers", {**offer, **more})
    partner("POST", "/coupons", {"offer": "ten", "count": 20})
    made = partner("POST", "/experiments", {
        "code": "letter", "name": "Letter", "metric": "orders", "days": 28,
        "held_out_bps": 5_000, "least_bps": 2_000,
    })  # fmt: skip
    partner("POST", f"/experiments/{made['id']}/start", {})
    path = shop.home.parent / "refused.csv"
    path.write_text(HEAD + REFUSED, encoding="utf-8")
    shop.regulars("import", "orders", str(path), ends=1)
