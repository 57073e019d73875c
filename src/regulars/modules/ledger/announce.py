"""What the movements in a journal are called outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from regulars.events import ledger as events
from regulars.events.base import Event

from .engine import Journal
from .types import DEBT_OF, GROWTH_VALUE, POINTS, Posting

_BY_KIND: Final[dict[tuple[int, str], type[events.Movement]]] = {
    (POINTS, "earn"): events.PointsEarned,
    (POINTS, "adjust"): events.PointsAdjusted,
    (POINTS, "redeem"): events.PointsRedeemed,
    (POINTS, "redeem_return"): events.PointsRestored,
    (POINTS, "clawback"): events.PointsReversed,
    (POINTS, "expire"): events.PointsExpired,
    (POINTS, "merge_in"): events.PointsMoved,
    (POINTS, "merge_out"): events.PointsMoved,
    (POINTS + DEBT_OF, "debt"): events.PointsDebtIncurred,
    (POINTS + DEBT_OF, "debt_repaid"): events.PointsDebtRepaid,
    (GROWTH_VALUE, "earn"): events.GrowthValueEarned,
    (GROWTH_VALUE, "redeem"): events.GrowthValueRedeemed,
    (GROWTH_VALUE, "redeem_return"): events.GrowthValueRestored,
    (GROWTH_VALUE, "clawback"): events.GrowthValueReversed,
    (GROWTH_VALUE, "expire"): events.GrowthValueExpired,
    (GROWTH_VALUE, "merge_in"): events.GrowthValueMoved,
    (GROWTH_VALUE, "merge_out"): events.GrowthValueMoved,
    (GROWTH_VALUE + DEBT_OF, "debt"): events.GrowthValueDebtIncurred,
    (GROWTH_VALUE + DEBT_OF, "debt_repaid"): events.GrowthValueDebtRepaid,
}
_ACTIVATED: Final = {POINTS: events.PointsActivated, GROWTH_VALUE: events.GrowthValueActivated}
_PENDING: Final = {POINTS: events.PointsPending, GROWTH_VALUE: events.GrowthValuePending}
_HELD: Final = {POINTS: events.PointsHeld, GROWTH_VALUE: events.GrowthValueHeld}
_RELEASED: Final = {POINTS: events.PointsReleased, GROWTH_VALUE: events.GrowthValueReleased}
_PENDING_REVERSED: Final = {
    POINTS: events.PointsPendingReversed,
    GROWTH_VALUE: events.GrowthValuePendingReversed,
}


def events_of(journal: Journal) -> list[Event]:
    """One event per posting, in their order, then one per promise and hold; amounts are signed."""
    found: list[Event] = list(_movements(journal))
    if journal.new_pendings or journal.gone_pendings:
        found += _promises(journal)
    if journal.new_holds or journal.changed_holds:
        found += _holds(journal)
    return found


def _movements(journal: Journal) -> Iterator[Event]:
    activated = set(journal.activated.values())
    for posting in journal.postings:
        key = (posting.member_id, posting.account, posting.version)
        kind = (
            _ACTIVATED[posting.account]
            if key in activated
            else _BY_KIND.get((posting.account, posting.kind))
        )
        # A freed hold repays with two postings; the one on the debt account tells it.
        if kind is not None:
            yield _movement(kind, posting)


def _movement(kind: type[events.Movement], posting: Posting) -> events.Movement:
    return kind(
        merchant_id=posting.merchant_id,
        happened_at=posting.at,
        member_id=posting.member_id,
        amount=posting.amount,
        balance_after=posting.balance_after,
        cause_type=posting.cause_type,
        cause_id=posting.cause_id,
    )


def _promises(journal: Journal) -> Iterator[Event]:
    new = [
        (purse, pending, pending.amount, _PENDING[pending.asset])
        for purse, pending in journal.new_pendings.values()
    ]
    shrunk = [
        (purse, pending, pending.amount - before, _PENDING_REVERSED[pending.asset])
        for purse, pending, before in journal.gone_pendings.values()
        if pending.id not in journal.activated
    ]
    for purse, pending, amount, kind in [*new, *shrunk]:
        yield kind(
            merchant_id=purse.merchant_id,
            happened_at=pending.earned_at,
            member_id=purse.member_id,
            amount=amount,
            available_at=pending.available_at,
            cause_type=pending.cause_type,
            cause_id=pending.cause_id,
        )


def _holds(journal: Journal) -> Iterator[Event]:
    for purse, hold in journal.new_holds.values():
        yield _HELD[hold.asset](
            merchant_id=purse.merchant_id,
            happened_at=hold.created_at,
            member_id=purse.member_id,
            hold_id=hold.id,
            amount=hold.amount,
            expires_at=hold.expires_at,
        )
    for purse, hold in journal.changed_holds.values():
        # One that is open only changed the lots it is pinned in.
        freed = 0 if hold.status == "open" else hold.amount - hold.captured
        if freed:
            yield _RELEASED[hold.asset](
                merchant_id=purse.merchant_id,
                happened_at=hold.ended_at or hold.expires_at,
                member_id=purse.member_id,
                hold_id=hold.id,
                amount=freed,
                reason=hold.status,
            )
