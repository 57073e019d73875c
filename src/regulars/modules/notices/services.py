"""Announcing what is about to happen: set by set, each notice once, in programme time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.events.base import Event
from regulars.events.notices import PointsExpiring, TierExpiring, TierNearly
from regulars.infra.db import Sql, any_of, as_instant, as_uuid, fetch_all, retrying
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Table, Writes
from regulars.kernel.errors import NotFound
from regulars.kernel.periods import day_start, program_day
from regulars.modules.earning.gather import COUNTERS, counter_index, load_activity, series
from regulars.modules.ledger.types import POINTS
from regulars.modules.members.lookup import circles
from regulars.modules.programmes.queries import programme_at
from regulars.modules.programmes.statements import money_for
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers import rules as tiers
from regulars.modules.tiers.gather import load_standings
from regulars.modules.tiers.statement import window_of
from regulars.modules.tiers.types import Ladder, Standing

from .models import LookedAt
from .rules import RHYTHM_DAYS, likely, rhythm_of
from .types import Rhythm

NOTICE: Final = Table(
    "notices_notice",
    "merchant_id",
    "member_id",
    "kind",
    "about",
    "at",
    "due_at",
    "day",
    "points",
    "tier",
    "gap",
    "gap_money_minor",
    "likely_orders",
)
_BATCH: Final = 500
_TIERS: Final = "tiers"
_ONE_DAY: Final = timedelta(days=1)
#: Free points that go within the notice, of members who are there, that were not told yet.
_EXPIRING: Final = Sql(
    "SELECT l.member_id, l.expires_at, sum(l.remaining - l.held) FROM ledger_account a "
    "JOIN ledger_lot l ON l.merchant_id = a.merchant_id AND l.member_id = a.member_id "
    "AND l.asset = a.asset JOIN members_member m ON m.merchant_id = a.merchant_id "
    "AND m.id = a.member_id AND m.status <> 'left' AND m.merged_into IS NULL "
    "WHERE a.merchant_id = :merchant_id AND a.asset = :points AND a.next_due_at <= :until "
    "AND l.expires_at > :now AND l.expires_at <= :until AND l.remaining > l.held "
    "AND NOT EXISTS (SELECT 1 FROM notices_notice n WHERE n.merchant_id = l.merchant_id "
    "AND n.member_id = l.member_id AND n.kind = 'points_expiring' AND n.due_at = l.expires_at) "
    "GROUP BY l.member_id, l.expires_at ORDER BY l.expires_at, l.member_id LIMIT :most"
)
#: Who bought lately enough to have a rhythm, page by page.
_ACTIVE: Final = Sql(
    "SELECT s.member_id FROM tiers_standing s JOIN members_member m "
    "ON m.merchant_id = s.merchant_id AND m.id = s.member_id AND m.status <> 'left' "
    "AND m.merged_into IS NULL WHERE s.merchant_id = :merchant_id AND s.member_id > :after "
    "AND EXISTS (SELECT 1 FROM earning_activity v WHERE v.merchant_id = s.merchant_id "
    "AND v.member_id = s.member_id AND v.day > :since AND v.orders > 0) "
    "ORDER BY s.member_id LIMIT :most"
)
#: Members for whose orders a refund waits: what they have counts is not certain.
_REFUND_WAITS: Final = Sql(
    "SELECT DISTINCT o.member_id FROM orders_parkedrefund p JOIN orders_order o "
    "ON o.merchant_id = p.merchant_id AND o.external_id = p.order_external_id "
    f"WHERE p.merchant_id = :merchant_id AND {any_of('o.member_id')}"
)
_TOLD: Final = Sql(
    "SELECT member_id, kind, about FROM notices_notice "
    f"WHERE merchant_id = :merchant_id AND {any_of('member_id')} AND kind <> 'points_expiring'"
)


def announce_due(merchant: MerchantFacts, now: datetime) -> int:
    """Announce everything that is to be told by ``now``; how much. Safe to repeat and to cut off:
    each notice is told once. A merchant without a programme promises nothing."""
    try:
        programme = programme_at(merchant.id, now)
    except NotFound:
        return 0
    told = 0
    while done := retrying(lambda: _tell_expiring(merchant, programme, now)):
        told += done
    return told + _tell_tiers(merchant, programme, now)


# ── points ────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def _tell_expiring(merchant: MerchantFacts, programme: Programme, now: datetime) -> int:
    zone = ZoneInfo(merchant.zone)
    last = program_day(now, zone) + timedelta(days=programme.notice_days)
    params = {
        "merchant_id": merchant.id,
        "points": POINTS,
        "now": now,
        "until": day_start(last + _ONE_DAY, zone),
        "most": _BATCH,
    }
    writes = Writes()
    rows = fetch_all(_EXPIRING, params)
    for member, at, points in rows:
        member_id, instant = as_uuid(member), as_instant(at)
        assert instant is not None
        day = program_day(instant, zone) - _ONE_DAY
        _add(
            writes,
            merchant.id,
            PointsExpiring(
                merchant_id=merchant.id,
                happened_at=now,
                member_id=member_id,
                points=int(points),
                at=instant,
                day=day,
            ),
            (member_id, "points_expiring", instant.isoformat(), now, instant, day, int(points),
             None, None, None, None),
        )  # fmt: skip
    writes.record()
    return len(rows)


# ── tiers ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Looked:
    """A member as the tiers' notices look at them."""

    member_id: UUID
    standing: Standing
    history: tiers.History
    rhythm: Rhythm
    joined_on: date


