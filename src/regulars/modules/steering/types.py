"""What is decided on, and what a decision says; docs/algorithms/spending.md has the words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

State = Literal["new", "on_rhythm", "late", "asleep"]
"""Where a member stands against their own rhythm; ``new``: too few purchases to have one."""
STATES: Final[tuple[State, ...]] = get_args(State)

Aim = Literal["earn", "learn"]
"""``earn``: who is proven to be worth it; ``learn``: anybody by chance, so that something is
known next time."""

LeftOut = Literal[
    "no_consent",
    "not_personal",
    "excluded",
    "held_out_of_all",
    "offered_lately",
    "not_in_segment",
    "due_soon",
]
"""Why nothing was even thought of for a member."""
LEFT_OUT: Final[tuple[LeftOut, ...]] = get_args(LeftOut)

Nothing = Literal["no_trial", "too_few", "not_proven", "harms", "costs_more", "over_budget"]
"""Why sending nothing was the best of the arms."""
NOTHING: Final[tuple[Nothing, ...]] = get_args(Nothing)

Reason = Literal["chosen", "held_out"] | LeftOut | Nothing
REASONS: Final[tuple[Reason, ...]] = ("chosen", "held_out", *NOTHING, *LEFT_OUT)

Proof = Literal["works", "no_trial", "too_few", "not_proven", "harms"]

#: A purchase counts as an answer within so many days: the window of the forecast of silence.
WINDOW_DAYS: Final = 28
#: Whoever is expected within so many days comes anyway.
SOON_DAYS: Final = 7
#: Costs and values are whole thousandths of a minor unit.
MILLI: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked to do. ``arms`` are codes of offers that need a coupon; ``like`` names,
    for an arm, other offers whose trials count as its own. Money in minor units, shares in bps."""

    aim: Aim
    arms: tuple[str, ...]
    like: dict[str, tuple[str, ...]]
    budget_minor: int
    margin_bps: int
    held_out_bps: int
    consent: str
    rest_days: int
    segment: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What one trial showed of an arm among members in one state: shares who bought within the
    window, treated less held out."""

    treated: int
    held_out: int
    difference: float
    error: float
    held_out_share: float
    used: int
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Lift:
    """What an arm is believed to do to members in a state, after all states were looked at
    together. ``own`` is what this state's trials alone say."""

    proof: Proof
    mean: float
    low: float
    high: float
    own: float | None
    own_error: float | None
    treated: int
    held_out: int
    base: float
    use: float
    cost_minor: int

    @property
    def proven(self) -> bool:
        return self.proof == "works"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which arm each member gets (-1: nothing), and what certifies it.

    ``price`` is the gain per unit of cost at which the budget ran out (0 where it did not).
    ``bound`` is more than any choice within the budget can gain: the best is between ``value`` and
    it. ``curve`` are budgets and what each of them gains, every choice on the way.
    """

    arm: Integers
    cost: int
    value: int
    bound: int
    price: float
    curve: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where everybody stands at the end of a day, by member in the order of their ids.

    ``usual`` are days between purchases, and ``reach`` the gap that nine of ten own gaps are no
    longer than, 0 where there is no rhythm; ``ahead`` the days until the next purchase that the
    rhythm points to, 0 where it points to none.
    """

    as_of: date
    member: list[str]
    state: Integers
    days_ago: Integers
    usual: Floats
    reach: Floats
    ahead: Integers
    worth_minor: Floats
