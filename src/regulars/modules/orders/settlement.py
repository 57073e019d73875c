"""From a settled person to rows and events: the record and announce beats, shared by every path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.events.base import Event
from regulars.infra.outbox import OUTBOX, told_row
from regulars.infra.recording import Writes
from regulars.kernel.instants import show_instant
from regulars.kernel.periods import day_start
from regulars.modules.earning.gather import ACTIVITY
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.announce import events_of
from regulars.modules.ledger.engine import Journal
from regulars.modules.pricing.deal import Deal, discounts_json, gifts_json, tenders_json
from regulars.modules.tiers.announce import event_of
from regulars.modules.tiers.gather import TIER_CHANGE, add_standing, step_row
from regulars.modules.tiers.rules import Note
from regulars.modules.tiers.types import Ladder, Step

from .person import Person
from .types import OrderView


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom and when a use case runs: the merchant's facts, the actor, the instant."""

    merchant_id: int
    zone: ZoneInfo
    currency: str
    actor: str
    now: datetime


def add_person(writes: Writes, merchant_id: int, person: Person) -> None:
    """Activity and standing of a person that changed."""
    for owner, days in person.activity_added.items():
        hexes = owner.hex
        writes.extend(ACTIVITY, [(merchant_id, hexes, day, *sums) for day, sums in days.items()])
    add_standing(
        writes,
        merchant_id=merchant_id,
        member_id=person.member_id,
        standing=person.standing,
        programme=person.programme,
        seen_revision=person.revision,
    )


def add_steps(
    writes: Writes,
    *,
    scope: Scope,
    person: Person,
    notes: Iterable[Note],
    at: datetime,
    cause: tuple[str, str],
) -> None:
    """The history rows of what moved, to be written."""
    for row in step_rows(scope=scope, person=person, notes=notes, at=at, cause=cause):
        writes.add(TIER_CHANGE, row)


def step_rows(
    *,
    scope: Scope,
    person: Person,
    notes: Iterable[Note],
    at: datetime,
    cause: tuple[str, str],
) -> list[tuple[Any, ...]]:
    """The history rows of what moved; a calendar step is dated at the start of its day."""
    rows = []
    for note in notes:
        if isinstance(note, Step):
            by_calendar = note.reason in ("kept", "not_kept")
            rows.append(
                step_row(
                    merchant_id=scope.merchant_id,
                    member_id=person.member_id,
                    step=note,
                    at=day_start(note.day, scope.zone) if by_calendar else at,
                    cause_type="review" if by_calendar else cause[0],
                    cause_id=note.day.isoformat() if by_calendar else cause[1],
                    programme=person.programme,
                )
            )
    return rows


def announced(
    *,
    scope: Scope,
    journal: Journal,
    person: Person | None,
    notes: Sequence[Note],
    ladder: Ladder,
    at: datetime,
) -> list[Event]:
    """The ledger's and the ladder's events of one unit of work."""
    found = events_of(journal)
    if person is not None:
        found += [
            event_of(
                note,
                merchant_id=scope.merchant_id,
                member_id=person.member_id,
                ladder=ladder,
                at=at,
            )
            for note in notes
        ]
    return found


def record(
    writes: Writes, *, scope: Scope, journal: Journal, events: Sequence[Event], aggregate: UUID
) -> None:
    """Put journal and events beside the rows already there, and write all of it as one unit."""
    told = [event.to_json() for event in events]
    add_told(writes, scope=scope, journal=journal, told=told, aggregate=aggregate)
    writes.record()


def add_told(
    writes: Writes,
    *,
    scope: Scope,
    journal: Journal,
    told: Sequence[dict[str, Any]],
    aggregate: UUID,
) -> None:
    """As ``record``, of events that are JSON already."""
    ledger.add_to(writes, journal)
    if told:
        row = told_row(
            merchant_id=scope.merchant_id, aggregate=aggregate.hex, told=told, at=scope.now
        )
        writes.add(OUTBOX, row)


def _tell_deal(body: dict[str, Any], deal: Deal, *, cancelled: bool) -> None:
    """What was quoted: nets are told before tenders, as the quote had told them."""
    body["net"] = deal.net_minor
    body["shipping"] = deal.shipping_minor
    if cancelled:
        body["refunded"] += deal.shipping_minor
    for line, agreed in zip(body["lines"], deal.lines, strict=True):
        line["net"] = agreed.priced.net_minor
        line["gross"] = agreed.priced.gross_minor
        line["discounts"] = discounts_json(agreed.priced.discounts)
        line["tenders"] = tenders_json(agreed.priced.tenders)
    body["gifts"] = gifts_json(deal.gifts)


@lru_cache(maxsize=1_024)
def _tier_of(frozen: str) -> str:
    """The tier an order earned in. Orders of one day and one tier have the same terms, mostly."""
    tier: str = json.loads(frozen)["tier"]
    return tier


def order_body(view: OrderView, effects: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """An order as the API shows it."""
    body: dict[str, Any] = {
        "id": f"ord_{view.id.hex}",
        "external_id": view.external_id,
        "member_id": f"mem_{view.member_id.hex}" if view.member_id else None,
        "status": view.status,
        "channel": view.channel,
        "store": view.store,
        "placed_at": show_instant(view.placed_at),
        "paid_at": show_instant(view.paid_at) if view.paid_at else None,
        "net": view.net_minor,
        "refunded": view.refunded_minor,
        "paid": view.paid_minor,
        "points": view.points,
        "growth_value": view.growth_value,
        "tier": _tier_of(view.frozen) if view.frozen else None,
        "lines": [
            {
                "line": line.line,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price_minor,
                "net": line.net_minor,
                "returned": line.returned,
            }
            for line in view.lines
        ],
    }
    if view.deal is not None:
        _tell_deal(body, view.deal, cancelled=view.status == "cancelled")
    if effects is not None:
        body["effects"] = effects
    return body
