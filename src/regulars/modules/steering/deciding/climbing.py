"""One sleeper, one day: the next rung, or why there is none. And whether a rung goes on at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np

from regulars.modules.experiments.statistics import always_valid, welch
from regulars.modules.experiments.types import Group
from regulars.modules.steering.types import SOON_DAYS

Ended = Literal["bought", "unsubscribed", "top", "no_lift", "capped", "stopped"]
LEAST_ARM: Final = 30
"""An arm with fewer members is no comparison."""


@dataclass(frozen=True, slots=True)
class Rung:
    """An offer, and how many days it has before the next one."""

    offer: str
    wait_days: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a climber today."""

    bought: bool
    willing: bool
    due_soon: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What is done today: ``rung`` is given (counted from 0), it ends, or another day is waited
    for."""

    rung: int | None
    ended: Ended | None
    next_on: date


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rung brought: of everybody who entered long enough ago, the share that first bought
    in the rung's own days, given less held out, with an interval that may be read every day."""

    given: int
    held_out: int
    lift: float | None
    low: float | None
    high: float | None
    open: bool


def step(
    had: int, rungs: tuple[Rung, ...], seen: Seen, *, today: date, open_to: int, capped: bool
) -> Step:
    """What is done with somebody who ``had`` so many rungs, on a day when it is their turn.

    ``open_to`` is how many rungs go on. Whoever is expected within a week is never given
    anything: they are looked at again once the week is over.
    """
    if seen.bought:
        return Step(None, "bought", today)
    if not seen.willing:
        return Step(None, "unsubscribed", today)
    if had >= len(rungs):
        return Step(None, "top", today)
    if seen.due_soon:
        return Step(None, None, today + timedelta(days=SOON_DAYS))
    if had >= open_to:
        return Step(None, "no_lift", today)
    if capped:
        return Step(None, "capped", today)
    return Step(had, None, today + timedelta(days=rungs[had].wait_days))


def judged(
    given: list[int | None], held_out: list[int | None], *, since: int, until: int, tries: int
) -> Judged:
    """Whether a rung goes on, from the days until the first purchase of everybody who entered at
    least ``until`` days ago (None: none yet).

    It tries itself on ``tries`` members; from then on it goes on only where its lift is proven.
    """
    one, other = (
        np.array([float(day is not None and since < day <= until) for day in days])
        for days in (given, held_out)
    )
    if min(len(one), len(other)) < LEAST_ARM:
        return Judged(len(one), len(other), None, None, None, len(one) < tries)
    told = always_valid(
        welch(Group(outcome=one, before=one * 0), Group(outcome=other, before=other * 0)),
        members=len(one) + len(other),
    ).effect
    proven = told.standard_error > 0 and told.low > 0
    known = told.standard_error > 0
    return Judged(
        given=len(one),
        held_out=len(other),
        lift=told.difference,
        low=told.low if known else None,
        high=told.high if known else None,
        open=proven or len(one) < tries,
    )
