"""What is published with a holdout is measured, without a second form."""

from __future__ import annotations

from typing import Any

from regulars.events.promotions import OfferChanged, OfferCreated
from regulars.infra.outbox import hears

from . import following


@hears(OfferCreated.topic, OfferChanged.topic)
def follow_offer(event: Any, _event_id: str) -> None:
    """An offer was written: its experiment opens, or ends."""
    following.follow(event)
