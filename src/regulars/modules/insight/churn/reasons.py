"""Pure: what went before members stopped buying, against those who went on; with how sure it is.

Only what the books hold is counted. A difference is no cause: who had goods to return also bought
more. What no data tell of is named, not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

from regulars.modules.surveys.utilities import wilson as share_with_interval

Signal = Literal["returned_goods", "points_expired", "tier_fell"]
SIGNALS: Final[tuple[Signal, ...]] = ("returned_goods", "points_expired", "tier_fell")
#: Reasons people name elsewhere that these books cannot tell of.
NO_DATA: Final = ("survey", "service", "stock", "price")
#: How long before the last trip a signal counts.
SIGNAL_DAYS: Final = 56
LEAST_CASES: Final = 10


@dataclass(frozen=True, slots=True)
class SignalCount:
    """How many of those who stopped, and of those who went on, had the signal."""

    signal: Signal
    stopped: int
    of_stopped: int
    went_on: int
    of_went_on: int


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """The difference of the two shares with its 95 % interval, in basis points.

    ``told`` is no where either side has under LEAST_CASES members or the signal under LEAST_CASES
    cases in all: then there is nothing to say.
    """

    count: SignalCount
    difference_bps: int
    low_bps: int
    high_bps: int
    told: bool


def reasons_of(counts: Sequence[SignalCount]) -> list[ReasonLine]:
    """One line for each signal, the greatest difference first."""
    lines = [_line(count) for count in counts]
    return sorted(lines, key=lambda line: (not line.told, -line.difference_bps))


def _line(count: SignalCount) -> ReasonLine:
    if not count.of_stopped or not count.of_went_on:
        return ReasonLine(count, 0, -10_000, 10_000, False)
    ours, theirs = count.stopped / count.of_stopped, count.went_on / count.of_went_on
    low_a, high_a = wilson(count.stopped, count.of_stopped)
    low_b, high_b = wilson(count.went_on, count.of_went_on)
    # Newcombe's interval of a difference of two shares.
    difference = ours - theirs
    low = difference - sqrt((ours - low_a) ** 2 + (high_b - theirs) ** 2)
    high = difference + sqrt((high_a - ours) ** 2 + (theirs - low_b) ** 2)
    told = (
        min(count.of_stopped, count.of_went_on) >= LEAST_CASES
        and count.stopped + count.went_on >= LEAST_CASES
    )
    difference_bps, low_bps, high_bps = (round(10_000 * x) for x in (difference, low, high))
    return ReasonLine(count, difference_bps, low_bps, high_bps, told)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    found = share_with_interval(hits, of)
    return found.low, found.high
