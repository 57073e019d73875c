"""Where people stand before and after a merge, read and written together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from regulars.events.base import Event
from regulars.infra.recording import Writes
from regulars.kernel.periods import program_day
from regulars.modules.earning.gather import load_activity, series
from regulars.modules.orders.settlement import Scope
from regulars.modules.programmes.queries import Schedule
from regulars.modules.tiers import rules as tiers
from regulars.modules.tiers.announce import event_of
from regulars.modules.tiers.gather import (
    TIER_CHANGE,
    Stored,
    add_standing,
    load_standings,
    step_row,
)
from regulars.modules.tiers.types import Reason, Standing, Step

from .recorder import STANDING_GONE


class Standings:
    """The standings of some who carry on, under the programme that holds now."""

    def __init__(self, scope: Scope, *, merge_cause: str) -> None:
        self._scope = scope
        self._cause = merge_cause
        self.programme = Schedule(scope.merchant_id).at(scope.now)
        self.ladder = self.programme.ladder
        self.today = program_day(scope.now, scope.zone)

    def stored(self, member_id: UUID, joined_at: datetime) -> Stored:
        """What is written of a member, else where everybody begins."""
        found = load_standings(self._scope.merchant_id, [member_id]).get(member_id)
        if found is not None:
            return found
        joined_on = program_day(joined_at, self._scope.zone)
        first = tiers.first_standing(self.ladder, joined_on)
        return Stored(first, self.programme.number, 0)

    def activity(self, circle: Iterable[UUID]) -> Sequence[tuple[date, int]]:
        """What counted for one person, by day, over all their ids."""
        ids = list(circle)
        days = load_activity(self._scope.merchant_id, dict.fromkeys(ids, ids[0]))
        return series(days.get(ids[0], {}), self.ladder.counter)

    def recounted(
        self, activity: Sequence[tuple[date, int]], joined_at: datetime, *seen: Standing
    ) -> Standing:
        """The standing that a whole history gives, no earlier than those it comes from."""
        until = max(self.today, *(standing.evaluated_on for standing in seen))
        joined_on = program_day(joined_at, self._scope.zone)
        found, _ = tiers.replay(activity, ladder=self.ladder, until=until, joined_on=joined_on)
        return found

    def write(
        self,
        writes: Writes,
        member_id: UUID,
        *,
        seen: Stored,
        standing: Standing,
        counted: tuple[Sequence[tuple[date, int]], datetime],
    ) -> list[Event]:
        """Write a standing, with the step that it means where the tier changes.

        ``counted`` is the history it comes from and when the person joined.
        """
        scope = self._scope
        add_standing(
            writes,
            merchant_id=scope.merchant_id,
            member_id=member_id,
            standing=standing,
            programme=self.programme.number,
            seen_revision=seen.revision,
        )
        step = self._step(seen.standing, standing, *counted)
        if step is None:
            return []
        writes.add(
            TIER_CHANGE,
            step_row(
                merchant_id=scope.merchant_id,
                member_id=member_id,
                step=step,
                at=scope.now,
                cause_type="merge",
                cause_id=self._cause,
                programme=self.programme.number,
            ),
        )
        return [
            event_of(
                step,
                merchant_id=scope.merchant_id,
                member_id=member_id,
                ladder=self.ladder,
                at=scope.now,
            )
        ]

    def remove(self, writes: Writes, member_id: UUID, seen: Stored) -> None:
        """Whoever goes on as somebody else stands nowhere."""
        if seen.revision:
            writes.add(STANDING_GONE, (self._scope.merchant_id, member_id, seen.revision))

    def _step(
        self,
        before: Standing,
        after: Standing,
        activity: Sequence[tuple[date, int]],
        joined_at: datetime,
    ) -> Step | None:
        was = tiers.effective_tier(before, self.ladder, self.today)
        now_is = tiers.effective_tier(after, self.ladder, self.today)
        if was.code == now_is.code:
            return None
        joined_on = program_day(joined_at, self._scope.zone)
        history = tiers.History(activity)
        counter = tiers.counted(history, self.ladder, self.today, joined_on)
        higher = self.ladder.rank(now_is.code) > self.ladder.rank(was.code)
        reason: Reason = "reached" if higher else "recounted"
        return Step(self.today, was.code, now_is.code, reason, counter, now_is.threshold)
