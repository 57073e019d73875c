"""Supplies: how much there is of an article, from when on who may buy it, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from regulars.events.promotions import SupplyChanged
from regulars.infra import outbox
from regulars.kernel.instants import show_instant
from regulars.modules.budgets.gather import held, look

from .models import Supply as SupplyRow
from .queries import book, early_of
from .services import turn_the_page
from .standing import Taken, taken
from .stocking import early_key, keys, stock_key
from .types import Supply


@dataclass(frozen=True, slots=True)
class SupplyStanding:
    """A supply with what is sold, given and held of it; ``early`` of the part for early buyers."""

    supply: Supply
    stock: Taken | None
    early: Taken | None


@transaction.atomic
def put_supply(
    *, merchant_id: int, sku: str, supply: Supply | None, now: datetime
) -> list[SupplyChanged]:
    """Set how much there is of an article and from when on, from the next quote on; None: it is not
    looked at any more."""
    turn_the_page(merchant_id)
    row = SupplyRow.objects.of(merchant_id).filter(sku=sku).first()
    before = None if row is None else _read(row)
    if before == supply:
        return []
    if supply is None:
        SupplyRow.objects.of(merchant_id).filter(sku=sku).delete()
    else:
        early = [
            {"tiers": sorted(one.tiers), "from": show_instant(one.begins)} for one in supply.early
        ]
        SupplyRow(
            merchant_id=merchant_id,
            sku=sku,
            units=supply.units,
            opens_at=supply.opens_at,
            early=early,
            early_units=supply.early_units,
            changed_at=now,
        ).save(force_insert=row is None, force_update=row is not None)
    event = SupplyChanged(
        merchant_id=merchant_id,
        happened_at=now,
        sku=sku,
        units=None if supply is None else supply.units,
        opens_at=None if supply is None else supply.opens_at,
    )
    outbox.publish(aggregate="offers", events=[event], at=now)
    return [event]


def standings(merchant_id: int, now: datetime) -> list[SupplyStanding]:
    """Every supply by sku, with what is taken of it."""
    supplies = sorted(book(merchant_id).supplies.values(), key=lambda one: one.sku)
    wanted = keys(supplies)
    seen, open_ = look(merchant_id, wanted, now), held(merchant_id, wanted, now)
    return [
        SupplyStanding(
            supply,
            None if one is None else taken(one, stock_key(supply.sku), seen, open_),
            None if part is None else taken(part, early_key(supply.sku), seen, open_),
        )
        for supply in supplies
        for one, part in [(supply.units, supply.early_units)]
    ]


def _read(row: SupplyRow) -> Supply:
    return Supply(
        sku=row.sku,
        units=row.units,
        opens_at=row.opens_at,
        early=early_of(row.early),
        early_units=row.early_units,
    )
