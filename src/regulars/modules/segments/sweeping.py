"""Asking everybody: a rule that is new or changed, and the first reading of a merchant's members.

Both go through the members in the order of their ids, in pieces that each are one transaction and
note how far they came: cut off anywhere, they go on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from regulars.infra.db import Sql, as_instant, as_uuid, fetch_all, fetch_one, retrying, run
from regulars.infra.http.principal import MerchantFacts
from regulars.infra.jobs import stopping

from . import recorder
from .models import MemberFacts, Segment
from .settling import same_for, settle
from .types import READ_PARTS, Cause, Part

PIECE: Final = 1_000
_READ_PIECE: Final = 500
_NONE_YET: Final = UUID(int=0)
_FACTS_AFTER: Final = Sql(
    "SELECT member_id FROM segments_memberfacts WHERE merchant_id = :merchant_id "
    "AND member_id > :after ORDER BY member_id LIMIT :most"
)
_RECORDS_AFTER: Final = Sql(
    "SELECT id FROM members_member WHERE merchant_id = :merchant_id "
    "AND id > :after ORDER BY id LIMIT :most"
)
_SWEEP: Final = Sql(
    "SELECT next_at, running, after FROM segments_sweep "
    "WHERE merchant_id = :merchant_id AND number = 1"
)
_PLAN: Final = Sql(
    "INSERT INTO segments_sweep (merchant_id, number, next_at, running, done) "
    "VALUES (:merchant_id, 1, :at, :no, 0) ON CONFLICT (merchant_id, number) DO UPDATE SET "
    "next_at = CASE WHEN segments_sweep.next_at < excluded.next_at "
    "THEN segments_sweep.next_at ELSE excluded.next_at END"
)
_BEGIN: Final = Sql(
    "UPDATE segments_sweep SET next_at = NULL, running = :yes, after = NULL, done = 0 "
    "WHERE merchant_id = :merchant_id AND number = 1"
)
_STEP: Final = Sql(
    "UPDATE segments_sweep SET after = :after, done = done + :count "
    "WHERE merchant_id = :merchant_id AND number = 1"
)
_END: Final = Sql(
    "UPDATE segments_sweep SET running = :no, after = NULL "
    "WHERE merchant_id = :merchant_id AND number = 1"
)


def ask_everybody(merchant_id: int, at: datetime) -> None:
    """Have all members read again at ``at``, in the caller's transaction."""
    run(_PLAN, {"merchant_id": merchant_id, "at": at, "no": False})


def sweep(merchant: MerchantFacts, now: datetime) -> int:
    """Read everybody, where that is due: a merchant whom segments never saw, or whoever was
    announced by ``ask_everybody``. How many records were read."""
    total = 0
    # Looked at before a transaction, which on SQLite would keep every writer waiting.
    while not stopping() and _sweep_due(merchant.id, now):
        done = retrying(lambda: _sweep_piece(merchant, now))
        if done is None:
            break
        total += done
    return total


def _sweep_due(merchant_id: int, now: datetime) -> bool:
    row = fetch_one(_SWEEP, {"merchant_id": merchant_id})
    if row is None:
        return True
    next_at = as_instant(row[0])
    return bool(row[1]) or (next_at is not None and next_at <= now)


@transaction.atomic
def _sweep_piece(merchant: MerchantFacts, now: datetime) -> int | None:
    row = fetch_one(_SWEEP, {"merchant_id": merchant.id})
    if row is None:
        ask_everybody(merchant.id, now)
        row = (now, False, None)
    next_at, running, after = as_instant(row[0]), bool(row[1]), row[2]
    if not running:
        if next_at is None or next_at > now:
            return None
        run(_BEGIN, {"merchant_id": merchant.id, "yes": True})
        after = None
    recorder.alone(merchant.id)
    params = {
        "merchant_id": merchant.id,
        "after": as_uuid(after) if after else _NONE_YET,
        "most": _READ_PIECE,
    }
    ids = [as_uuid(found[0]) for found in fetch_all(_RECORDS_AFTER, params)]
    if not ids:
        run(_END, {"merchant_id": merchant.id, "no": False})
        return None
    cause = Cause("first_reading", "", now)
    settle(merchant, same_for(ids, READ_PARTS, cause), now, because="first_reading")
    run(_STEP, {"merchant_id": merchant.id, "after": ids[-1], "count": len(ids)})
    return len(ids)


def build(merchant: MerchantFacts, now: datetime) -> int:
    """Ask every new or changed rule of everybody of whom something is known; how many members."""
    total = 0
    building = Segment.objects.of(merchant.id).filter(building=True)
    while not stopping() and building.exists():
        done = retrying(lambda: _build_piece(merchant, now))
        if done is None:
            break
        total += done
    return total


@transaction.atomic
def _build_piece(merchant: MerchantFacts, now: datetime) -> int | None:
    recorder.alone(merchant.id)
    rows = Segment.objects.of(merchant.id)
    segment = rows.filter(building=True).order_by("changed_at", "id").first()
    if segment is None:
        return None
    params = {
        "merchant_id": merchant.id,
        "after": segment.build_after or _NONE_YET,
        "most": PIECE,
    }
    ids = [as_uuid(row[0]) for row in fetch_all(_FACTS_AFTER, params)]
    nothing: Mapping[Part, Cause] = {}
    settle(merchant, dict.fromkeys(ids, nothing), now, because="segment.changed")
    own = rows.filter(id=segment.id)
    if len(ids) < PIECE:
        own.update(building=False, build_after=None, built=F("built") + len(ids))
    else:
        own.update(build_after=ids[-1], built=F("built") + len(ids))
    return len(ids)


def begin_build(segment: Segment) -> None:
    """Have the jobs ask everybody; the caller saves the row."""
    segment.building = True
    segment.build_after = None
    segment.built = 0
    segment.to_build = MemberFacts.objects.of(segment.merchant_id).count()
