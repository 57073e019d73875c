"""What an experiment is, and what its figures come out as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from regulars.kernel.chance import STANDING_SALT, salt_of_offer

Floats = NDArray[np.float64]
Arm = Literal["treated", "held_out"]
Status = Literal["draft", "running", "decided"]
Verdict = Literal["works", "not_proven", "harms"]
Metric = Literal["orders", "money", "rebought"]
Looking = Literal["once", "planned", "always"]
"""``once`` on the last day; ``planned``: a few looks with O'Brien-Fleming limits; ``always``: at
any time, with an interval that stays right however often it is looked at."""

Scope = Literal["campaign", "everything"]
METRICS: Final[tuple[Metric, ...]] = ("orders", "money", "rebought")
COVARIATE_WEEKS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One arm as assigned: what each member did, and did in the weeks before it began."""

    outcome: Floats
    before: Floats

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A difference per member, treated less held out, with its interval and how sure it is."""

    difference: float
    standard_error: float
    low: float
    high: float
    p_value: float
    degrees: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An effect with what it was told from: both (adjusted) means and their own errors."""

    effect: Effect
    treated_mean: float
    held_out_mean: float
    treated_error: float
    held_out_error: float
    correlation: float
    """Between the weeks before and the outcome: its square is the share of noise taken out."""
    limit: float | None = None
    """How many standard errors wide on each side, where looks made it wider than usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its interval: 0.05 is five in a hundred."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """Whether the arms are as large as the plan said; ``stop`` where they hardly can be."""

    treated: int
    held_out: int
    expected_held_out: float
    p_value: float
    stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One planned look at the figures: the ``number``-th of ``planned``, on ``day``."""

    number: int
    planned: int
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one order more cost, in minor units. ``most_minor`` is None where the interval of the
    lift reaches zero: then no price is too high to be ruled out."""

    extra_orders: float
    per_extra_order_minor: int | None
    least_minor: int | None
    most_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What ``days`` of an outcome looked like before: what power is reckoned from."""

    days: int
    mean: float
    deviation: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What an experiment of this size can see. ``least_share`` is the smallest relative lift that
    it finds four times out of five; ``days_to_decide`` None: not within what the past shows."""

    members: int
    held_out_bps: int
    least_share: float
    members_needed: int
    days_to_decide: int | None
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An experiment as it is wished for, before anybody is assigned.

    ``looks`` above 1 only where looks are planned. ``rebought_days`` is how soon buying again
    counts; ``least_bps`` the relative lift that is worth finding. ``offer`` is the code of the
    offer that is tried; None where it is something else.
    """

    code: str
    name: str
    scope: Scope
    metric: Metric
    looking: Looking
    looks: int
    held_out_bps: int
    days: int
    rebought_days: int
    least_bps: int
    offer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An experiment as it stands."""

    id: UUID
    plan: Plan
    status: Status
    created_at: datetime
    created_by: str
    assigned_on: date | None
    decided_at: datetime | None
    verdict: Verdict | None
    result: dict[str, Any] | None
    opens_at: datetime | None = None

    @property
    def salt(self) -> str:
        """What members are hashed with: the standing holdout keeps its members for ever, and an
        offer's experiment goes by the hash that the offer itself is given by."""
        if self.plan.scope == "everything":
            return STANDING_SALT
        return self.id.hex if self.plan.offer is None else salt_of_offer(self.plan.offer)

    @property
    def ends_on(self) -> date | None:
        """The last day that counts, where members were assigned."""
        return None if self.assigned_on is None else self.assigned_on + timedelta(self.plan.days)
