"""What orders bring: a coupon for the next one, and what takes it away again."""

from __future__ import annotations

from typing import Any

from regulars.events.orders import OrderCancelled, OrderPaid, OrderRefunded
from regulars.infra.outbox import hears

from . import issuing


@hears(OrderPaid.topic)
def promise_the_next(event: Any, event_id: str) -> None:
    """A paid order brings what the merchant set up to be issued."""
    issuing.promise(event)


@hears(OrderCancelled.topic)
def lose_the_next(event: Any, event_id: str) -> None:
    """A cancelled order brings nothing."""
    issuing.lose(event)


@hears(OrderRefunded.topic)
def lessen_the_next(event: Any, event_id: str) -> None:
    """An order that went back whole brings nothing."""
    issuing.lessen(event)
