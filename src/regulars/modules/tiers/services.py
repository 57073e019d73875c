"""Reviews that the calendar brings, and floors that staff sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.events.base import Event
from regulars.infra.db import Sql, as_uuid, fetch_all, retrying
from regulars.infra.outbox import OUTBOX, outbox_row
from regulars.infra.recording import Writes
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.periods import day_start, program_day
from regulars.modules.earning.gather import load_activity, series
from regulars.modules.members.lookup import Circle, circles, who_left

from . import rules
from .announce import event_of
from .gather import TIER_CHANGE, Stored, add_standing, load_standings, step_row
from .types import Floor, Ladder, Standing, Step, Warned

_BATCH: Final = 500
#: Who goes on as somebody else has no standing; one left behind by a race is nobody's.
_CARRIES_ON: Final = (
    "NOT EXISTS (SELECT 1 FROM members_member m WHERE m.merchant_id = s.merchant_id "
    "AND m.id = s.member_id AND m.merged_into IS NOT NULL)"
)
_DUE: Final = Sql(
    "SELECT s.member_id FROM tiers_standing s WHERE s.merchant_id = :merchant_id "
    f"AND s.review_on <= :day AND {_CARRIES_ON} ORDER BY s.review_on, s.member_id LIMIT :most"
)
_UNDER_OTHER: Final = Sql(
    "SELECT s.member_id FROM tiers_standing s WHERE s.merchant_id = :merchant_id "
    f"AND s.programme <> :number AND {_CARRIES_ON} LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Board:
    """Whose ladder, in which version, in which zone."""

    merchant_id: int
    ladder: Ladder
    number: int
    zone: ZoneInfo


def review_due(board: Board, now: datetime) -> int:
    """Review every standing whose day has come; how many. Safe to run twice and beside orders."""
    today = program_day(now, board.zone)
    reviewed = 0
    while True:
        params = {"merchant_id": board.merchant_id, "day": today, "most": _BATCH}
        due = [as_uuid(row[0]) for row in fetch_all(_DUE, params)]
        if not due:
            return reviewed
        reviewed += retrying(lambda ids=due: _review(board, ids, today, now))  # type: ignore[misc]


def follow_programme(board: Board, now: datetime) -> int:
    """Recount every standing that was made under another version; how many.

    A rung that the new ladder would not give stays until the review it had.
    """
    today = program_day(now, board.zone)
    followed = 0
    while True:
        params = {"merchant_id": board.merchant_id, "number": board.number, "most": _BATCH}
        other = [as_uuid(row[0]) for row in fetch_all(_UNDER_OTHER, params)]
        if not other:
            return followed
        followed += retrying(lambda ids=other: _recount(board, ids, today, now))  # type: ignore[misc]


@transaction.atomic
def _review(board: Board, member_ids: Sequence[UUID], today: date, now: datetime) -> int:
    known = _Known(board, member_ids)
    gone = who_left(board.merchant_id, member_ids)
    writes = Writes()
    for member_id in member_ids:
        stored, circle, history = known.of(member_id)
        standing, notes = rules.advance(
            stored.standing,
            history=history,
            ladder=board.ladder,
            until=today,
            joined_on=program_day(circle.joined_at, board.zone),
        )
        if member_id in gone:  # the tier goes its way, and nobody is warned who is not there
            notes = [note for note in notes if not isinstance(note, Warned)]
        _write(writes, board, member_id, stored, standing, notes, now)
    writes.record()
    return len(member_ids)


@transaction.atomic
def _recount(board: Board, member_ids: Sequence[UUID], today: date, now: datetime) -> int:
    known = _Known(board, member_ids)
    writes = Writes()
    for member_id in member_ids:
        stored, circle, history = known.of(member_id)
        joined_on = program_day(circle.joined_at, board.zone)
        until = max(today, stored.standing.evaluated_on)
        renewed, _ = rules.replay(
            known.days(member_id), ladder=board.ladder, until=until, joined_on=joined_on
        )
        standing = rules.held_after_recount(stored.standing, renewed, board.ladder, until)
        was = rules.effective_tier(stored.standing, board.ladder, until)
        now_is = rules.effective_tier(standing, board.ladder, until)
        notes: list[rules.Note] = []
        if was.code != now_is.code:
            counter = rules.counted(history, board.ladder, until, joined_on)
            notes.append(Step(until, was.code, now_is.code, "programme", counter, now_is.threshold))
        _write(writes, board, member_id, stored, standing, notes, now)
    writes.record()
    return len(member_ids)


class _Known:
    """Standings, circles and activity of some members, read in three statements."""

    def __init__(self, board: Board, member_ids: Sequence[UUID]) -> None:
        self._board = board
        self._stored = load_standings(board.merchant_id, member_ids)
        self._circles = circles(board.merchant_id, member_ids)
        carrier_of = {o: c.member_id for c in self._circles.values() for o in c.ids}
        self._activity = load_activity(board.merchant_id, carrier_of)

    def days(self, member_id: UUID) -> Sequence[tuple[date, int]]:
        return series(self._activity.get(member_id, {}), self._board.ladder.counter)

    def of(self, member_id: UUID) -> tuple[Stored, Circle, rules.History]:
        return (
            self._stored[member_id],
            self._circles[member_id],
            rules.History(self.days(member_id)),
        )


def _write(
    writes: Writes,
    board: Board,
    member_id: UUID,
    stored: Stored,
    standing: Standing,
    notes: Sequence[rules.Note],
    now: datetime,
) -> None:
    add_standing(
        writes,
        merchant_id=board.merchant_id,
        member_id=member_id,
        standing=standing,
        programme=board.number,
        seen_revision=stored.revision,
    )
    events: list[Event] = []
    for note in notes:
        by_programme = isinstance(note, Step) and note.reason == "programme"
        at = now if by_programme else min(day_start(note.day, board.zone), now)
        if isinstance(note, Step):
            writes.add(
                TIER_CHANGE,
                step_row(
                    merchant_id=board.merchant_id,
                    member_id=member_id,
                    step=note,
                    at=at,
                    cause_type="programme" if by_programme else "review",
                    cause_id=str(board.number) if by_programme else note.day.isoformat(),
                    programme=board.number,
                ),
            )
        events.append(
            event_of(
                note,
                merchant_id=board.merchant_id,
                member_id=member_id,
                ladder=board.ladder,
                at=at,
            )
        )
    if events:
        writes.add(
            OUTBOX,
            outbox_row(
                merchant_id=board.merchant_id, aggregate=member_id.hex, events=events, at=now
            ),
        )


@transaction.atomic
def set_floor(
    board: Board, *, member_id: UUID, tier: str, until: date, reason: str, now: datetime
) -> list[Event]:
    """Lift a member who carries on to at least ``tier`` until ``until`` (exclusive), for a stated
    reason; a floor set before is replaced. Raises Invalid."""
    today = program_day(now, board.zone)
    _check_floor(board, tier, until, today)
    stored = _stored(board, member_id)
    before = stored.standing
    review_on = min(filter(None, (before.review_on, until)))
    standing = before._replace(floor=Floor(tier, until, reason), review_on=review_on)
    step = _lifted(board, member_id, before, standing, today)

    writes, events = Writes(), []
    add_standing(
        writes,
        merchant_id=board.merchant_id,
        member_id=member_id,
        standing=standing,
        programme=stored.programme,
        seen_revision=stored.revision,
    )
    if step is not None:
        row = step_row(
            merchant_id=board.merchant_id, member_id=member_id, step=step, at=now,
            cause_type="floor", cause_id=until.isoformat(), programme=stored.programme,
        )  # fmt: skip
        writes.add(TIER_CHANGE, row)
        event = event_of(
            step, merchant_id=board.merchant_id, member_id=member_id, ladder=board.ladder, at=now
        )
        events.append(event)
        told = outbox_row(
            merchant_id=board.merchant_id, aggregate=member_id.hex, events=events, at=now
        )
        writes.add(OUTBOX, told)
    writes.record()
    return events


def _lifted(
    board: Board, member_id: UUID, before: Standing, after: Standing, today: date
) -> Step | None:
    """The step that a floor makes, with what counted that day; None where it lifts nobody."""
    was = rules.effective_tier(before, board.ladder, today)
    now_is = rules.effective_tier(after, board.ladder, today)
    if was.code == now_is.code:
        return None
    circle = circles(board.merchant_id, [member_id])[member_id]
    joined_on = program_day(circle.joined_at, board.zone)
    days = load_activity(board.merchant_id, dict.fromkeys(circle.ids, member_id))
    history = rules.History(series(days.get(member_id, {}), board.ladder.counter))
    counter = rules.counted(history, board.ladder, today, joined_on)
    return Step(today, was.code, now_is.code, "floor", counter, now_is.threshold)


def _check_floor(board: Board, tier: str, until: date, today: date) -> None:
    faults = []
    if tier not in {rung.code for rung in board.ladder.tiers}:
        faults.append(FieldError("/tier", "unknown_tier", "Send the code of a tier."))
    if until <= today:
        faults.append(FieldError("/until", "in_the_past", "Send today or a day to come."))
    if faults:
        raise Invalid("The floor does not fit.", errors=faults)


def _stored(board: Board, member_id: UUID) -> Stored:
    stored = load_standings(board.merchant_id, [member_id]).get(member_id)
    if stored is not None:
        return stored
    circle = circles(board.merchant_id, [member_id])[member_id]
    first = rules.first_standing(board.ladder, program_day(circle.joined_at, board.zone))
    return Stored(first, board.number, 0)
