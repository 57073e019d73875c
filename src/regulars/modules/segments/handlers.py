"""Events that may change who is in a segment leave a mark."""

from __future__ import annotations

from typing import Any

from regulars.infra.outbox import hears

from . import marking
from .sweeping import ask_everybody


@hears(
    *marking.ORDER_TOPICS,
    *marking.POINTS_TOPICS,
    *marking.TIER_TOPICS,
    *marking.PERSON_TOPICS,
    *marking.WHOLE_TOPICS,
)
def note_member(event: Any, _event_id: str) -> None:
    """One member, one part of their facts."""
    marking.note(event)


@hears("orders.imported")
def note_orders(event: Any, _event_id: str) -> None:
    """A piece of an import: whose orders they are is looked up once, by the refresh."""
    marking.note_orders(event)


@hears("product.changed")
def note_sku(event: Any, _event_id: str) -> None:
    """Another category is another fact of whoever bought it."""
    marking.note_sku(event)


@hears("programme.published")
def note_programme(event: Any, _event_id: str) -> None:
    """Other tiers from an instant on, also for those whom no event of tiers will name."""
    ask_everybody(event.merchant_id, event.effective_at)