def _tell_tiers(merchant: MerchantFacts, programme: Programme, now: datetime) -> int:
    """Once each program day: look at everybody who has a rhythm."""
    today = program_day(now, ZoneInfo(merchant.zone))
    mark = LookedAt.objects.of(merchant.id).filter(what=_TIERS).first()
    if mark is not None and mark.day >= today:
        return 0
    told, after = 0, UUID(int=0)
    while True:
        params = {
            "merchant_id": merchant.id,
            "after": after,
            "since": today - timedelta(days=RHYTHM_DAYS),
            "most": _BATCH,
        }
        ids = [as_uuid(row[0]) for row in fetch_all(_ACTIVE, params)]
        if not ids:
            break
        told += retrying(lambda ids=ids: _tell_some(merchant, programme, ids, now))  # type: ignore[misc]
        after = ids[-1]
    LookedAt.objects.of(merchant.id).update_or_create(
        merchant_id=merchant.id, what=_TIERS, defaults={"day": today}
    )
    return told


@transaction.atomic
def _tell_some(
    merchant: MerchantFacts, programme: Programme, ids: Sequence[UUID], now: datetime
) -> int:
    zone = ZoneInfo(merchant.zone)
    today = program_day(now, zone)
    params = {"merchant_id": merchant.id, "ids": list(ids)}
    known = {(as_uuid(m), kind, about) for m, kind, about in fetch_all(_TOLD, params)}
    waiting = {as_uuid(row[0]) for row in fetch_all(_REFUND_WAITS, params)}
    writes, told = Writes(), 0
    for one in _looked(merchant.id, programme.ladder, ids, zone, today):
        if one.member_id in waiting:
            continue
        for event, about in _news(merchant.id, programme, one, today, now):
            kind = "tier_nearly" if isinstance(event, TierNearly) else "tier_expiring"
            if (one.member_id, kind, about) in known:
                continue
            ends = day_start(event.until + _ONE_DAY, zone) if event.until else None
            _add(
                writes,
                merchant.id,
                event,
                (one.member_id, kind, about, now, ends, event.until, None, event.tier, event.gap,
                 event.gap_money_minor, event.likely_orders),
            )  # fmt: skip
            told += 1
    writes.record()
    return told


