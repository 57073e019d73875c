"""What orders tells those below, who cannot ask upwards: who bought what, and at which prices."""

from __future__ import annotations

from uuid import UUID

from regulars.events.orders import OrderPaid, OrdersImported
from regulars.infra.outbox import hears
from regulars.modules.segments import sources

from . import deals
from .purchases import buyers_in, buyers_of, purchases

sources.tell("purchases", purchases)
sources.lead("orders", buyers_in)
sources.lead("sku", buyers_of)


@hears("order.paid")
def note_sale(event: OrderPaid, _event_id: str) -> None:
    """A paid order is a sale at its prices."""
    deals.note_sale(event.merchant_id, event.order_id)


@hears("orders.imported")
def note_sales(event: OrdersImported, _event_id: str) -> None:
    """So are those of a file."""
    first, last = event.first_order or UUID(int=0), event.last_order or UUID(int=2**128 - 1)
    deals.note_run(event.merchant_id, event.run_id, first, last)
