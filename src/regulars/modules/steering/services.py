"""Asking for plans, starting, stopping and dropping them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from regulars.infra.clock import now_for
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id
from regulars.modules.analytics import services as analytics
from regulars.modules.coupons import services as coupons
from regulars.modules.coupons.errors import BatchWithdrawn
from regulars.modules.insight import stored
from regulars.modules.insight.services import yesterday
from regulars.modules.promotions.queries import offer_view
from regulars.modules.segments.queries import segments

from . import planning, queries
from .errors import NothingToGive, PlanAtWork, PlanNotReady, PlanStale
from .models import Plan
from .queries import PlanView, view
from .types import Asked

#: A plan older than this is made anew: meanwhile members bought.
FRESH_DAYS: Final = 7
#: How many steps working one out is told in.
STEPS: Final = 4
Watch = Callable[[int, int], None]


def ask(merchant: MerchantFacts, asked: Asked, *, name: str, now: datetime, by: str) -> PlanView:
    """Note down what a plan is to do; the jobs work it out. In the caller's transaction.

    Raises PlanAtWork while another one is worked out or given, and Invalid for arms that are no
    coupons, and a segment that is not there.
    """
    _check(merchant, asked, now)
    row = Plan(
        merchant_id=merchant.id,
        id=new_id(),
        name=name,
        status="waiting",
        asked=asdict(asked),
        of=STEPS,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise PlanAtWork from None
    return view(row)


def work(
    merchant: MerchantFacts, plan_id: UUID, *, watch: Watch = lambda done, of: None
) -> PlanView:
    """Work a plan out; cut off anywhere it is begun anew. Outside of any transaction.

    Raises NotFound. Where it fails the plan ends with that, and the error goes on.
    """
    own = Plan.objects.of(merchant.id).filter(id=plan_id)
    row = own.first()
    if row is None:
        raise NotFound
    if row.status != "waiting":
        return view(row)
    done = 0

    def moved() -> None:
        nonlocal done
        done += 1
        own.filter(status="waiting").update(done=done)
        watch(done, STEPS)

    watch(0, STEPS)
    try:
        now, as_of = now_for(merchant), yesterday(merchant)
        facts = analytics.fresh(merchant.id, now, ("orders",)).facts
        moved()
        asked = queries.asked_of(row)
        found = planning.plan(merchant, facts, asked, plan_id, as_of=as_of, now=now, moved=moved)
        stored.write(merchant.id, queries.file_of(plan_id), found.rows, {"as_of": str(as_of)})
        moved()
    except Exception as error:
        told = f"{type(error).__name__}: {error}"[:300]
        own.filter(status="waiting").update(status="failed", error=told)
        raise
    own.filter(status="waiting").update(status="ready", as_of=as_of, found=found.told)
    return queries.plan_view(merchant.id, plan_id)


def start(merchant: MerchantFacts, plan_id: UUID, *, now: datetime, by: str) -> PlanView:
    """Have the jobs give the coupons of a plan, all but to those held out. In the caller's
    transaction.

    Raises NotFound, PlanNotReady, PlanStale, PlanAtWork, and NothingToGive where one of the arms
    of its experiment would be empty.
    """
    row = _row(merchant.id, plan_id)
    if row.status != "ready" or row.as_of is None or row.found is None:
        raise PlanNotReady
    if row.as_of < yesterday(merchant) - timedelta(days=FRESH_DAYS):
        raise PlanStale(f"It knows of nothing after {row.as_of}: have it made anew.")
    if stored.read(merchant.id, queries.file_of(plan_id)) is None:
        raise PlanStale("Its list is gone: have it made anew.")
    reasons = row.found["reasons"]
    if not reasons.get("chosen") or not reasons.get("held_out"):
        detail = (
            "Nobody would be given anything, or nobody held out: what it did could not be told."
        )
        raise NothingToGive(detail)
    own = Plan.objects.of(merchant.id).filter(id=plan_id, status="ready")
    try:
        with transaction.atomic():
            moved = own.update(
                status="starting", started_at=now, started_by=by, done=0, of=reasons["chosen"]
            )
    except IntegrityError:
        raise PlanAtWork from None
    if not moved:
        raise PlanNotReady
    return queries.plan_view(merchant.id, plan_id)


def stop(merchant: MerchantFacts, plan_id: UUID, *, now: datetime) -> PlanView:
    """Give no more of a plan, and take its coupons back that nobody used. In the caller's
    transaction. Its experiment goes on: it was tried. Raises NotFound and PlanNotReady."""
    row = _row(merchant.id, plan_id)
    own = Plan.objects.of(merchant.id).filter(
        id=plan_id, status__in=("starting", "giving", "given")
    )
    if not own.update(status="stopped", stopped_at=now):
        raise PlanNotReady
    for batch in row.batches.values():
        try:
            coupons.withdraw(merchant_id=merchant.id, batch_id=UUID(hex=batch), now=now)
        except BatchWithdrawn:  # by hand, before
            continue
    return queries.plan_view(merchant.id, plan_id)


def drop(merchant: MerchantFacts, plan_id: UUID) -> None:
    """Forget a plan that was not started. In the caller's transaction. Raises NotFound and
    PlanNotReady."""
    _row(merchant.id, plan_id)
    own = Plan.objects.of(merchant.id).filter(
        id=plan_id, status__in=("waiting", "ready", "failed"), started_at=None
    )
    if not own.delete()[0]:
        raise PlanNotReady
    path = stored.path_of(merchant.id, queries.file_of(plan_id))
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _check(merchant: MerchantFacts, asked: Asked, now: datetime) -> None:
    faults = []
    for place, arm in enumerate(asked.arms):
        if _document(merchant.id, arm) is None:
            faults.append(FieldError(f"/arms/{place}/offer", "unknown_offer", "There is none."))
        elif not is_coupon(merchant.id, arm):
            detail = "Only a published offer that needs a coupon can be given to some members."
            faults.append(FieldError(f"/arms/{place}/offer", "needs_a_coupon", detail))
        for own, like in enumerate(asked.like.get(arm, ())):
            if _document(merchant.id, like) is None:
                where = f"/arms/{place}/like/{own}"
                faults.append(FieldError(where, "unknown_offer", "There is none."))
    if asked.segment is not None and asked.segment not in {
        one.code for one in segments(merchant.id, now)
    }:
        faults.append(FieldError("/segment", "unknown_segment", "There is none."))
    if faults:
        raise Invalid(faults[0].detail, errors=faults)


def is_coupon(merchant_id: int, offer: str) -> bool:
    """Whether there is such an offer, published, that needs a coupon."""
    document = _document(merchant_id, offer)
    if document is None:
        return False
    return document["status"] == "active" and bool(document["requires_code"])


def _document(merchant_id: int, code: str) -> dict[str, Any] | None:
    try:
        return dict(offer_view(merchant_id, code).document)
    except NotFound:
        return None


def _row(merchant_id: int, plan_id: UUID) -> Plan:
    row = Plan.objects.of(merchant_id).filter(id=plan_id).first()
    if row is None:
        raise NotFound
    return row
