"""A shop whose members' rhythms were imported: orders of a year, in files as merchants send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from makers.rhythms import Bought
from regulars.modules.connectors import services
from regulars.modules.orders.settlement import Scope

HEAD = "order_id,member,placed_at,sku,quantity,line_total,product_name,category,type\n"


def order_file(path: Path, bought: Sequence[Bought], first_day: date) -> Path:
    """One order for each member and day; each item is its own type, sold as one sku."""
    lines = [
        f"{one.member}-{one.day},{one.member},{first_day + timedelta(days=one.day)} 10:00,"
        f"sku-{one.item},{one.quantity},{one.value_minor / 100:.2f},,{one.category},{one.item}\n"
        for one in sorted(bought, key=lambda one: (one.member, one.day, one.item))
    ]
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return path


def import_rhythms(scope: Scope, path: Path, bought: Sequence[Bought], first_day: date) -> None:
    """Bring the purchases in by the import."""
    order_file(path, bought, first_day)
    done = services.import_file(scope, kind="orders", source=path, file_name=path.name)
    assert done.rejected == 0, done.report


def day_of(now: datetime, back: int) -> date:
    return (now - timedelta(days=back)).date()
