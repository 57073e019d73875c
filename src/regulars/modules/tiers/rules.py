"""Pure rules of tiers: a standing is a function of the activity by day, the ladder and the day.

docs/algorithms/tiers.md tells them with worked figures.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from regulars.kernel.periods import Unit, add_months, anniversary, end_of

from .types import Floor, Keep, Ladder, Reason, Standing, Step, Tier, Warned

ONE_DAY = timedelta(days=1)
_CALENDAR: Mapping[str, Unit] = {
    "calendar_month": "month",
    "calendar_quarter": "quarter",
    "calendar_year": "year",
}
Note = Step | Warned


class History:
    """What a member's counter gained on which program day, with sums over any span of days."""

    __slots__ = ("_sums", "days")

    def __init__(self, activity: Iterable[tuple[date, int]] = ()) -> None:
        """``activity``: (day, amount) in rising order of days."""
        self.days: list[date] = []
        self._sums: list[int] = []
        for day, amount in activity:
            self.add(day, amount)

    def add(self, day: date, amount: int) -> None:
        """Count ``amount`` (negative for a refund) on ``day``; cheap when days come in order."""
        days, sums = self.days, self._sums
        if not days or day > days[-1]:
            days.append(day)
            sums.append((sums[-1] if sums else 0) + amount)
            return
        place = bisect_left(days, day)
        if days[place] != day:
            days.insert(place, day)
            sums.insert(place, sums[place - 1] if place else 0)
        for index in range(place, len(sums)):
            sums[index] += amount

    def total(self, first: date, last: date) -> int:
        """Sum over ``first``..``last``, both included; cheap where ``last`` is the latest day."""
        days = self.days
        end = len(days) if days and days[-1] <= last else bisect_right(days, last)
        start = bisect_left(days, first)
        if end <= start:
            return 0
        return self._sums[end - 1] - (self._sums[start - 1] if start else 0)

    def first_day_with_activity(self, first: date) -> date | None:
        place = bisect_left(self.days, first)
        return self.days[place] if place < len(self.days) else None


def tier_for(counter: int, ladder: Ladder) -> Tier:
    """The highest rung that ``counter`` reaches; a ladder always has a rung at zero."""
    return ladder.tiers[ladder.reached(counter)]


def window_from(ladder: Ladder, day: date, joined_on: date) -> date:
    """The first day that counts on ``day``."""
    return ladder.window_from(day, joined_on)


def counted(history: History, ladder: Ladder, day: date, joined_on: date) -> int:
    """The counter as it stands at the end of ``day``."""
    return history.total(ladder.window_from(day, joined_on), day)


def first_standing(ladder: Ladder, joined_on: date) -> Standing:
    return Standing(tier=ladder.tiers[0].code, since=joined_on, evaluated_on=joined_on)


def effective_tier(standing: Standing, ladder: Ladder, day: date) -> Tier:
    """The rung a member stands on: what activity earned, or a floor that still holds."""
    rank = ladder.rank(standing.tier)
    floor = standing.floor
    if floor is not None and day < floor.until:
        rank = max(rank, ladder.rank(floor.tier))
    return ladder.tiers[rank]


def after_activity(
    standing: Standing, *, history: History, ladder: Ladder, day: date, joined_on: date
) -> tuple[Standing, list[Note]]:
    """The standing after something was counted on ``day``, no earlier than it was evaluated."""
    notes: list[Note] = []
    if standing.review_on is not None and standing.review_on <= day:
        standing, notes = advance(
            standing, history=history, ladder=ladder, until=day, joined_on=joined_on
        )
    counter = counted(history, ladder, day, joined_on)
    rank, reached = ladder.rank(standing.tier), ladder.reached(counter)
    if reached > rank or (reached != rank and ladder.keep.mode == "follow"):
        reason: Reason = "reached" if reached > rank else "recounted"
        tier = ladder.tiers[reached]
        standing, step = _move(standing, tier, ladder, day, reason, counter, period_from=day)
        notes.append(step)
    elif standing.grace_until is not None and counter >= ladder.tiers[rank].keep_threshold:
        standing, step = _prolong(standing, ladder, day, counter, period_from=day)
        notes.append(step)
    return _with_review(_evaluated(standing, day), history, ladder, day, joined_on), notes


