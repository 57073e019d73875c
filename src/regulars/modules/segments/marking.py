"""What an event changes: marks that say what is to be read again, never what it says."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from regulars.kernel.ids import show

from . import recorder
from .types import Cause

#: By the first word of the topic: which part of the member's facts it may change.
_OF_ONE: Final = {"order": "purchases", "points": "points", "tier": "tier", "consent": "person"}
EVERYTHING: Final = "everything"
ORDERS: Final = "orders"
SKU: Final = "sku"
ORDER_TOPICS: Final = ("order.created", "order.paid", "order.refunded", "order.cancelled")
POINTS_TOPICS: Final = tuple(
    f"points.{what}"
    for what in (
        "earned", "activated", "redeemed", "restored", "reversed", "expired", "adjusted", "moved",
        "held", "released", "debt_incurred", "debt_repaid",
    )
)  # fmt: skip
TIER_TOPICS: Final = ("tier.upgraded", "tier.downgraded")
PERSON_TOPICS: Final = ("consent.granted", "consent.withdrawn")
#: A member who came or went, or records that became one person or two again: all of it.
WHOLE_TOPICS: Final = (
    "member.enrolled", "member.left", "member.rejoined", "member.removed", "member.merged",
    "member.unmerged",
)  # fmt: skip
_RECORDS: Final = ("member_id", "into_member", "from_member")


def note(event: Any) -> None:
    """Mark what an event about a member changed, in the caller's transaction."""
    cause = Cause(event.topic, _about(event), event.happened_at)
    whole = event.topic in WHOLE_TOPICS
    part = EVERYTHING if whole else _OF_ONE[event.topic.partition(".")[0]]
    for name in _RECORDS:
        member_id: UUID | None = getattr(event, name, None)
        if member_id is not None:
            recorder.mark(event.merchant_id, member_id.hex, part, cause)


def note_orders(event: Any) -> None:
    """Mark the range of orders that a piece of an import settled or gave back."""
    cause = Cause(event.topic, show("run", event.run_id), event.happened_at)
    first, last = event.first_order, event.last_order
    ends = f"{first.hex}-{last.hex}" if first and last else "-"
    recorder.mark(event.merchant_id, f"{event.run_id.hex}:{ends}", ORDERS, cause)


def note_sku(event: Any) -> None:
    """Mark a sku whose category may have changed. Nobody bought what nothing was known of? They
    may have: a sku is sold before the catalogue names it."""
    cause = Cause(event.topic, event.sku, event.happened_at)
    recorder.mark(event.merchant_id, event.sku, SKU, cause)


def _about(event: Any) -> str:
    for name, prefix in (("order_id", "ord"), ("merge_id", "mrg")):
        found: UUID | None = getattr(event, name, None)
        if found is not None:
            return show(prefix, found)
    return str(getattr(event, "cause_id", "") or getattr(event, "purpose", ""))
