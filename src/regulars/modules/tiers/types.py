"""What a programme says about tiers, and how a member stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from regulars.kernel.periods import Unit, Window, window_start

Counter = Literal["growth_value", "spend", "orders"]
Reason = Literal[
    "joined", "reached", "kept", "not_kept", "recounted", "floor", "floor_ended", "programme"
]


@dataclass(frozen=True, slots=True)
class Benefit:
    code: str
    name: Mapping[str, str]
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung: reached at ``threshold`` (inclusive), kept at ``keep_threshold``."""

    code: str
    name: Mapping[str, str]
    threshold: int
    keep_threshold: int
    benefits: tuple[Benefit, ...] = ()


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a rung is held.

    ``follow``: the tier is what the counter says, up and down, every day. ``period``: a rung is
    held for ``months`` and to the end of a ``end_of``; then it is kept if the counter still
    reaches its keep threshold, else after ``grace_days`` it falls, one rung (``one``) or to what
    the counter says (``counter``). A refund lowers the counter at once; with ``hold_on_refund``
    the rung stays until its review all the same.
    """

    mode: Literal["follow", "period"] = "follow"
    months: int = 12
    end_of: Unit = "day"
    grace_days: int = 0
    step: Literal["one", "counter"] = "one"
    warn_days: int = 30
    hold_on_refund: bool = True


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in rising order, the first at zero."""

    counter: Counter
    window: Window
    keep: Keep
    tiers: tuple[Tier, ...]
    crossing: Literal["before", "split"] = "before"
    _ranks: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _thresholds: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _starts: dict[date, date] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        # Asked several times for every order.
        ranks = {tier.code: rank for rank, tier in enumerate(self.tiers)}
        object.__setattr__(self, "_ranks", ranks)
        object.__setattr__(self, "_thresholds", tuple(tier.threshold for tier in self.tiers))

    def rank(self, code: str) -> int:
        """Where ``code`` stands; a tier that is no longer on the ladder counts as the first."""
        return self._ranks.get(code, 0)

    def reached(self, counter: int) -> int:
        """The highest rung that ``counter`` reaches: the first has no threshold."""
        return max(bisect_right(self._thresholds, counter) - 1, 0)

    def window_from(self, day: date, joined_on: date) -> date:
        """The first day that counts on ``day``."""
        if self.window.span == "anniversary":
            return window_start(day, self.window, anchor=joined_on)
        start = self._starts.get(day)
        if start is None:
            start = self._starts[day] = window_start(day, self.window)
        return start


@dataclass(frozen=True, slots=True)
class Floor:
    """A rung below which a member does not stand until ``until`` (exclusive), whatever counts."""

    tier: str
    until: date
    reason: str


class Standing(NamedTuple):
    """A member's rung by activity (``tier``), and the floor that may lift it.

    A tuple, because one is made for every order of a file.
    """

    tier: str
    since: date
    evaluated_on: date
    keep_until: date | None = None
    grace_until: date | None = None
    warned: bool = False
    review_on: date | None = None
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a standing, with the figures that caused it."""

    day: date
    from_tier: str | None
    to_tier: str
    reason: Reason
    counter: int
    threshold: int


@dataclass(frozen=True, slots=True)
class Warned:
    """A notice that a rung is lost unless the counter grows by ``gap`` before ``until``."""

    day: date
    tier: str
    until: date
    gap: int
