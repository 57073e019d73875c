"""Ladders for sleepers: rising offers, one rung after the other, until they buy or it stops.

A daily step advances everybody whose turn it is, in pieces: the coupons of a piece and the places
of its members commit together, so a day that was cut off is gone on with and nobody has two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Count, F

from regulars.infra.clock import now_for
from regulars.infra.db import retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping
from regulars.kernel.chance import is_held_out
from regulars.kernel.errors import FieldError, Invalid, NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.periods import day_start, program_day
from regulars.modules.analytics import services as analytics
from regulars.modules.coupons import giving as coupons
from regulars.modules.coupons import services as batches
from regulars.modules.coupons.errors import BatchWithdrawn
from regulars.modules.members.lookup import carriers
from regulars.modules.members.queries import agreed
from regulars.modules.orders.queries import first_bought
from regulars.modules.pricing.redemptions import redemptions

from . import leaving_out, reading
from .deciding.climbing import Judged, Rung, Seen, judged, step
from .deciding.rhythm import ASLEEP
from .errors import PlanAtWork, PlanNotReady
from .models import Climber, Ladder
from .services import is_coupon
from .types import WINDOW_DAYS, Asked, Standing

_PIECE: Final = 300


@dataclass(frozen=True, slots=True)
class LadderView:
    """A ladder: how many stand on each rung, how many ended and why, and what each rung did."""

    id: UUID
    name: str
    status: str
    rungs: tuple[Rung, ...]
    held_out_bps: int
    consent: str
    cost_cap_minor: int
    cost_minor: int
    try_members: int
    last_on: date | None
    created_at: datetime
    created_by: str
    stopped_at: datetime | None
    standing: Sequence[int]
    ended: dict[str, int]
    held_out: int
    judged: Sequence[Judged]


@dataclass
class _Day:
    """What is known for a day's step, once for all pieces."""

    today: date
    now: datetime
    soon: set[UUID]
    open_to: int
    capped: bool
    batches: dict[str, str] = field(default_factory=dict)


