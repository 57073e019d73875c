"""Carrying a started plan out: its experiment first, then coupon by coupon.

Cut off anywhere it goes on from there: the experiment, the list and the batches commit together,
and each piece of coupons together with the note of who was given one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from regulars.infra.clock import now_for
from regulars.infra.db import retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping
from regulars.kernel.errors import NotFound, Refusal
from regulars.kernel.ids import parse
from regulars.kernel.periods import day_start
from regulars.modules.coupons import giving as coupons
from regulars.modules.coupons.errors import BatchWithdrawn
from regulars.modules.experiments import queries as trials
from regulars.modules.experiments import services as experiments
from regulars.modules.experiments.types import Plan as Trial
from regulars.modules.experiments.types import View
from regulars.modules.insight import stored
from regulars.modules.members.queries import agreed
from regulars.modules.orders.queries import bought_since

from .models import Chosen, Plan
from .queries import file_of
from .services import Watch, stop
from .types import WINDOW_DAYS

_PIECE: Final = 300
_LEAST_BPS: Final = 500


def carry_out(
    merchant: MerchantFacts, plan_id: UUID, *, watch: Watch = lambda done, of: None
) -> int:
    """Go on with a started plan to its end; how many members' turn came."""
    row = Plan.objects.of(merchant.id).filter(id=plan_id).get()
    if row.status == "starting":
        _begin(merchant, row)
        row.refresh_from_db()
    came = 0
    while row.status == "giving" and not stopping():
        try:
            done = retrying(lambda: _give_some(merchant, plan_id))
        except BatchWithdrawn:  # by hand, which says as much as stopping it
            with transaction.atomic():
                stop(merchant, plan_id, now=now_for(merchant))
            break
        came += done
        row.refresh_from_db()
        watch(row.done, row.of)
        if not done:
            Plan.objects.of(merchant.id).filter(id=plan_id, status="giving").update(status="given")
            break
    return came


def _begin(merchant: MerchantFacts, row: Plan) -> None:
    """Draw the arms and note who was chosen for what; what refuses ends the plan with a reason."""
    kept = stored.read(merchant.id, file_of(row.id))
    chosen = _listed(kept) if kept else {}
    now = now_for(merchant)
    among = trials.eligible(merchant.id, list(chosen))
    try:
        draft = _draft(merchant.id, row, now)
        prepared = experiments.prepare(merchant, draft, now, among=among)
        retrying(lambda: _record(merchant, row, prepared, chosen, now))
    except Refusal as refused:
        Plan.objects.of(merchant.id).filter(id=row.id, status="starting").update(
            status="failed", error=f"{refused.code}: {refused.detail}"[:300]
        )


def _draft(merchant_id: int, row: Plan, now: datetime) -> View:
    """The plan's experiment, drawn with the plan's id; a beginning that was cut off left one."""
    try:
        return trials.experiment(merchant_id, row.id)
    except NotFound:
        with transaction.atomic():
            return experiments.create(
                merchant_id=merchant_id, plan=_trial(row), now=now, by=row.started_by, own_id=row.id
            )


@transaction.atomic
def _record(
    merchant: MerchantFacts,
    row: Plan,
    prepared: experiments.Prepared,
    chosen: dict[UUID, dict[str, Any]],
    now: datetime,
) -> None:
    moved = Plan.objects.of(merchant.id).filter(id=row.id, status="starting")
    if not moved.update(status="giving"):
        return
    experiments.start(merchant_id=merchant.id, experiment_id=row.id, prepared=prepared, now=now)
    people = trials.assigned(merchant.id, row.id)
    rows = []
    for shown, out in zip(people.member, people.held_out.tolist(), strict=True):
        member_id = parse("mem", shown)
        assert member_id is not None, "assigned members are shown by their ids"
        own = chosen[member_id]
        rows.append(
            Chosen(
                merchant_id=merchant.id,
                plan_id=row.id,
                member_id=member_id,
                offer=own["offer"],
                held_out=out,
                until=own["until"],
            )
        )
    Chosen.objects.of(merchant.id).bulk_create(rows, batch_size=2_000)
    batches = {
        offer: coupons.open_batch(merchant_id=merchant.id, offer=offer, now=now).hex
        for offer in sorted({one.offer for one in rows})
    }
    given = sum(not one.held_out for one in rows)
    Plan.objects.of(merchant.id).filter(id=row.id).update(batches=batches, done=0, of=given)


@transaction.atomic
def _give_some(merchant: MerchantFacts, plan_id: UUID) -> int:
    """The next members' turn: a coupon, unless they bought since or take no offers any more."""
    row = Plan.objects.of(merchant.id).select_for_update().get(id=plan_id)
    if row.status != "giving" or row.as_of is None:
        return 0
    own = Chosen.objects.of(merchant.id).filter(plan_id=plan_id, held_out=False, outcome="")
    turn = list(own.order_by("member_id")[:_PIECE])
    if not turn:
        return 0
    now, zone = now_for(merchant), ZoneInfo(merchant.zone)
    ids = [one.member_id for one in turn]
    since = day_start(row.as_of + timedelta(days=1), zone)
    bought = bought_since(merchant.id, ids, since)
    willing = agreed(merchant.id, row.asked["consent"])
    ends: dict[str, dict[UUID, datetime | None]] = {}
    for one in turn:
        if one.member_id not in willing:
            one.outcome = "no_consent"
        elif one.member_id in bought:
            one.outcome = "bought"
        else:
            one.outcome, one.given_at = "given", now
            until = day_start(one.until + timedelta(days=1), zone)
            ends.setdefault(one.offer, {})[one.member_id] = until
        mine = Chosen.objects.of(merchant.id).filter(plan_id=plan_id, member_id=one.member_id)
        mine.update(outcome=one.outcome, given_at=one.given_at)
    for offer, own_ends in sorted(ends.items()):
        batch = UUID(hex=row.batches[offer])
        coupons.give(merchant_id=merchant.id, batch_id=batch, ends_at=own_ends, now=now)
    Plan.objects.of(merchant.id).filter(id=plan_id).update(done=F("done") + len(turn))
    return len(turn)


def _listed(kept: stored.Stored) -> dict[UUID, dict[str, Any]]:
    """Whom the plan chose an offer for, with those it holds out."""
    rows = kept.rows(["member_id", "offer", "until"], reason=["chosen", "held_out"])
    found = {}
    for one in rows.to_pylist():
        member_id = parse("mem", one["member_id"])
        assert member_id is not None, "kept rows hold ids as they are shown"
        found[member_id] = one
    return found


def _trial(row: Plan) -> Trial:
    """How a plan is measured: once, by who bought within the window."""
    return Trial(
        code=f"plan-{row.id.hex[-12:]}",
        name=row.name,
        scope="campaign",
        metric="rebought",
        looking="once",
        looks=1,
        held_out_bps=row.asked["held_out_bps"],
        days=WINDOW_DAYS,
        rebought_days=WINDOW_DAYS,
        least_bps=_LEAST_BPS,
    )
