"""Writing experiments: draft, assignment by chance, decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from regulars.events.experiments import ExperimentDecided, ExperimentStarted
from regulars.infra import outbox
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.recording import Row, Table, Writes
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.periods import program_day
from regulars.modules.analytics import services as analytics
from regulars.modules.analytics.facts import Facts
from regulars.modules.promotions import services as promotions

from . import offers, queries, rules
from .errors import (
    CodeTaken,
    ExperimentNotRunning,
    NobodyToAssign,
    OfferNotTried,
    OfferTaken,
    TooSoon,
)
from .models import Experiment
from .outcomes import Doings, doings
from .readout import COVARIATE_DAYS, power, power_shown, readout
from .types import Arm, Plan, View

_ASSIGNMENTS: Final = Table(
    "experiments_assignment",
    "merchant_id",
    "experiment_id",
    "member_id",
    "held_out",
    "before_orders",
    "before_minor",
    "before_days",
)
_NO_VERDICT: Final = "not_proven"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Who would be assigned today, and what they did in the weeks up to it."""

    members: Sequence[UUID]
    today: date
    before: Doings


def create(
    *,
    merchant_id: int,
    plan: Plan,
    now: datetime,
    by: str,
    opens_at: datetime | None = None,
    own_id: UUID | None = None,
) -> View:
    """Note down a draft; with ``opens_at`` the jobs start it then. ``own_id`` is for whoever
    already drew the arms of something that is no offer: they are drawn with this id.

    Raises CodeTaken, and OfferTaken; runs inside the caller's transaction.
    """
    if Experiment.objects.of(merchant_id).filter(code=plan.code).exists():
        raise _taken(merchant_id, plan)
    row = Experiment(
        merchant_id=merchant_id,
        id=own_id or new_id(),
        code=plan.code,
        name=plan.name,
        scope=plan.scope,
        status="draft",
        metric=plan.metric,
        looking=plan.looking,
        looks=plan.looks,
        held_out_bps=plan.held_out_bps,
        days=plan.days,
        rebought_days=plan.rebought_days,
        least_bps=plan.least_bps,
        created_at=now,
        created_by=by,
        offer=plan.offer or "",
        opens_at=opens_at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(merchant_id, plan) from error
    return queries.view(row)


def _taken(merchant_id: int, plan: Plan) -> CodeTaken | OfferTaken:
    """What stands in the way of ``plan``: another experiment of its offer comes before its code,
    as two who follow one offer choose the same code."""
    if plan.offer and open_of_offer(merchant_id, plan.offer) is not None:
        return OfferTaken()
    return CodeTaken()


def power_of(merchant: MerchantFacts, found: View, now: datetime) -> dict[str, Any]:
    """What a draft could show on everybody who may be assigned; reads facts, writes nothing."""
    return power_on(merchant, found.plan, now, among=offers.population(merchant.id, found.plan))


def power_on(
    merchant: MerchantFacts, plan: Plan, now: datetime, *, among: Sequence[UUID] | None = None
) -> dict[str, Any]:
    """What ``plan`` could show on everybody, or on those of ``among`` who may be assigned."""
    members = [show("mem", one) for one in queries.eligible(merchant.id, among)]
    today = program_day(now, ZoneInfo(merchant.zone))
    return power_shown(power(_facts(merchant, now), members, plan, today=today))


def prepare(
    merchant: MerchantFacts, found: View, now: datetime, *, among: Sequence[UUID] | None = None
) -> Prepared:
    """Everybody who may be assigned, or those of ``among``, with the weeks before as of now.

    On an offer that names segments these are their members. Reads facts, so it runs outside of
    the transaction that assigns. Raises NotFound where ``among`` names somebody who is no member,
    or goes on as somebody else, and OfferNotTried where the offer says who is in.
    """
    if among is not None and found.plan.offer is not None:
        raise OfferNotTried("Whom the offer is for decides who is assigned; name no members.")
    meant = among if among is not None else offers.population(merchant.id, found.plan)
    members = queries.eligible(merchant.id, meant)
    if among is not None and len(members) != len(set(among)):
        raise NotFound
    today = program_day(now, ZoneInfo(merchant.zone))
    before = doings(
        _facts(merchant, now),
        [show("mem", one) for one in members],
        since=today - timedelta(days=COVARIATE_DAYS),
        until=today,
        soon_days=found.plan.rebought_days,
    )
    return Prepared(members, today, before)


def start(
    *, merchant_id: int, experiment_id: UUID, prepared: Prepared, now: datetime
) -> tuple[View, ExperimentStarted]:
    """Assign everybody ``prepared`` by hash, once, and freeze their weeks before.

    Runs inside the caller's transaction. Raises NotFound, ExperimentNotRunning where it is no
    draft or a standing holdout runs already, OfferNotTried where its offer is not published with
    a holdout, and NobodyToAssign where an arm would be empty.
    """
    found = queries.experiment(merchant_id, experiment_id)
    share = offers.share_of(merchant_id, found.plan)
    standing = queries.standing_bps(merchant_id)
    if found.plan.scope == "everything" and standing:
        raise ExperimentNotRunning("Another holdout from everything is running; decide it first.")

    arms = rules.arms_of(
        merchant_id,
        found.salt,
        prepared.members,
        held_out_bps=share,
        global_bps=0 if found.plan.scope == "everything" else standing,
    )
    held_out = sum(arm == "held_out" for arm in arms.values())
    if not 0 < held_out < len(arms):
        raise NobodyToAssign(f"Of {len(arms)} members {held_out} would be held out.")

    _move(
        merchant_id,
        experiment_id,
        "draft",
        status="running",
        assigned_on=prepared.today,
        held_out_bps=share,
        opens_at=None,
    )
    if found.plan.scope == "everything":
        promotions.set_standing_holdout(merchant_id=merchant_id, held_out_bps=share)

    writes = Writes()
    for row in _assignments(merchant_id, experiment_id, prepared, arms):
        writes.add(_ASSIGNMENTS, row)
    event = ExperimentStarted(
        merchant_id=merchant_id,
        happened_at=now,
        experiment_id=experiment_id,
        code=found.plan.code,
        assigned_on=prepared.today,
        treated=len(arms) - held_out,
        held_out=held_out,
    )
    writes.record()

    outbox.publish(aggregate="merchant", events=[event], at=now)
    return queries.experiment(merchant_id, experiment_id), event


def read(
    merchant: MerchantFacts, found: View, now: datetime, **asked: int | None
) -> dict[str, Any]:
    """The readout as of now; of a decided experiment the one it was decided on."""
    if found.result is not None:
        return found.result
    today = program_day(now, ZoneInfo(merchant.zone))
    return readout(merchant, found, _facts(merchant, now), today=today, **asked)


def open_of_offer(merchant_id: int, offer: str) -> View | None:
    """The experiment on an offer that is not decided yet, if there is one."""
    row = Experiment.objects.of(merchant_id).filter(offer=offer).exclude(status="decided").first()
    return None if row is None else queries.view(row)


def decide(
    *, merchant_id: int, experiment_id: UUID, told: dict[str, Any], now: datetime
) -> tuple[View, ExperimentDecided]:
    """End an experiment with the verdict of the readout ``told``, for good.

    Runs inside the caller's transaction. Raises NotFound, ExperimentNotRunning, and TooSoon
    before a planned look; arms that are not as planned end it as not proven at any time.
    """
    found = queries.experiment(merchant_id, experiment_id)
    ratio = told["sample_ratio"]
    if told["verdict"] is None and not ratio["stop"]:
        raise TooSoon(f"Read it on {told['readable_on']}; sooner it would say what chance says.")

    verdict = told["verdict"] or _NO_VERDICT
    _move(
        merchant_id,
        experiment_id,
        "running",
        status="decided",
        decided_at=now,
        verdict=verdict,
        result={**told, "verdict": verdict},
    )
    if found.plan.scope == "everything":
        promotions.set_standing_holdout(merchant_id=merchant_id, held_out_bps=0)

    event = ExperimentDecided(
        merchant_id=merchant_id,
        happened_at=now,
        experiment_id=experiment_id,
        code=found.plan.code,
        metric=found.plan.metric,
        verdict=verdict,
        treated=ratio["treated"],
        held_out=ratio["held_out"],
    )
    outbox.publish(aggregate="merchant", events=[event], at=now)
    return queries.experiment(merchant_id, experiment_id), event


def _move(merchant_id: int, experiment_id: UUID, seen: str, **changes: Any) -> None:
    """From one state to the next, by whoever comes first. Raises ExperimentNotRunning."""
    row = Experiment.objects.of(merchant_id).filter(id=experiment_id, status=seen)
    if not row.update(**changes):
        raise ExperimentNotRunning(f"It is no longer {seen}.")


def _assignments(
    merchant_id: int, experiment_id: UUID, prepared: Prepared, arms: dict[UUID, Arm]
) -> list[Row]:
    before = prepared.before
    return [
        (
            merchant_id,
            experiment_id,
            member_id,
            arms[member_id] == "held_out",
            int(before.orders[place]),
            int(before.minor[place]),
            int(before.days[place]),
        )
        for place, member_id in enumerate(prepared.members)
        if member_id in arms
    ]


def _facts(merchant: MerchantFacts, now: datetime) -> Facts:
    return analytics.fresh(merchant.id, now, ("orders",)).facts
