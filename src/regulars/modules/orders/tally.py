"""How much there is, counted from the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.infra.db import Sql, fetch_one

_TALLY: Final = Sql(
    "SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(net_minor), 0), "
    "count(DISTINCT store) FROM orders_order "
    "WHERE merchant_id = :merchant_id AND status = 'paid'"
)


@dataclass(frozen=True, slots=True)
class Tally:
    """Paid orders of a merchant, their lines, their net in minor units, the stores they name."""

    orders: int
    lines: int
    sales_minor: int
    stores: int


def tally(merchant_id: int) -> Tally:
    row = fetch_one(_TALLY, {"merchant_id": merchant_id})
    assert row is not None
    return Tally(*(int(figure) for figure in row))