def put_up(
    merchant: MerchantFacts,
    *,
    name: str,
    rungs: Sequence[Rung],
    held_out_bps: int,
    consent: str,
    cost_cap_minor: int,
    try_members: int,
    now: datetime,
    by: str,
) -> LadderView:
    """Begin with a ladder; its first step comes with the jobs. In the caller's transaction.

    Raises PlanAtWork while another one runs, and Invalid for rungs that are no coupons.
    """
    for place, rung in enumerate(rungs):
        if not is_coupon(merchant.id, rung.offer):
            detail = "Only a published offer that needs a coupon can be a rung."
            fault = FieldError(f"/rungs/{place}/offer", "needs_a_coupon", detail)
            raise Invalid(detail, errors=[fault])
    row = Ladder(
        merchant_id=merchant.id,
        id=new_id(),
        name=name,
        status="running",
        rungs=[[rung.offer, rung.wait_days] for rung in rungs],
        held_out_bps=held_out_bps,
        consent=consent,
        cost_cap_minor=cost_cap_minor,
        try_members=try_members,
        created_at=now,
        created_by=by,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise PlanAtWork("Another ladder runs; take it down first.") from None
    return ladder_view(merchant, row.id)


def take_down(merchant: MerchantFacts, ladder_id: UUID, *, now: datetime) -> LadderView:
    """Give no more, and take back the coupons that nobody used. In the caller's transaction.

    Raises NotFound, and PlanNotReady where it was taken down already.
    """
    own = Ladder.objects.of(merchant.id).filter(id=ladder_id)
    row = own.first()
    if row is None:
        raise NotFound
    if not own.filter(status="running").update(status="stopped", stopped_at=now):
        raise PlanNotReady
    Climber.objects.of(merchant.id).filter(ladder_id=ladder_id, ended="").update(ended="stopped")
    for batch in row.batches.values():
        try:
            batches.withdraw(merchant_id=merchant.id, batch_id=UUID(hex=batch), now=now)
        except BatchWithdrawn:  # by hand, before
            continue
    return ladder_view(merchant, ladder_id)


def advance(merchant: MerchantFacts, ladder_id: UUID) -> int:
    """The day's step: new sleepers come on, and whoever's turn it is goes up or ends. How many
    were looked at; 0 where the day's step was done. Outside of any transaction."""
    row = Ladder.objects.of(merchant.id).filter(id=ladder_id, status="running").first()
    now = now_for(merchant)
    today = program_day(now, ZoneInfo(merchant.zone))
    if row is None or row.last_on == today:
        return 0
    facts = analytics.fresh(merchant.id, now, ("orders",)).facts
    members = leaving_out.everybody(merchant)
    stands = reading.standing(
        facts, [show("mem", one) for one in members], as_of=today - timedelta(days=1)
    )
    _come_on(merchant, row, members, stands, today, now)
    soon = leaving_out.due_soon(merchant.id, stands)
    rungs = rungs_of(row)
    brought = _judged(merchant, row, today)
    open_to = next((at for at, one in enumerate(brought) if not one.open), len(rungs))
    capped = _cost(merchant, row, now) >= row.cost_cap_minor
    due = {one for one, there in zip(members, soon.tolist(), strict=True) if there}
    day = _Day(today, now, due, open_to, capped, dict(row.batches))
    looked = 0
    while not stopping():
        try:
            done = retrying(lambda: _some(merchant, ladder_id, rungs, day))
        except BatchWithdrawn:  # by hand, which says as much as taking it down
            with transaction.atomic():
                take_down(merchant, ladder_id, now=now)
            break
        looked += done
        if done < _PIECE:
            Ladder.objects.of(merchant.id).filter(id=ladder_id).update(last_on=today)
            break
    return looked


def ladder_view(merchant: MerchantFacts, ladder_id: UUID) -> LadderView:
    """Raises NotFound."""
    row = Ladder.objects.of(merchant.id).filter(id=ladder_id).first()
    if row is None:
        raise NotFound
    return _view(merchant, row)


def ladder_views(
    merchant: MerchantFacts, *, limit: int, after: UUID | None = None
) -> list[LadderView]:
    """Newest first, one more than ``limit``."""
    rows = Ladder.objects.of(merchant.id).order_by("-id")
    if after is not None:
        rows = rows.filter(id__lt=after)
    return [_view(merchant, row) for row in rows[: limit + 1]]


def rungs_of(row: Ladder) -> tuple[Rung, ...]:
    return tuple(Rung(offer, wait) for offer, wait in row.rungs)


def _come_on(
    merchant: MerchantFacts,
    row: Ladder,
    members: list[UUID],
    stands: Standing,
    today: date,
    now: datetime,
) -> None:
    """Who sleeps, may be written to and was never on this ladder; held out by chance, once."""
    asked = Asked(
        aim="earn", arms=(), like={}, budget_minor=0, margin_bps=1,
        held_out_bps=row.held_out_bps, consent=row.consent, rest_days=WINDOW_DAYS, segment=None,
    )  # fmt: skip
    out = leaving_out.left_out(merchant, asked, members, stands, now)
    own = Climber.objects.of(merchant.id).filter(ladder_id=row.id)
    there = set(own.values_list("member_id", flat=True))
    new = [
        Climber(
            merchant_id=merchant.id,
            ladder_id=row.id,
            member_id=one,
            held_out=is_held_out(merchant.id, row.id.hex, one, row.held_out_bps),
            entered_on=today,
            next_on=today,
        )
        for one, why, state in zip(members, out, stands.state.tolist(), strict=True)
        if why is None and state == ASLEEP and one not in there
    ]
    Climber.objects.of(merchant.id).bulk_create(new, batch_size=2_000, ignore_conflicts=True)


@transaction.atomic
def _some(merchant: MerchantFacts, ladder_id: UUID, rungs: tuple[Rung, ...], day: _Day) -> int:
    """The next members whose turn it is; how many."""
    row = Ladder.objects.of(merchant.id).select_for_update().get(id=ladder_id)
    if row.status != "running":
        return 0
    own = Climber.objects.of(merchant.id).filter(ladder_id=ladder_id, ended="")
    turn = list(own.filter(next_on__lte=day.today).order_by("next_on", "member_id")[:_PIECE])
    if not turn:
        return 0
    ids = [one.member_id for one in turn]
    bought = _first_days(merchant, turn)
    willing = agreed(merchant.id, row.consent)
    zone = ZoneInfo(merchant.zone)
    ends: dict[int, dict[UUID, datetime | None]] = {}
    for one in turn:
        seen = Seen(
            bought=bought.get(one.member_id) is not None,
            willing=one.member_id in willing,
            due_soon=one.member_id in day.soon,
        )
        told = step(one.rung, rungs, seen, today=day.today, open_to=day.open_to, capped=day.capped)
        one.ended, one.next_on = told.ended or "", told.next_on
        if told.rung is not None:
            one.rung = told.rung + 1
            if not one.held_out:
                one.given_at = day.now
                ends.setdefault(told.rung, {})[one.member_id] = day_start(
                    told.next_on + timedelta(days=1), zone
                )
        mine = Climber.objects.of(merchant.id).filter(ladder_id=ladder_id, member_id=one.member_id)
        mine.update(rung=one.rung, ended=one.ended, next_on=one.next_on, given_at=one.given_at)
    kept = dict(row.batches)
    for rung, own_ends in sorted(ends.items()):
        key = str(rung)
        if key not in kept:
            offer = rungs[rung].offer
            kept[key] = coupons.open_batch(merchant_id=merchant.id, offer=offer, now=day.now).hex
        batch = UUID(hex=kept[key])
        coupons.give(merchant_id=merchant.id, batch_id=batch, ends_at=own_ends, now=day.now)
    if kept != row.batches:
        Ladder.objects.of(merchant.id).filter(id=ladder_id).update(batches=kept)
    return len(ids)


def _first_days(merchant: MerchantFacts, climbers: Sequence[Climber]) -> dict[UUID, int | None]:
    """Days from coming on to the first purchase, of some climbers; the day itself is 0."""
    if not climbers:
        return {}
    zone = ZoneInfo(merchant.zone)
    since = day_start(min(one.entered_on for one in climbers), zone)
    ids = [one.member_id for one in climbers]
    moments = first_bought(
        merchant.id, {one.member_id: day_start(one.entered_on, zone) for one in climbers}, since
    )
    entered = {one.member_id: one.entered_on for one in climbers}
    return {
        one: (program_day(moments[one], zone) - entered[one]).days if one in moments else None
        for one in ids
    }


def _judged(merchant: MerchantFacts, row: Ladder, today: date) -> list[Judged]:
    climbers = list(Climber.objects.of(merchant.id).filter(ladder_id=row.id))
    first = _first_days(merchant, climbers)
    found, since = [], -1
    for rung in rungs_of(row):
        until = max(since, 0) + rung.wait_days
        over = [one for one in climbers if (today - one.entered_on).days >= until]
        given = [first[one.member_id] for one in over if not one.held_out]
        out = [first[one.member_id] for one in over if one.held_out]
        found.append(judged(given, out, since=since, until=until, tries=row.try_members))
        since = until
    return found


def _cost(merchant: MerchantFacts, row: Ladder, now: datetime) -> int:
    """What the rungs took off so far, for those who were given them."""
    own = Climber.objects.of(merchant.id).filter(ladder_id=row.id, held_out=False, rung__gt=0)
    climbers = set(own.values_list("member_id", flat=True))
    total = 0
    for offer in sorted({rung.offer for rung in rungs_of(row)}):
        used = redemptions(
            merchant.id, offer, since=row.created_at, until=now + timedelta(seconds=1)
        )
        who = carriers(merchant.id, sorted({one.member_id for one in used}))
        total += sum(
            one.amount_minor for one in used if who.get(one.member_id, one.member_id) in climbers
        )
    return total


def _view(merchant: MerchantFacts, row: Ladder) -> LadderView:
    now = now_for(merchant)
    rungs = rungs_of(row)
    rows = Climber.objects.of(merchant.id).filter(ladder_id=row.id)
    counted = rows.order_by().values_list("rung", "ended", "held_out")
    standing, ended, held_out = [0] * (len(rungs) + 1), dict[str, int](), 0
    for rung, why, out, members in counted.annotate(members=Count("member_id")):
        if out:
            held_out += members
        elif why:
            ended[why] = ended.get(why, 0) + members
        else:
            standing[rung] += members
    return LadderView(
        id=row.id,
        name=row.name,
        status=row.status,
        rungs=rungs,
        held_out_bps=row.held_out_bps,
        consent=row.consent,
        cost_cap_minor=row.cost_cap_minor,
        cost_minor=_cost(merchant, row, now),
        try_members=row.try_members,
        last_on=row.last_on,
        created_at=row.created_at,
        created_by=row.created_by,
        stopped_at=row.stopped_at,
        standing=standing,
        ended=ended,
        held_out=held_out,
        judged=_judged(merchant, row, program_day(now, ZoneInfo(merchant.zone))),
    )


def running_ladders() -> list[tuple[int, UUID]]:
    """Merchant and id of every ladder that runs."""
    rows: Any = Ladder.objects.across_merchants().filter(status="running")
    return list(rows.order_by(F("created_at")).values_list("merchant_id", "id"))
