"""The coupon for the next order: promised when an order is paid, given once it cannot come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q, QuerySet

from regulars.events.coupons import CouponIssued
from regulars.events.orders import OrderCancelled, OrderPaid, OrderRefunded
from regulars.infra import outbox
from regulars.infra.db import retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.recording import Writes
from regulars.kernel.errors import NotFound
from regulars.kernel.periods import program_day
from regulars.modules.members.lookup import who_left
from regulars.modules.programmes.queries import programme_at
from regulars.modules.promotions.queries import offer_view

from .codes import generated_keys
from .making import COUPON
from .models import Batch, Promised
from .rules import end_of_validity
from .types import RETURN_WINDOW

_AT_ONCE: Final = 200


@transaction.atomic
def promise(event: OrderPaid) -> None:
    """Note what a paid order brings later; told twice it is noted once."""
    if event.member_id is None:
        return
    batches = Batch.objects.of(event.merchant_id).filter(
        issue_after__isnull=False, withdrawn_at=None, created_at__lte=event.happened_at
    )
    Promised.objects.of(event.merchant_id).bulk_create(
        [
            Promised(
                merchant_id=event.merchant_id,
                batch_id=batch.id,
                order_id=event.order_id,
                member_id=event.member_id,
                due_at=event.happened_at + timedelta(days=_days(batch, event.happened_at)),
                net_minor=event.net_minor,
            )
            for batch in batches
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def lose(event: OrderCancelled) -> None:
    """An order that was called off brings nothing."""
    _open(event.merchant_id, event.order_id).update(settled=True)


@transaction.atomic
def lessen(event: OrderRefunded) -> None:
    """An order of which every unit, or all the money it cost, went back brings nothing."""
    rows = _open(event.merchant_id, event.order_id)
    rows.update(refunded_minor=F("refunded_minor") + event.cash_minor)
    # One that points had paid cost no money: only its units tell that nothing is kept.
    paid_back = Q(net_minor__gt=0, refunded_minor__gte=F("net_minor"))
    (rows if event.whole else rows.filter(paid_back)).update(settled=True)


def issue_due(merchant: MerchantFacts, now: datetime) -> int:
    """Give every coupon that fell due; how many were given. Safe to cut off and to repeat."""
    given = 0
    while done := retrying(lambda: _issue_some(merchant, now)):
        given += sum(done)
        if len(done) < _AT_ONCE:
            break
    return given


@transaction.atomic
def _issue_some(merchant: MerchantFacts, now: datetime) -> list[bool]:
    # Those that hang on the member are for whoever knows the member to decide.
    sized = Batch.objects.of(merchant.id).filter(sized__isnull=False).values("id")
    due = list(
        Promised.objects.of(merchant.id)
        .select_for_update()
        .filter(settled=False, due_at__lte=now)
        .exclude(batch_id__in=sized)
        .order_by("due_at", "order_id")[:_AT_ONCE]
    )
    return [_issue(merchant, promised, now) for promised in due]


def _issue(merchant: MerchantFacts, promised: Promised, now: datetime) -> bool:
    """Settle one promise; whether a coupon came of it."""
    mine = Promised.objects.of(merchant.id).filter(
        batch_id=promised.batch_id, order_id=promised.order_id, settled=False
    )
    if not mine.update(settled=True):
        return False
    batches = Batch.objects.of(merchant.id).filter(id=promised.batch_id)
    batch = batches.select_for_update().get()
    if batch.withdrawn_at is not None or _is_archived(merchant.id, batch.offer):
        return False
    if who_left(merchant.id, [promised.member_id]):
        return False
    number = batch.made + 1
    batches.update(made=number, count=number)
    _give(merchant, batch, number, promised.member_id, now)
    return True


def _give(
    merchant: MerchantFacts, batch: Batch, number: int, member_id: UUID, now: datetime
) -> None:
    zone = ZoneInfo(merchant.zone)
    ends_at = batch.ends_at
    if batch.valid_days is not None:
        ends_at = end_of_validity(program_day(now, zone), batch.valid_days, zone)
    writes = Writes()
    for _, key in generated_keys(merchant.id, batch.id, [number]):
        writes.add(COUPON, (merchant.id, key, batch.id, number, "", member_id, None, ends_at))
    writes.record()
    event = CouponIssued(
        merchant_id=merchant.id,
        happened_at=now,
        member_id=member_id,
        batch_id=batch.id,
        offer=batch.offer,
        count=1,
        ends_at=ends_at,
    )
    outbox.publish(aggregate=member_id.hex, events=[event], at=now)


def _open(merchant_id: int, order_id: UUID) -> QuerySet[Promised]:
    return Promised.objects.of(merchant_id).filter(order_id=order_id, settled=False)


def _days(batch: Batch, at: datetime) -> int:
    """After how many days an order can no longer come back, as promised on the day it was paid."""
    if batch.issue_after != RETURN_WINDOW:
        return int(batch.issue_after or 0)
    try:
        return programme_at(batch.merchant_id, at).earning.points.pending_days
    except NotFound:  # a merchant without a programme has no return window
        return 0


def _is_archived(merchant_id: int, offer: str) -> bool:
    return bool(offer_view(merchant_id, offer).document["status"] == "archived")