def advance(
    standing: Standing, *, history: History, ladder: Ladder, until: date, joined_on: date
) -> tuple[Standing, list[Note]]:
    """Everything that the calendar brings up to and with the start of ``until``."""
    notes: list[Note] = []
    while standing.review_on is not None and standing.review_on <= until:
        day = standing.review_on
        standing, found = _review(standing, history, ladder, day, joined_on)
        notes.extend(found)
        standing = _with_review(_evaluated(standing, day), history, ladder, day, joined_on)
    return standing, notes


def replay(
    activity: Iterable[tuple[date, int]], *, ladder: Ladder, until: date, joined_on: date
) -> tuple[Standing, list[Note]]:
    """A member's way from the first day, as if it had been followed day by day."""
    days = list(activity)
    begun = min(joined_on, days[0][0]) if days else joined_on
    standing = first_standing(ladder, begun)
    history = History()
    notes: list[Note] = []
    for day, amount in days:
        if day > until:
            break
        history.add(day, amount)
        standing, found = after_activity(
            standing, history=history, ladder=ladder, day=day, joined_on=joined_on
        )
        notes.extend(found)
    standing, found = advance(
        standing, history=history, ladder=ladder, until=until, joined_on=joined_on
    )
    return standing, [*notes, *found]


def held_after_recount(old: Standing, new: Standing, ladder: Ladder, day: date) -> Standing:
    """``new`` (recounted after a refund or a change of programme), with what the keep rule holds.

    Where the recount is lower, the rung stays until the review it had before.
    """
    floors = [floor for floor in (old.floor,) if floor is not None and day < floor.until]
    held_until = old.grace_until or old.keep_until
    if (
        ladder.keep.mode == "period"
        and ladder.keep.hold_on_refund
        and held_until is not None
        and day < held_until
        and ladder.rank(new.tier) < ladder.rank(old.tier)
    ):
        floors.append(Floor(old.tier, held_until, "held_to_review"))
    best = max(floors, key=lambda floor: (ladder.rank(floor.tier), floor.until), default=None)
    if best is None:
        return new._replace(floor=None)
    review_on = min(filter(None, (new.review_on, best.until)))
    return new._replace(floor=best, review_on=review_on)


def keep_gap(
    standing: Standing, *, history: History, ladder: Ladder, day: date, joined_on: date
) -> int | None:
    """What the counter still lacks to keep the rung at its review; None where none is due."""
    until = standing.grace_until or standing.keep_until
    if until is None:
        return None
    last = until - ONE_DAY
    counter = history.total(window_from(ladder, last, joined_on), min(day, last))
    return max(0, ladder.tiers[ladder.rank(standing.tier)].keep_threshold - counter)


def _period_end(keep: Keep, last_day_before: date) -> date:
    return end_of(add_months(last_day_before, keep.months), keep.end_of)


def _move(
    standing: Standing,
    tier: Tier,
    ladder: Ladder,
    day: date,
    reason: Reason,
    counter: int,
    *,
    period_from: date,
) -> tuple[Standing, Step]:
    keeps = ladder.keep.mode == "period" and tier is not ladder.tiers[0]
    moved = standing._replace(
        tier=tier.code,
        since=day,
        keep_until=_period_end(ladder.keep, period_from) if keeps else None,
        grace_until=None,
        warned=False,
    )
    return moved, Step(day, standing.tier, tier.code, reason, counter, tier.threshold)


def _prolong(
    standing: Standing, ladder: Ladder, day: date, counter: int, *, period_from: date
) -> tuple[Standing, Step]:
    tier = ladder.tiers[ladder.rank(standing.tier)]
    kept = standing._replace(
        keep_until=_period_end(ladder.keep, period_from),
        grace_until=None,
        warned=False,
    )
    return kept, Step(day, tier.code, tier.code, "kept", counter, tier.keep_threshold)


