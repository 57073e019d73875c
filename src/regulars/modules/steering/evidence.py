"""What was tried before: trials of an arm, cut by how members stood when they were assigned.

A trial speaks once its window of 28 days is over, and its experiment was read as planned or ran to
its end: so each is looked at once, and no interval is a peek.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.ids import show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics.facts import Facts
from regulars.modules.experiments import queries as experiments
from regulars.modules.experiments import rules, statistics
from regulars.modules.experiments.types import Group, View
from regulars.modules.members.lookup import carriers
from regulars.modules.pricing.redemptions import redemptions

from .deciding.believing import beliefs
from .models import Chosen, Plan
from .reading import bought_within, placed, standing
from .types import STATES, WINDOW_DAYS, Asked, Cell, Flags, Floats, Lift

_MOST_TRIALS = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """Members of one experiment who were given an offer or held out of it, by chance."""

    offer: str
    assigned_on: date
    member: list[str]
    held_out: Flags


def lifts(merchant: MerchantFacts, facts: Facts, asked: Asked, *, as_of: date) -> list[list[Lift]]:
    """By arm and state: what was proven of it up to ``as_of``."""
    found = []
    for arm in asked.arms:
        cells: list[list[Cell]] = [[] for _ in STATES]
        for trial in trials(merchant, (arm, *asked.like.get(arm, ())), as_of=as_of):
            for at, cell in enumerate(_cells(merchant, facts, trial)):
                if cell is not None:
                    cells[at].append(cell)
        found.append(beliefs(cells))
    return found


def trials(merchant: MerchantFacts, offers: Sequence[str], *, as_of: date) -> Iterator[Trial]:
    """What was tried of ``offers`` and is over, the newest first."""
    for offer in dict.fromkeys(offers):
        for view in experiments.experiments(merchant.id, limit=_MOST_TRIALS, offer=offer):
            if (began := _speaks(merchant, view, as_of)) is not None:
                people = experiments.assigned(merchant.id, view.id)
                if not _broken(people.held_out, view):
                    yield Trial(offer, began, people.member, people.held_out)
        yield from _of_plans(merchant, offer, as_of)


def _of_plans(merchant: MerchantFacts, offer: str, as_of: date) -> Iterator[Trial]:
    """Plans are trials too: of each arm those who were chosen for it."""
    rows = Plan.objects.of(merchant.id).filter(started_at__isnull=False, batches__has_key=offer)
    for row in rows.order_by("-created_at")[:_MOST_TRIALS]:
        view = experiments.experiment(merchant.id, row.id)
        began = _speaks(merchant, view, as_of)
        if began is None or _cut_short(merchant, row, began):
            continue
        people = experiments.assigned(merchant.id, row.id)
        if _broken(people.held_out, view):
            continue
        own = Chosen.objects.of(merchant.id).filter(plan_id=row.id, offer=offer)
        ids = list(own.values_list("member_id", flat=True))
        who = carriers(merchant.id, ids)
        meant = {show("mem", who.get(one, one)) for one in ids}
        on = np.array([one in meant for one in people.member], dtype=bool)
        if on.any():
            names = [one for one, there in zip(people.member, on, strict=True) if there]
            yield Trial(offer, began, names, people.held_out[on])


def _speaks(merchant: MerchantFacts, view: View, as_of: date) -> date | None:
    """The day it began on, where it may be read for the window; None where it may not."""
    began, ends = view.assigned_on, view.ends_on
    if began is None or ends is None:
        return None
    if view.decided_at is not None:
        ends = min(ends, program_day(view.decided_at, ZoneInfo(merchant.zone)))
        over = True
    else:
        over = ends <= as_of
    through = began + timedelta(days=WINDOW_DAYS)
    return began if over and through <= min(ends, as_of) else None


def _cut_short(merchant: MerchantFacts, row: Plan, began: date) -> bool:
    """Whether its coupons were taken back within the window: that is no trial of having them."""
    if row.stopped_at is None:
        return False
    stopped_on = program_day(row.stopped_at, ZoneInfo(merchant.zone))
    return stopped_on <= began + timedelta(days=WINDOW_DAYS)


def _broken(held_out: Flags, view: View) -> bool:
    out = int(held_out.sum())
    return rules.sample_ratio(
        treated=len(held_out) - out, held_out=out, held_out_bps=view.plan.held_out_bps
    ).stop


def _cells(merchant: MerchantFacts, facts: Facts, trial: Trial) -> list[Cell | None]:
    through = trial.assigned_on + timedelta(days=WINDOW_DAYS)
    then = standing(facts, trial.member, as_of=trial.assigned_on)
    bought, before = bought_within(facts, trial.member, since=trial.assigned_on, until=through)
    used, cost = _used(merchant, trial, through)
    outcome = bought.astype(np.float64)
    found: list[Cell | None] = []
    for state in range(len(STATES)):
        on = then.state == state
        one, other = on & ~trial.held_out, on & trial.held_out
        if one.sum() < 2 or other.sum() < 2:
            found.append(None)
            continue
        difference, error = _difference(outcome, before, one, other)
        found.append(
            Cell(
                treated=int(one.sum()),
                held_out=int(other.sum()),
                difference=difference,
                error=error,
                held_out_share=float(outcome[other].mean()),
                used=int(used[one].sum()),
                cost_minor=int(cost[one].sum()),
            )
        )
    return found


def _difference(outcome: Floats, before: Floats, one: Flags, other: Flags) -> tuple[float, float]:
    """The lift and its error. Where few bought the spread that was seen is too small by chance:
    the error is no less than that of one buyer and one other more in each arm."""
    told = statistics.cuped(
        Group(outcome=outcome[one], before=before[one]),
        Group(outcome=outcome[other], before=before[other]),
    )
    least = 0.0
    for arm in (outcome[one], outcome[other]):
        share = (arm.sum() + 1) / (len(arm) + 2)
        least += share * (1 - share) / len(arm)
    taken_out = math.sqrt(max(1 - told.correlation**2, 0.0))
    effect = told.effect
    return effect.difference, max(effect.standard_error, math.sqrt(least) * taken_out)


def _used(merchant: MerchantFacts, trial: Trial, through: date) -> tuple[Flags, Floats]:
    """Who bought with the offer in the window, and what it took off for them."""
    zone = ZoneInfo(merchant.zone)
    found = redemptions(
        merchant.id,
        trial.offer,
        since=day_start(trial.assigned_on + timedelta(days=1), zone),
        until=day_start(through + timedelta(days=1), zone),
    )
    who = carriers(merchant.id, sorted({one.member_id for one in found}))
    place = placed(
        trial.member, [show("mem", who.get(one.member_id, one.member_id)) for one in found]
    )
    on = place >= 0
    amount = np.array([float(one.amount_minor) for one in found])
    cost = np.bincount(place[on], weights=amount[on], minlength=len(trial.member))
    used = np.bincount(place[on], minlength=len(trial.member)) > 0
    return used, cost.astype(np.float64)
