"""The one clock. A merchant's programme time is real time until it is frozen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class HasClock(Protocol):
    """Whoever knows where a merchant's clock was frozen, if it was."""

    @property
    def clock_at(self) -> datetime | None: ...


def real_now() -> datetime:
    """The host's time in UTC: for sessions, links and whatever is not programme time."""
    return datetime.now(UTC)


def now_for(merchant: HasClock) -> datetime:
    """The merchant's programme time in UTC: read it once per request and pass it on."""
    return merchant.clock_at or real_now()