def _review(
    standing: Standing, history: History, ladder: Ladder, day: date, joined_on: date
) -> tuple[Standing, list[Note]]:
    notes: list[Note] = []
    if standing.floor is not None and standing.floor.until <= day:
        notes = _after_floor(standing, history, ladder, day, joined_on)
        standing = standing._replace(floor=None)
    if ladder.keep.mode == "follow":
        counter = counted(history, ladder, day, joined_on)
        reached = tier_for(counter, ladder)
        if reached.code != standing.tier:
            standing, step = _move(
                standing, reached, ladder, day, "recounted", counter, period_from=day
            )
            notes.append(step)
        return standing, notes
    ends = standing.grace_until or standing.keep_until
    if ends is None:
        return standing, notes
    if day < ends:
        gap = keep_gap(standing, history=history, ladder=ladder, day=day, joined_on=joined_on)
        warn_on = ends - timedelta(days=ladder.keep.warn_days)
        # The end of a floor is looked at too, and is no reason to warn before it is time.
        if not standing.warned and standing.since < warn_on <= day:
            standing = standing._replace(warned=True)
            if gap:
                notes.append(Warned(day, standing.tier, ends, gap))
        return standing, notes
    standing, end = _at_the_end(standing, history, ladder, day, joined_on)
    return standing, [*notes, *([end] if end else [])]


def _after_floor(
    standing: Standing, history: History, ladder: Ladder, day: date, joined_on: date
) -> list[Note]:
    """The step down from a floor that ends, where it held the member above what counts."""
    floor, rank = standing.floor, ladder.rank(standing.tier)
    if floor is None or ladder.rank(floor.tier) <= rank:
        return []
    counter = counted(history, ladder, day, joined_on)
    below = ladder.tiers[rank]
    return [Step(day, floor.tier, below.code, "floor_ended", counter, below.threshold)]


def _at_the_end(
    standing: Standing, history: History, ladder: Ladder, day: date, joined_on: date
) -> tuple[Standing, Step | None]:
    """The review itself: kept, given grace, or lowered."""
    last = day - ONE_DAY
    counter = history.total(window_from(ladder, last, joined_on), last)
    rank = ladder.rank(standing.tier)
    if counter >= ladder.tiers[rank].keep_threshold:
        return _prolong(standing, ladder, day, counter, period_from=last)
    if standing.grace_until is None and ladder.keep.grace_days:
        grace_until = day + timedelta(days=ladder.keep.grace_days)
        return standing._replace(grace_until=grace_until, warned=True), None
    target = ladder.rank(tier_for(counter, ladder).code)
    if ladder.keep.step == "one":
        target = max(target, rank - 1)
    return _move(
        standing,
        ladder.tiers[min(target, rank)],
        ladder,
        day,
        "not_kept",
        counter,
        period_from=last,
    )


def _evaluated(standing: Standing, day: date) -> Standing:
    """``standing`` as of ``day`` at least. Made anew by hand, since every order does."""
    tier, since, evaluated_on, keep_until, grace_until, warned, review_on, floor = standing
    if day <= evaluated_on:
        return standing
    return Standing(tier, since, day, keep_until, grace_until, warned, review_on, floor)


def _with_review(
    standing: Standing, history: History, ladder: Ladder, day: date, joined_on: date
) -> Standing:
    """``standing`` with the next day on which the calendar alone may change it."""
    review_on: date | None = None
    if standing.tier != ladder.tiers[0].code:
        if ladder.keep.mode == "follow":
            review_on = _next_fall(history, ladder, day, joined_on)
        elif standing.grace_until is not None:
            review_on = standing.grace_until
        elif standing.keep_until is not None:
            review_on = standing.keep_until
            warn_on = review_on - timedelta(days=ladder.keep.warn_days)
            if not standing.warned and warn_on > standing.since:
                review_on = warn_on if warn_on > day else day + ONE_DAY
    floor = standing.floor
    if floor is not None and (review_on is None or floor.until < review_on):
        review_on = floor.until
    return standing if review_on == standing.review_on else standing._replace(review_on=review_on)


def _next_fall(history: History, ladder: Ladder, day: date, joined_on: date) -> date | None:
    """The next day on which the oldest activity leaves the window, if it ever does."""
    start = window_from(ladder, day, joined_on)
    oldest = history.first_day_with_activity(start)
    span = ladder.window.span
    if oldest is None or span == "lifetime":
        return None
    if span == "anniversary":
        return anniversary(joined_on, 12 * (start.year - joined_on.year + 1))
    if span == "days":
        return max(day + ONE_DAY, oldest + timedelta(days=ladder.window.count))
    if span == "months":
        guess = max(day + ONE_DAY, add_months(oldest, ladder.window.count) - timedelta(days=3))
        while window_from(ladder, guess, joined_on) <= oldest:
            guess += ONE_DAY
        return guess
    return end_of(day, _CALENDAR[span])
