"""Undoing a merge: each has again what is theirs and still there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from regulars.events.base import Event
from regulars.events.unions import MemberUnmerged
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_id, show
from regulars.kernel.instants import parse_instant
from regulars.modules.ledger import recorder as ledger
from regulars.modules.ledger.announce import events_of
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.gather import Purses
from regulars.modules.ledger.moving import carry, carry_debt, repay, unrepay, what_belongs
from regulars.modules.ledger.types import ASSETS, GROWTH_VALUE, POINTS, Cause
from regulars.modules.orders.settlement import Scope

from . import people
from .errors import AlreadyUndone, MergedFurther
from .gather import Record, identities, merged_into, order_owners, records_for_write
from .merging import Done
from .models import Merge
from .moves import Moves, moves_of
from .recorder import add_holds
from .rules import stayed
from .standings import Standings


def undo(scope: Scope, merge_id: UUID) -> Done:
    """Part two members again; in the caller's transaction.

    Whoever came gets back what is left of what they brought, and what their own orders brought
    since; what was spent meanwhile stays spent. Raises NotFound, AlreadyUndone, MergedFurther.
    """
    row = Merge.objects.of(scope.merchant_id).filter(id=merge_id).first()
    if row is None:
        raise NotFound
    into, source = row.into_member, row.from_member
    target, origin = records_for_write(scope.merchant_id, into, source)
    if row.undone_at is not None:
        raise AlreadyUndone(f"It was undone at {row.undone_at.isoformat()}.")
    if origin.merged_into != into or target.merged_into is not None:
        raise MergedFurther(f"{show('mem', into)} was merged too; undo that first.")
    moves = moves_of(row.moves)

    writes, journal = Writes(), Journal()
    cause = Cause("merge", show("mrg", merge_id))
    amounts = _move_back(scope, writes, journal, moves, cause, into, source)
    events = _stand(scope, writes, target, origin, moves, merge_id)
    others = _others(scope, row)
    people.part(writes, scope, target, moves.into, [other.source for _, other in others])
    people.stand_alone(writes, scope, source, was=into, status=moves.source.status)
    people.carry_on(writes, scope, moves.circle[1:], was=into, now=source)
    theirs = set(identities(scope.merchant_id, into))
    people.hand_over(
        writes, scope, [one for one in moves.identities if one in theirs], was=into, now=source
    )
    agreed = people.agree_again(scope, into, moves.consents)

    told = [_event(scope, merge_id, into, source, amounts), *events_of(journal), *events]
    ledger.add_to(writes, journal)
    told_row = outbox_row(
        merchant_id=scope.merchant_id, aggregate=into.hex, events=told, at=scope.now
    )
    writes.add(OUTBOX, told_row)
    writes.record()
    Merge.objects.of(scope.merchant_id).filter(id=merge_id).update(undone_at=scope.now)
    _inherit(scope, moves, row.at, others)
    return Done(merge_id, into, source, [*told, *agreed])


def _others(scope: Scope, row: Merge) -> list[tuple[Merge, Moves]]:
    """The merges into the same member that still hold, in the order they were made."""
    held = Merge.objects.of(scope.merchant_id).filter(into_member=row.into_member, undone_at=None)
    return [(one, moves_of(one.moves)) for one in held.exclude(id=row.id).order_by("at", "id")]


def _inherit(
    scope: Scope, moves: Moves, at: datetime, others: Sequence[tuple[Merge, Moves]]
) -> None:
    """Let the next later merge know how the one who carries on was before both."""
    following = next(((one, kept) for one, kept in others if one.at >= at), None)
    if following is None:
        return
    one, kept = following
    kept.into.status, kept.into.joined_at = moves.into.status, moves.into.joined_at
    Merge.objects.of(scope.merchant_id).filter(id=one.id).update(moves=kept.to_json())


def _move_back(
    scope: Scope,
    writes: Writes,
    journal: Journal,
    moves: Moves,
    cause: Cause,
    into: UUID,
    source: UUID,
) -> dict[int, tuple[int, int]]:
    """By asset: how much went back, and how much debt with it."""
    purses = Purses(scope.merchant_id, [into, source])
    amounts: dict[int, tuple[int, int]] = {}
    for asset in ASSETS:
        target, origin = purses.of(into, asset), purses.of(source, asset)
        for purse in (target, origin):
            purse.catch_up(journal, scope.now)
        moved = moves.assets[asset]
        unrepay(journal, target, moved.repaid, merge=cause, at=scope.now)
        cargo = what_belongs(target, belongs=_belongs(scope, moves, target), holds=moves.holds)
        gone = carry(journal, target, origin, cargo, merge=cause, at=scope.now, make_id=new_id)
        add_holds(writes, scope.merchant_id, cargo.holds, source=into, target=source)
        # What was repaid meanwhile counts first towards what the one who carried on owed.
        debt = min(moved.debt, target.debt)
        carry_debt(journal, target, origin, debt, merge=cause, at=scope.now)
        for purse in (target, origin):
            repay(journal, purse, merge=cause, at=scope.now)
        amounts[asset] = (sum(lot.amount for lot in gone), debt)
    return amounts


def _belongs(scope: Scope, moves: Moves, purse: Purse) -> Callable[[str], bool]:
    """Whether a cause is theirs who came: it came with them, or it is an order of theirs."""
    brought, circle = set(moves.causes), set(moves.circle)
    causes = {lot.cause_id for lot in purse.lots.values()}
    causes |= {pending.cause_id for pending in purse.pendings.values()}
    owners = order_owners(scope.merchant_id, sorted(causes - brought))
    theirs = brought | {one for one, owner in owners.items() if owner in circle}
    return theirs.__contains__


def _stand(
    scope: Scope, writes: Writes, target: Record, origin: Record, moves: Moves, merge_id: UUID
) -> list[Event]:
    """Two standings in place of one, each counted over its own history."""
    standings = Standings(scope, merge_cause=show("mrg", merge_id))
    current = standings.stored(target.id, target.joined_at)
    joined_at = parse_instant(moves.into.joined_at)
    came = set(moves.circle)
    stays = [target.id, *merged_into(scope.merchant_id, target.id)]
    activity = standings.activity([own for own in stays if own not in came])
    before = moves.into.standing
    standing = stayed(
        before,
        current.standing,
        moves.floor,
        standings.recounted(activity, joined_at, before, current.standing),
        ladder=standings.ladder,
        day=standings.today,
    )
    events = standings.write(
        writes, target.id, seen=current, standing=standing, counted=(activity, joined_at)
    )

    left = standings.stored(origin.id, origin.joined_at)
    own = standings.activity(moves.circle)
    before = moves.source.standing
    standing = stayed(
        before,
        before,
        before.floor,
        standings.recounted(own, origin.joined_at, before),
        ladder=standings.ladder,
        day=standings.today,
    )
    left.standing = before
    return events + standings.write(
        writes, origin.id, seen=left, standing=standing, counted=(own, origin.joined_at)
    )


def _event(
    scope: Scope,
    merge_id: UUID,
    into: UUID,
    source: UUID,
    amounts: dict[int, tuple[int, int]],
) -> MemberUnmerged:
    points, debt = amounts[POINTS]
    growth_value, _ = amounts[GROWTH_VALUE]
    return MemberUnmerged(
        merchant_id=scope.merchant_id,
        happened_at=scope.now,
        merge_id=merge_id,
        into_member=into,
        from_member=source,
        points=points,
        growth_value=growth_value,
        points_debt=debt,
    )
