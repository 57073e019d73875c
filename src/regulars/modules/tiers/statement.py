"""Pure: what a member is told about where they stand, and what it takes to keep or to climb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from regulars.kernel.periods import Unit, anniversary, end_of

from . import rules
from .types import Floor, Ladder, Standing, Step, Tier

_ONE_DAY: Final = timedelta(days=1)
_CALENDAR: Final[Mapping[str, Unit]] = {
    "calendar_month": "month",
    "calendar_quarter": "quarter",
    "calendar_year": "year",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A member's standing on ``day``; every day in it is the last on which something holds.

    ``counter``, ``gap`` and ``keep_gap`` are in the ladder's counter. ``keep_from`` is what the
    counter must reach by ``keep_until`` so that the tier stays. ``steps`` are those that the
    calendar brought and no job has written down yet.
    """

    day: date
    tier: Tier
    counter: int
    window_from: date | None
    window_until: date | None
    next: Tier | None
    gap: int | None
    keep_until: date | None
    keep_from: int | None
    keep_gap: int | None
    grace_until: date | None
    floor: Floor | None
    steps: tuple[Step, ...]


def as_of(
    standing: Standing,
    *,
    activity: Sequence[tuple[date, int]],
    ladder: Ladder,
    day: date,
    joined_on: date,
    under_ladder: bool,
) -> tuple[Standing, tuple[Step, ...]]:
    """The standing on ``day`` as the jobs would leave it, and the steps they would write.

    ``under_ladder`` is false where it was made under another version: then it is counted anew.
    """
    if under_ladder:
        moved, notes = rules.advance(
            standing,
            history=rules.History(activity),
            ladder=ladder,
            until=day,
            joined_on=joined_on,
        )
        return moved, tuple(note for note in notes if isinstance(note, Step))
    until = max(day, standing.evaluated_on)
    renewed, _ = rules.replay(activity, ladder=ladder, until=until, joined_on=joined_on)
    moved = rules.held_after_recount(standing, renewed, ladder, until)
    was = rules.effective_tier(standing, ladder, until)
    now_is = rules.effective_tier(moved, ladder, until)
    if was.code == now_is.code:
        return moved, ()
    counter = rules.counted(rules.History(activity), ladder, until, joined_on)
    return moved, (Step(until, was.code, now_is.code, "programme", counter, now_is.threshold),)


def told(
    standing: Standing,
    *,
    activity: Sequence[tuple[date, int]],
    ladder: Ladder,
    day: date,
    joined_on: date,
    steps: Sequence[Step] = (),
) -> Statement:
    """The statement of a standing that is as of ``day``."""
    history = rules.History(activity)
    counter = rules.counted(history, ladder, day, joined_on)
    tier = rules.effective_tier(standing, ladder, day)
    rank = ladder.rank(tier.code)
    above = ladder.tiers[rank + 1] if rank + 1 < len(ladder.tiers) else None
    lifted = rank > ladder.rank(standing.tier)
    keep_until, keep_from, keep_gap = standing.keep_until, None, None
    if lifted:
        # A floor holds it: when that ends, the tier is there only if the counter reaches it.
        assert standing.floor is not None
        keep_until, keep_from = standing.floor.until, tier.threshold
        keep_gap = max(0, tier.threshold - counter)
    elif keep_until is not None:
        keep_from = tier.keep_threshold
        keep_gap = rules.keep_gap(
            standing, history=history, ladder=ladder, day=day, joined_on=joined_on
        )
    first, last = window_of(ladder, day, joined_on)
    return Statement(
        day=day,
        tier=tier,
        counter=counter,
        window_from=first,
        window_until=last,
        next=above,
        gap=max(0, above.threshold - counter) if above else None,
        keep_until=_last_day(keep_until),
        keep_from=keep_from,
        keep_gap=keep_gap,
        grace_until=None if lifted else _last_day(standing.grace_until),
        floor=standing.floor,
        steps=tuple(steps),
    )


def spend_for(gap: int, *, per_minor: int, amount: int, tier_bps: int) -> int | None:
    """The least net in minor units of one order that earns ``gap``; None where nothing is earned.

    ``amount`` for each whole ``per_minor`` at ``tier_bps``, floor once.
    """
    rate = amount * tier_bps
    return -(-gap * per_minor * 10_000 // rate) if rate else None


def _last_day(until: date | None) -> date | None:
    return until - _ONE_DAY if until is not None else None


def window_of(
    ladder: Ladder, day: date, joined_on: date | None = None
) -> tuple[date | None, date | None]:
    """First and last day of the window that ``day`` lies in; None where it has no such bound.

    A window that turns on the day a member joined has bounds for a member alone.
    """
    span = ladder.window.span
    if span == "lifetime" or (span == "anniversary" and joined_on is None):
        return None, None
    joined_on = joined_on or day
    first = rules.window_from(ladder, day, joined_on)
    if span in _CALENDAR:
        return first, end_of(day, _CALENDAR[span]) - _ONE_DAY
    if span == "anniversary":
        years = first.year - joined_on.year + 1
        return first, anniversary(joined_on, 12 * years) - _ONE_DAY
    return first, day
