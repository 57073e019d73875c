"""Pure: where a ladder would put a member, quickly, for thousands of members at once.

The same standing as ``rules.replay`` gives, but it looks only at the days on which something can
change; tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from . import rules
from .types import Ladder, Standing

_ONE_DAY = timedelta(days=1)


class Forecast:
    """Standings under one ladder as of one day; keeps what all members share."""

    def __init__(self, ladder: Ladder, until: date) -> None:
        self._ladder = ladder
        self._until = until
        self._starts: dict[date, date] = {}

    def standing(self, activity: Sequence[tuple[date, int]], joined_on: date) -> Standing:
        """Where a member stands at the end, after ``activity`` (day, amount; days rise)."""
        counted = activity
        if activity and activity[-1][0] > self._until:
            counted = [part for part in activity if part[0] <= self._until]
        if self._ladder.keep.mode == "follow":
            return self._following(counted, joined_on)
        return self._by_periods(counted, joined_on)

    def _following(self, activity: Sequence[tuple[date, int]], joined_on: date) -> Standing:
        start = self._start(self._until, joined_on)
        counter = sum(amount for day, amount in activity if day >= start)
        reached = rules.tier_for(counter, self._ladder)
        begun = min(joined_on, activity[0][0]) if activity else joined_on
        return Standing(tier=reached.code, since=begun, evaluated_on=self._until)

    def _by_periods(self, activity: Sequence[tuple[date, int]], joined_on: date) -> Standing:
        ladder = self._ladder
        never = sum(amount for _, amount in activity) + 1
        climbs_at = [*(tier.threshold for tier in ladder.tiers[1:]), never]
        begun = min(joined_on, activity[0][0]) if activity else joined_on
        standing = rules.first_standing(ladder, begun)
        history = rules.History(activity)
        rank, first, window, looks_on = 0, 0, 0, date.max
        starts = self._starts
        for day, amount in activity:
            window += amount
            start = starts.get(day) or self._start(day, joined_on)
            while activity[first][0] < start:
                window -= activity[first][1]
                first += 1
            if window >= climbs_at[rank] or day >= looks_on:
                standing, _ = rules.after_activity(
                    standing, history=history, ladder=ladder, day=day, joined_on=joined_on
                )
                rank = ladder.rank(standing.tier)
                looks_on = day if standing.grace_until else standing.review_on or date.max
        standing, _ = rules.advance(
            standing, history=history, ladder=ladder, until=self._until, joined_on=joined_on
        )
        return standing

    def _start(self, day: date, joined_on: date) -> date:
        if self._ladder.window.span == "anniversary":
            return rules.window_from(self._ladder, day, joined_on)
        found = self._starts.get(day)
        if found is None:
            found = self._starts[day] = rules.window_from(self._ladder, day, joined_on)
        return found
