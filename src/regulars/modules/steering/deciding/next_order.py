"""The coupon for the next order of one member: how long, how strong, and whether at all. Pure.

What is published is a band. Its lower end, the batch's own offer for its own days, is what
everybody gets who is not spared; nothing here makes it less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from regulars.modules.steering.types import SOON_DAYS, Lift

Why = Literal["usual", "stronger", "not_personal", "held_out_of_all", "due_soon", "costs_more",
              "harms"]  # fmt: skip
WHYS: Final[tuple[Why, ...]] = (
    "usual", "stronger", "not_personal", "held_out_of_all", "due_soon", "costs_more", "harms",
)  # fmt: skip
OWN: Final = 0
"""The place of the batch's own offer among those that can be given."""


@dataclass(frozen=True, slots=True)
class Band:
    """What is published: for how many days it is good at least and at most, and whether who would
    buy anyway is spared the coupon."""

    valid_days: int
    most_days: int
    spare: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a member. ``reach`` is 0 where they have no rhythm; ``gain`` is what each
    offer gains with them, in the order of the band, its own first."""

    personal: bool
    held_out_of_all: bool
    item_soon: bool
    days_ago: int
    usual: float
    reach: float
    gain: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Which offer (None: nothing) for how many days, and why."""

    offer: int | None
    days: int
    why: Why


def decided(band: Band, known: Known, lifts: Sequence[Lift]) -> Given:
    """What one member gets; ``lifts`` are those of each offer in the member's state."""
    if not known.personal:
        return Given(OWN, band.valid_days, "not_personal")
    if known.held_out_of_all:
        return Given(None if band.spare else OWN, band.valid_days, "held_out_of_all")
    if band.spare and expected(known):
        return Given(None, 0, "due_soon")
    gains = [gain if lift.proven else 0 for gain, lift in zip(known.gain, lifts, strict=True)]
    best = max(range(len(gains)), key=lambda at: (gains[at], -at))
    if best != OWN and gains[best] > max(gains[OWN], 0):
        return Given(best, days_good(band, known), "stronger")
    if band.spare and lifts[OWN].proof == "harms":
        return Given(None, 0, "harms")
    if band.spare and lifts[OWN].proven and known.gain[OWN] <= 0:
        return Given(None, 0, "costs_more")
    return Given(OWN, days_good(band, known), "usual")


def expected(known: Known) -> bool:
    """Whether they come within a week without a coupon: by their own rhythm, as long as they are
    not later than nine of ten times, or for one of their usual items."""
    if known.item_soon:
        return True
    in_time = known.reach > 0 and known.days_ago <= known.reach
    return in_time and known.usual - known.days_ago <= SOON_DAYS


def days_good(band: Band, known: Known) -> int:
    """How many days the coupon is good: until nine of ten own gaps would be over, in the band."""
    left = math.ceil(known.reach) - known.days_ago if known.reach > 0 else 0
    return min(max(left, band.valid_days), max(band.most_days, band.valid_days))
