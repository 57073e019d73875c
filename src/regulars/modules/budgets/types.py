"""What is taken of something scarce, as the settling path sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

State = Literal["open", "committed", "released"]
OPEN: Final = "open"
COMMITTED: Final = "committed"
RELEASED: Final = "released"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an owner took of a key; ``expires_at`` is None once it is committed."""

    id: UUID
    owner: str
    key: str
    amount: int
    state: State
    expires_at: datetime | None

    def has_run_out(self, now: datetime) -> bool:
        """Whether it no longer counts: open, and its time is over."""
        return self.state == OPEN and self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Seen:
    """What a gather saw of some keys: what is taken, and the claims among it that ran out."""

    taken: Mapping[str, int] = field(default_factory=dict)
    run_out: tuple[Claim, ...] = ()

    def used(self, key: str) -> int:
        """What counts as taken: claims that ran out do not, whether a job has run or not."""
        gone = sum(claim.amount for claim in self.run_out if claim.key == key)
        return self.taken.get(key, 0) - gone


NOTHING_SEEN: Final = Seen()
