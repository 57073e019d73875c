"""Writing goods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from regulars.events.base import Event
from regulars.events.catalog import ProductChanged, StrikeRegionChanged
from regulars.infra import outbox
from regulars.infra.recording import Upsert, Writes

from .models import Deal, PricePoint, Product, StrikePolicy
from .queries import shown
from .reference_price import Region

_LEARNT: Final = Upsert(
    "catalog_product",
    key={"merchant_id": "bigint", "sku": "text"},
    keeps={"tags": "jsonb"},
    fills={"name": "text", "category": "text", "type": "text"},
)
_BATCH: Final = 5_000


@transaction.atomic
def put_product(
    *, merchant_id: int, sku: str, given: dict[str, Any], now: datetime
) -> tuple[dict[str, Any], list[Event]]:
    """Create or change a product by the fields ``given``; a new list price joins the history.

    Returns the product as shown and what that changed.
    """
    product = Product.objects.of(merchant_id).filter(sku=sku).first()
    created = product is None
    if product is None:
        product = Product(merchant_id=merchant_id, sku=sku)
    before = None if created else shown(product)
    price_before = product.list_price_minor
    for field, column in _FIELDS.items():
        if field in given:
            setattr(product, column, given[field])
    product.save(force_insert=created)
    price = product.list_price_minor
    if price is not None and price != price_before:
        PricePoint(
            merchant_id=merchant_id,
            sku=sku,
            at=_free_from(merchant_id, sku, now),
            list_price_minor=price,
        ).save(force_insert=True)
    after = shown(product)
    events: list[Event] = []
    if after != before:
        events.append(
            ProductChanged(merchant_id=merchant_id, happened_at=now, sku=sku, created=created)
        )
    outbox.publish(aggregate="catalog", events=events, at=now)
    return after, events


@transaction.atomic
def put_strike_region(*, merchant_id: int, region: Region, now: datetime) -> list[Event]:
    """From now on strike prices through by a region's rule; what was before stays on record."""
    last = StrikePolicy.objects.of(merchant_id).order_by("-effective_at").first()
    if last is not None and last.region == region:
        return []
    StrikePolicy.objects.of(merchant_id).filter(effective_at=now).delete()
    StrikePolicy(merchant_id=merchant_id, effective_at=now, region=region).save(force_insert=True)
    event = StrikeRegionChanged(merchant_id=merchant_id, happened_at=now, region=region)
    outbox.publish(aggregate="catalog", events=[event], at=now)
    return [event]


def note_deals(merchant_id: int, deals: Iterable[tuple[str, datetime, int]]) -> None:
    """Keep at what prices units were sold: (sku, when, minor units); the same again changes
    nothing. The caller has a transaction."""
    rows = {(sku, at.replace(minute=0, second=0, microsecond=0), minor) for sku, at, minor in deals}
    Deal.objects.of(merchant_id).bulk_create(
        [
            Deal(merchant_id=merchant_id, sku=sku, hour=hour, unit_minor=minor)
            for sku, hour, minor in sorted(rows)
        ],
        batch_size=_BATCH,
        ignore_conflicts=True,
    )


def _free_from(merchant_id: int, sku: str, now: datetime) -> datetime:
    """``now``, or the first instant after the last price: what is on record stays there."""
    last = PricePoint.objects.of(merchant_id).filter(sku=sku).aggregate(last=Max("at"))["last"]
    return now if last is None else max(now, last + timedelta(microseconds=1))


_FIELDS = {
    "name": "name",
    "category": "category",
    "type": "type",
    "tags": "tags",
    "list_price": "list_price_minor",
}


def learn_products(
    merchant_id: int, products: Iterable[tuple[str, str | None, str | None, str | None]]
) -> int:
    """Take in what a file says of (sku, name, category, type); silence changes nothing known."""
    rows = ((merchant_id, sku, "[]", *said) for sku, *said in products)
    count = 0
    while batch := list(islice(rows, _BATCH)):
        writes = Writes()
        writes.extend(_LEARNT, batch)
        with transaction.atomic():
            writes.record()
        count += len(batch)
    return count
