"""Merging: two records of one person become one, to the last unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from regulars.events.base import Event
from regulars.events.unions import MemberMerged
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.ids import new_id, show
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.announce import events_of
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import Purses
from regulars.modules.ledger.moving import carry, carry_debt, everything, repay
from regulars.modules.ledger.types import AMOUNT_MAX, ASSETS, GROWTH_VALUE, POINTS, Cause
from regulars.modules.orders.settlement import Scope

from . import people
from .errors import AlreadyMerged, TooMuch
from .gather import Record, identities, merged_into, records_for_write
from .models import Merge
from .moves import AssetMoves, Moves
from .recorder import add_holds
from .rules import united
from .standings import Standings


@dataclass(frozen=True, slots=True)
class Done:
    """A merge or its undoing: which one, of whom, and what it changed."""

    merge_id: UUID
    into: UUID
    source: UUID
    events: Sequence[Event]


def merge(scope: Scope, *, into: UUID, source: UUID) -> Done:
    """Let ``into`` carry on for ``source``, with all that ``source`` has; in the caller's
    transaction.

    Lots keep when they were earned and when they expire; the tier is counted over both histories,
    and no lower than the keep rule held either; where one of the two refused a consent, it is
    refused. Raises NotFound, Invalid (the same member), AlreadyMerged, TooMuch.
    """
    if into == source:
        raise Invalid(
            "A member is merged into another one.",
            errors=[FieldError("/from", "same_member", "Send the id of another member.")],
        )
    target, origin = records_for_write(scope.merchant_id, into, source)
    _check(target, origin)
    circle = [source, *merged_into(scope.merchant_id, source)]

    merge_id = new_id()
    writes, journal = Writes(), Journal()
    moves, events = _stand(scope, writes, target, origin, circle, merge_id)
    _move(scope, writes, journal, moves, Cause("merge", show("mrg", merge_id)), into, source)
    people.unite(writes, scope, target, origin, moves.into)
    people.carry_on(writes, scope, circle[:1], was=None, now=into)
    people.carry_on(writes, scope, circle[1:], was=source, now=into)
    moves.identities = identities(scope.merchant_id, source)
    people.hand_over(writes, scope, moves.identities, was=source, now=into)
    moves.consents, agreed = people.agree_to_less(scope, into, source)

    told = [_event(scope, merge_id, into, source, moves), *events_of(journal), *events]
    ledger.add_to(writes, journal)
    row = outbox_row(merchant_id=scope.merchant_id, aggregate=into.hex, events=told, at=scope.now)
    writes.add(OUTBOX, row)
    writes.record()
    Merge(
        merchant_id=scope.merchant_id,
        id=merge_id,
        into_member=into,
        from_member=source,
        at=scope.now,
        moves=moves.to_json(),
    ).save(force_insert=True)
    return Done(merge_id, into, source, [*told, *agreed])


def _check(target: Record, origin: Record) -> None:
    for record in (target, origin):
        if record.merged_into is not None:
            name, carrier = show("mem", record.id), show("mem", record.merged_into)
            raise AlreadyMerged(f"{name} goes on as {carrier} already.")


def _stand(
    scope: Scope,
    writes: Writes,
    target: Record,
    origin: Record,
    circle: Sequence[UUID],
    merge_id: UUID,
) -> tuple[Moves, list[Event]]:
    """One standing in place of two. Always written, so that whoever settles an order of either
    beside this has lost and looks again."""
    standings = Standings(scope, merge_cause=show("mrg", merge_id))
    before = standings.stored(target.id, target.joined_at)
    other = standings.stored(origin.id, origin.joined_at)
    moves = Moves(
        circle=list(circle),
        into=people.side_of(target, before.standing),
        source=people.side_of(origin, other.standing),
    )
    joined_at = min(target.joined_at, origin.joined_at)
    ids = [target.id, *merged_into(scope.merchant_id, target.id), *circle]
    activity = standings.activity(ids)
    recounted = standings.recounted(activity, joined_at, before.standing, other.standing)
    standing = united(
        before.standing, other.standing, recounted, ladder=standings.ladder, day=standings.today
    )
    moves.floor = standing.floor
    events = standings.write(
        writes, target.id, seen=before, standing=standing, counted=(activity, joined_at)
    )
    standings.remove(writes, origin.id, other)
    return moves, events


def _move(
    scope: Scope,
    writes: Writes,
    journal: Journal,
    moves: Moves,
    cause: Cause,
    into: UUID,
    source: UUID,
) -> None:
    """Every lot, promise, hold and debt of ``source``, in both assets."""
    purses = Purses(scope.merchant_id, [into, source])
    for asset in ASSETS:
        target, origin = purses.of(into, asset), purses.of(source, asset)
        for purse in (target, origin):
            purse.catch_up(journal, scope.now)
        _require_room(target, origin)
        cargo = everything(origin)
        moved = moves.assets[asset] = AssetMoves(debt=origin.debt)
        moves.causes += [lot.cause_id for lot, _ in cargo.lots]
        moves.causes += [pending.cause_id for pending in cargo.pendings]
        moves.holds += [hold.id for hold in cargo.holds]
        moved.lots = carry(
            journal, origin, target, cargo, merge=cause, at=scope.now, make_id=new_id
        )
        add_holds(writes, scope.merchant_id, cargo.holds, source=source, target=into)
        carry_debt(journal, origin, target, origin.debt, merge=cause, at=scope.now)
        moved.repaid = repay(journal, target, merge=cause, at=scope.now)
    moves.causes = list(dict.fromkeys(moves.causes))


def _require_room(target: Purse, origin: Purse) -> None:
    if sum(p.balance + p.pending for p in (target, origin)) > AMOUNT_MAX:
        raise TooMuch(f"Nobody holds more than {AMOUNT_MAX}.")


def _event(scope: Scope, merge_id: UUID, into: UUID, source: UUID, moves: Moves) -> MemberMerged:
    points, growth_value = moves.assets[POINTS], moves.assets[GROWTH_VALUE]
    return MemberMerged(
        merchant_id=scope.merchant_id,
        happened_at=scope.now,
        merge_id=merge_id,
        into_member=into,
        from_member=source,
        points=sum(lot.amount for lot in points.lots),
        growth_value=sum(lot.amount for lot in growth_value.lots),
        points_debt=points.debt,
    )
