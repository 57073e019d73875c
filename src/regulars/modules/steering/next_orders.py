"""Coupons for next orders, sized by what is known of each member: given the day after they fell
due, so that what was bought on that day is known. docs/algorithms/spending.md has the words.

Cut off anywhere it goes on from there: a piece's coupons commit with the reasons, and each order
is settled once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count

from regulars.infra.clock import now_for
from regulars.infra.db import retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping
from regulars.kernel.ids import show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services as analytics
from regulars.modules.coupons import sizing
from regulars.modules.coupons.rules import end_of_validity
from regulars.modules.coupons.sizing import Due, SizedBatch
from regulars.modules.members.lookup import carriers, who_left

from . import evidence, leaving_out, planning, reading
from .deciding.believing import beliefs
from .deciding.next_order import Band, Given, Known, Why, decided
from .deciding.weighing import weighed
from .models import NextCoupon
from .types import MILLI, STATES, WINDOW_DAYS, Asked, Integers, Lift, Standing, State

_PIECE: Final = 200


@dataclass(frozen=True, slots=True)
class _Day:
    """What is known on one day of everybody who may be given one, for all pieces of a batch."""

    today: date
    now: datetime
    place: dict[UUID, int]
    stands: Standing
    refused: set[UUID]
    out: Sequence[bool]
    item_soon: Sequence[bool]
    lifts: list[list[Lift]]
    gain: Integers


def give_due(merchant: MerchantFacts) -> int:
    """Decide on every sized coupon that fell due before today; how many were decided on. Outside
    of any transaction."""
    now = now_for(merchant)
    zone = ZoneInfo(merchant.zone)
    today = program_day(now, zone)
    before = day_start(today, zone)
    batches = sizing.batches_due(merchant.id, before)
    if not batches:
        return 0
    settled = 0
    for batch in batches:
        day = _known(merchant, batch, today, now)
        while not stopping():
            done = retrying(lambda batch=batch, day=day: _some(merchant, batch, day, before))  # type: ignore[misc]
            settled += done
            if done < _PIECE:
                break
    return settled


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one order's coupon. ``offer`` and ``until`` are None where none was
    given; what of the member it hung on is None where nothing of them was looked at."""

    order_id: UUID
    member_id: UUID
    decided_at: datetime
    why: Why
    offer: str | None
    until: datetime | None
    state: State | None
    days_ago: int | None
    usual_days: int | None
    reach_days: int | None
    gain_minor: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of a batch's decisions came out with one reason: with a coupon, and without."""

    why: Why
    given: int
    not_given: int


def decisions(
    merchant_id: int, batch_id: UUID, *, limit: int, after: UUID | None = None
) -> list[Decision]:
    """What was decided of a batch's coupons, the newest order first, one more than ``limit``."""
    rows = NextCoupon.objects.of(merchant_id).filter(batch_id=batch_id)
    if after is not None:
        rows = rows.filter(order_id__lt=after)
    return [_decision(row) for row in rows.order_by("-order_id")[: limit + 1]]


def counted(merchant_id: int, batch_id: UUID) -> list[Counted]:
    """All decisions of a batch by their reason."""
    rows = NextCoupon.objects.of(merchant_id).filter(batch_id=batch_id)
    found: Any = rows.order_by("why").values_list("why").annotate(Count("order_id"), Count("until"))
    return [Counted(why, given, total - given) for why, total, given in found]


def _decision(row: NextCoupon) -> Decision:
    told: Any = row  # the columns hold what is decided here
    return Decision(
        order_id=row.order_id,
        member_id=row.member_id,
        decided_at=row.decided_at,
        why=told.why,
        offer=row.offer or None,
        until=row.until,
        state=told.state or None,
        days_ago=row.days_ago,
        usual_days=row.usual_days,
        reach_days=row.reach_days,
        gain_minor=row.gain_minor,
    )


