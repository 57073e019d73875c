"""At which prices goods were sold: told to the catalogue, which knows what may be struck through.

Only of articles with a list price: others have no price tag here. What a line cost is before
tenders; what was given away was not sold.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from regulars.infra.db import Sql, as_instant, fetch_all
from regulars.modules.catalog.services import note_deals

_OF_LINES: Final = (
    "SELECT DISTINCT l.sku, o.paid_at, l.net_minor / l.quantity FROM orders_order o "
    "CROSS JOIN orders_orderline l CROSS JOIN catalog_product p "
    "WHERE o.merchant_id = :merchant_id AND o.id >= :first AND o.id <= :last "
    "AND o.paid_at IS NOT NULL AND l.merchant_id = o.merchant_id AND l.order_id = o.id "
    "AND l.quantity > 0 AND l.net_minor > 0 AND p.merchant_id = l.merchant_id AND p.sku = l.sku "
    "AND p.list_price_minor IS NOT NULL"
)
_OF_ORDERS: Final = Sql(_OF_LINES)
_OF_RUN: Final = Sql(f"{_OF_LINES} AND o.run_id = :run_id")
_HAS_LIST_PRICES: Final = Sql(
    "SELECT 1 FROM catalog_pricepoint WHERE merchant_id = :merchant_id LIMIT 1"
)


def note_sale(merchant_id: int, order_id: UUID) -> None:
    """The deals of one order."""
    _note(merchant_id, _OF_ORDERS, {"first": order_id, "last": order_id})


def note_run(merchant_id: int, run_id: UUID, first: UUID, last: UUID) -> None:
    """The deals of a piece of an import."""
    _note(merchant_id, _OF_RUN, {"run_id": run_id, "first": first, "last": last})


def _note(merchant_id: int, lines: Sql, params: dict[str, Any]) -> None:
    if not fetch_all(_HAS_LIST_PRICES, {"merchant_id": merchant_id}):
        return
    deals = []
    for sku, paid_at, minor in fetch_all(lines, {"merchant_id": merchant_id, **params}):
        at = as_instant(paid_at)
        assert at is not None
        deals.append((sku, at, minor))
    if deals:
        note_deals(merchant_id, deals)
