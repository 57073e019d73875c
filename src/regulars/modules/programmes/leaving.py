"""Leaving and coming back: what ends, what the programme does with the points, what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.events.base import Event
from regulars.infra import outbox
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.instants import show_instant
from regulars.modules.ledger import queries as ledger
from regulars.modules.ledger.services import adjust
from regulars.modules.members import queries as members
from regulars.modules.members.lookup import circle_of
from regulars.modules.members.services import depart, rejoin
from regulars.modules.members.types import DepartureView

from .queries import programme_at

REASON = "membership ended"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaving would mean now, or has meant: told before anything ends."""

    status: str
    left_at: datetime | None
    points_rule: str
    points_available: int
    points_pending: int
    points_lapse: int
    consents: tuple[str, ...]
    departures: tuple[DepartureView, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "left_at": show_instant(self.left_at) if self.left_at else None,
            "points": {
                "rule": self.points_rule,
                "available": self.points_available,
                "pending": self.points_pending,
                "lapse": self.points_lapse,
            },
            "consents": list(self.consents),
            "history": [
                {
                    "left_at": show_instant(one.left_at),
                    "channel": one.channel,
                    "points": one.points,
                    "lapsed": one.lapsed,
                    "rejoined_at": show_instant(one.rejoined_at) if one.rejoined_at else None,
                }
                for one in self.departures
            ],
        }


def foretold(merchant: MerchantFacts, member_id: UUID, now: datetime) -> Leaving:
    """What leaving would take and keep, as of ``now``; writes nothing. Raises NotFound."""
    circle = circle_of(merchant.id, member_id)
    carrier = circle.member_id
    view = members.member(merchant.id, carrier)
    points = ledger.balances(merchant_id=merchant.id, member_id=carrier, now=now)["points"]
    rule = programme_at(merchant.id, now).points_on_leaving
    gone = members.gone_since(merchant.id, carrier)
    agreed = members.consents(merchant.id, circle.ids)
    return Leaving(
        status=view.status,
        left_at=gone,
        points_rule=rule,
        points_available=points.available,
        points_pending=points.pending,
        points_lapse=points.available if rule == "lapse" and gone is None else 0,
        consents=tuple(one.purpose for one in agreed if one.granted),
        departures=tuple(members.departures(merchant.id, circle.ids)),
    )


@transaction.atomic
def leave(
    *, merchant: MerchantFacts, member_id: UUID, channel: str, actor: str, now: datetime
) -> list[Event]:
    """End a membership at ``now``: consents are withdrawn, points lapse or freeze as the programme
    says, the history stays. Who left before changes nothing. Raises NotFound, LostRace."""
    told = foretold(merchant, member_id, now)
    if told.left_at is not None:
        return []
    carrier = members.carrier_of(merchant.id, member_id)
    lapsed: list[Event] = []
    if told.points_lapse > 0:
        _, lapsed = adjust(
            merchant_id=merchant.id,
            member_id=carrier,
            amount=-told.points_lapse,
            reason=REASON,
            now=now,
            actor=actor,
        )
    events = depart(
        merchant_id=merchant.id,
        member_id=carrier,
        channel=channel,
        points="lapsed" if told.points_rule == "lapse" else "frozen",
        lapsed=told.points_lapse,
        now=now,
    )
    # What the points did was announced where it was done.
    outbox.publish(aggregate=carrier.hex, events=events, at=now)
    return [*lapsed, *events]


@transaction.atomic
def come_back(*, merchant_id: int, member_id: UUID, now: datetime) -> list[Event]:
    """Let who left be a member again, the same one; nothing where they had not. Raises NotFound."""
    carrier = members.carrier_of(merchant_id, member_id)
    events = rejoin(merchant_id=merchant_id, member_id=carrier, now=now)
    outbox.publish(aggregate=carrier.hex, events=events, at=now)
    return events