def _known(merchant: MerchantFacts, batch: SizedBatch, today: date, now: datetime) -> _Day:
    as_of = today - timedelta(days=1)
    facts = analytics.fresh(merchant.id, now, ("orders",)).facts
    members = leaving_out.everybody(merchant)
    stands = reading.standing(facts, [show("mem", one) for one in members], as_of=as_of)
    asked = Asked(
        aim="earn", arms=batch.offers, like={}, budget_minor=0,
        margin_bps=batch.sized.margin_bps or 0, held_out_bps=0, consent="",
        rest_days=WINDOW_DAYS, segment=None,
    )  # fmt: skip
    lifts = [beliefs([[] for _ in STATES]) for _ in batch.offers]
    if batch.sized.margin_bps is not None:
        lifts = evidence.lifts(merchant, facts, asked, as_of=as_of)
    _, gain, _ = weighed(
        stands.state, stands.worth_minor, planning.chances(merchant.id, stands, lifts), lifts,
        margin_bps=asked.margin_bps,
    )  # fmt: skip
    return _Day(
        today=today,
        now=now,
        place={one: at for at, one in enumerate(members)},
        stands=stands,
        refused=leaving_out.not_personal(merchant.id),
        out=leaving_out.held_out_of_all(merchant.id, members).tolist(),
        item_soon=leaving_out.item_due_soon(merchant.id, stands).tolist(),
        lifts=lifts,
        gain=gain,
    )


@transaction.atomic
def _some(merchant: MerchantFacts, batch: SizedBatch, day: _Day, before: datetime) -> int:
    """Decide on the next orders of a batch; how many there were."""
    due = sizing.due_of(merchant.id, batch.id, before, most=_PIECE)
    ids = sorted({one.member_id for one in due})
    who, gone = carriers(merchant.id, ids), who_left(merchant.id, ids)
    rows = []
    for one in due:
        at = day.place.get(who.get(one.member_id, one.member_id))
        given = None
        if batch.offers and at is not None and one.member_id not in gone:
            given = _given(batch, day, at, who.get(one.member_id, one.member_id))
        row = _settled(merchant, batch, day, one, given)
        if row is not None and given is not None and at is not None:
            rows.append(_standing(row, day, at, given))
    NextCoupon.objects.of(merchant.id).bulk_create(rows)
    return len(due)


def _given(batch: SizedBatch, day: _Day, at: int, member: UUID) -> Given:
    stands, sized = day.stands, batch.sized
    state = int(stands.state[at])
    known = Known(
        personal=member not in day.refused,
        held_out_of_all=day.out[at],
        item_soon=day.item_soon[at],
        days_ago=int(stands.days_ago[at]),
        usual=float(stands.usual[at]),
        reach=float(stands.reach[at]),
        gain=tuple(day.gain[at].tolist()),
    )
    band = Band(batch.valid_days, sized.most_days, sized.spare)
    return decided(band, known, [by_state[state] for by_state in day.lifts])


def _settled(
    merchant: MerchantFacts, batch: SizedBatch, day: _Day, due: Due, given: Given | None
) -> NextCoupon | None:
    """The order settled, with the note of it; None where somebody else settled it."""
    offer = ends_at = None
    if given is not None and given.offer is not None:
        offer = batch.offers[given.offer]
        ends_at = end_of_validity(day.today, given.days, ZoneInfo(merchant.zone))
    ours = sizing.settle(
        merchant_id=merchant.id, batch=batch, due=due, offer=offer, ends_at=ends_at, now=day.now
    )
    if not ours:
        return None
    return NextCoupon(
        merchant_id=merchant.id,
        batch_id=batch.id,
        order_id=due.order_id,
        member_id=due.member_id,
        decided_at=day.now,
        offer=offer or "",
        until=ends_at,
    )


def _standing(row: NextCoupon, day: _Day, at: int, given: Given) -> NextCoupon:
    """The note, with the reason and what of the member it hangs on; of somebody who said no to
    that, or is in no campaign, nothing more is noted."""
    row.why = given.why
    if given.why in ("not_personal", "held_out_of_all"):
        return row
    stands = day.stands
    row.state = STATES[int(stands.state[at])]
    row.days_ago = max(int(stands.days_ago[at]), 0)
    row.usual_days = round(float(stands.usual[at]))
    row.reach_days = math.ceil(float(stands.reach[at]))
    if given.why in ("stronger", "costs_more", "harms"):
        row.gain_minor = int(day.gain[at][given.offer or 0]) // MILLI
    return row
