"""Experiments follow their offers: published with a holdout, an offer is measured by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from regulars.events.promotions import OfferChanged, OfferCreated
from regulars.infra.db import LostRace, retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.periods import program_day
from regulars.modules.merchants.queries import merchant_of_id
from regulars.modules.promotions.types import Offer
from regulars.modules.segments.queries import is_building

from . import offers, queries, services
from .errors import (
    CodeTaken,
    ExperimentNotRunning,
    NobodyToAssign,
    OfferNotTried,
    OfferTaken,
)
from .models import Experiment
from .types import View

_BY: Final = "offer"
#: What of an offer says that another trial begins.
_PUBLISHES: Final = frozenset({"status", "held_out_bps"})


def follow(event: OfferCreated | OfferChanged) -> None:
    """Open, keep or end the experiment of an offer that was written; told twice, done once."""
    offer = offers.offer_of(event.merchant_id, event.offer)
    if offer is None:
        return
    now = event.happened_at
    found = services.open_of_offer(event.merchant_id, event.offer)
    published = isinstance(event, OfferCreated) or not _PUBLISHES.isdisjoint(event.fields)
    if found is not None and found.status == "running":
        if offer.held_out_bps != found.plan.held_out_bps:
            _end(event.merchant_id, found, now)
    elif not offers.is_tried(offer):
        _drafts(event.merchant_id, offer).update(opens_at=None)
    elif published:
        _open(event.merchant_id, offer, found, now)


def open_due(merchant: MerchantFacts, now: datetime) -> int:
    """Start the experiments whose offers begin by ``now``; how many members were assigned to one.

    One whose arms would be empty, or whose offer was taken back, stays a draft.
    """
    rows = Experiment.objects.of(merchant.id).filter(status="draft", opens_at__lte=now)
    started = 0
    for row in rows.order_by("opens_at", "id"):
        found = queries.view(row)
        offer = offers.offer_of(merchant.id, found.plan.offer or "")
        if offer is not None and is_building(merchant.id, sorted(offer.who.segments)):
            continue
        prepared = services.prepare(merchant, found, now)
        try:
            retrying(lambda found=found, prepared=prepared: _start(merchant, found, prepared, now))  # type: ignore[misc]
            started += 1
        except ExperimentNotRunning:  # somebody else was faster
            continue
        except (NobodyToAssign, OfferNotTried):
            Experiment.objects.of(merchant.id).filter(id=found.id).update(opens_at=None)
    return started


def waiting_merchants() -> list[int]:
    """Merchants with an experiment that is to be started."""
    rows = Experiment.objects.across_merchants().filter(status="draft", opens_at__isnull=False)
    return sorted(set(rows.values_list("merchant_id", flat=True)))


@transaction.atomic
def _start(
    merchant: MerchantFacts, found: View, prepared: services.Prepared, now: datetime
) -> None:
    services.start(merchant_id=merchant.id, experiment_id=found.id, prepared=prepared, now=now)


def _open(merchant_id: int, offer: Offer, found: View | None, now: datetime) -> None:
    opens_at = max(now, offer.when.begins or now)
    if offer.when.ends is not None and offer.when.ends <= opens_at:
        return
    if found is not None:
        _drafts(merchant_id, offer).update(opens_at=opens_at)
        return
    taken = frozenset(Experiment.objects.of(merchant_id).values_list("code", flat=True))
    plan = offers.plan_of(
        offer,
        code=offers.code_for(offer.code, taken),
        opens_at=opens_at,
        zone=ZoneInfo(merchant_of_id(merchant_id).zone),
    )
    try:
        services.create(merchant_id=merchant_id, plan=plan, now=now, by=_BY, opens_at=opens_at)
    except OfferTaken:  # somebody else was faster, which is all that was wanted
        return
    except CodeTaken as error:  # told again, it finds another code
        raise LostRace from error


def _end(merchant_id: int, found: View, now: datetime) -> None:
    """Another share, or none, parts who gets the offer from who was assigned to get it: what was
    seen until yesterday is all that there will be to read. A paused offer comes back."""
    assert found.assigned_on is not None
    today = program_day(now, ZoneInfo(merchant_of_id(merchant_id).zone))
    days = min(found.plan.days, max((today - found.assigned_on).days - 1, 1))
    Experiment.objects.of(merchant_id).filter(id=found.id).update(
        days=days,
        looks=min(found.plan.looks, days),
        rebought_days=min(found.plan.rebought_days, days),
    )


def _drafts(merchant_id: int, offer: Offer) -> QuerySet[Experiment]:
    return Experiment.objects.of(merchant_id).filter(offer=offer.code, status="draft")