def _looked(
    merchant_id: int, ladder: Ladder, ids: Sequence[UUID], zone: ZoneInfo, today: date
) -> Iterator[_Looked]:
    found = circles(merchant_id, ids)
    carrier_of = {own: circle.member_id for circle in found.values() for own in circle.ids}
    activity = load_activity(merchant_id, carrier_of)
    orders, counter = COUNTERS.index("orders"), counter_index(ladder.counter)
    for member_id, stored in load_standings(merchant_id, ids).items():
        days = activity.get(member_id, {})
        bought = [(day, days[day][counter]) for day in sorted(days) if days[day][orders] > 0]
        rhythm = rhythm_of(bought, today)
        if rhythm is None or rhythm.per_purchase <= 0:
            continue
        yield _Looked(
            member_id,
            stored.standing,
            tiers.History(series(days, ladder.counter)),
            rhythm,
            program_day(found[member_id].joined_at, zone),
        )


def _news(
    merchant_id: int, programme: Programme, one: _Looked, today: date, now: datetime
) -> Iterator[tuple[TierNearly | TierExpiring, str]]:
    for told in (
        _nearly(merchant_id, programme, one, today, now),
        _expiring(merchant_id, programme, one, today, now),
    ):
        if told is not None:
            yield told


def _nearly(
    merchant_id: int, programme: Programme, one: _Looked, today: date, now: datetime
) -> tuple[TierNearly, str] | None:
    """The tier above, where the member is likely to reach it while the period lasts."""
    ladder = programme.ladder
    held = tiers.effective_tier(one.standing, ladder, today)
    rank = ladder.rank(held.code)
    if rank + 1 == len(ladder.tiers):
        return None
    above = ladder.tiers[rank + 1]

    def lacking(day: date) -> int:
        return above.threshold - tiers.counted(one.history, ladder, day, one.joined_on)

    _, last = window_of(ladder, today, one.joined_on)
    # A rolling window has no day on which the chance is over.
    until = None if ladder.window.span in ("days", "months", "lifetime") else last
    gap = lacking(today)
    found = likely(one.rhythm, lacking, today=today, until=until)
    if found is None or gap <= 0:
        return None
    event = TierNearly(
        merchant_id=merchant_id,
        happened_at=now,
        member_id=one.member_id,
        tier=above.code,
        gap=gap,
        gap_money_minor=money_for(gap, held, programme),
        likely_orders=found.orders,
        until=until,
    )
    return event, f"{above.code}:{until or one.standing.since}"


def _expiring(
    merchant_id: int, programme: Programme, one: _Looked, today: date, now: datetime
) -> tuple[TierExpiring, str] | None:
    """The tier that is held, where its review is near and what it lacks is likely to come."""
    ladder = programme.ladder
    ends = one.standing.grace_until or one.standing.keep_until
    if ends is None or not today < ends <= today + timedelta(days=ladder.keep.warn_days):
        return None
    lacks = tiers.keep_gap(
        one.standing, history=one.history, ladder=ladder, day=today, joined_on=one.joined_on
    )
    found = likely(one.rhythm, lambda _: lacks or 0, today=today, until=ends - _ONE_DAY)
    if not lacks or found is None:
        return None
    tier = ladder.tiers[ladder.rank(one.standing.tier)]
    event = TierExpiring(
        merchant_id=merchant_id,
        happened_at=now,
        member_id=one.member_id,
        tier=tier.code,
        gap=lacks,
        gap_money_minor=money_for(lacks, tier, programme),
        likely_orders=found.orders,
        until=ends - _ONE_DAY,
    )
    return event, f"{tier.code}:{ends}"


def _add(writes: Writes, merchant_id: int, event: Event, row: Sequence[Any]) -> None:
    writes.add(NOTICE, (merchant_id, *row))
    writes.add(
        OUTBOX,
        outbox_row(
            merchant_id=merchant_id, aggregate=row[0].hex, events=[event], at=event.happened_at
        ),
    )
