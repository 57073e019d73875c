"""A person while orders are settled: purses, activity, standing. Pure; loaded by gathers.

One class serves the till, where only the sums of a window are known, and a year of orders from a
file, where every day is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.kernel.ids import new_id
from regulars.modules.earning.gather import Counts, counter_index
from regulars.modules.earning.rules import Lines, earn_dates, earned
from regulars.modules.earning.types import EarningRule
from regulars.modules.ledger.engine import Journal, Purse
from regulars.modules.ledger.types import Cause, Lot, Pending
from regulars.modules.programmes.going import GoingMemo
from regulars.modules.programmes.rules import Circumstances, Terms, terms_of
from regulars.modules.programmes.types import Programme
from regulars.modules.tiers import rules as tiers
from regulars.modules.tiers.types import Ladder, Standing, Step

_ZERO: Counts = [0, 0, 0, 0]


@dataclass(slots=True)
class Settled:
    """What a paid order brought."""

    terms: Terms
    points: int
    growth_value: int
    points_pending: bool
    notes: list[tiers.Note]


class Person:
    """One person's state, changed in memory as orders are settled.

    ``history`` is complete where ``followed`` is true; otherwise it holds the sum of the window
    under the day it was gathered for, which is all that an order in due time needs.
    """

    __slots__ = (
        "_counted",
        "_counted_for",
        "activity_added",
        "days",
        "followed",
        "growth_value",
        "history",
        "joined_on",
        "lapsed_elsewhere",
        "lot",
        "member_id",
        "own_lots",
        "points",
        "programme",
        "revision",
        "standing",
    )

    def __init__(
        self,
        *,
        member_id: UUID,
        joined_on: date,
        points: Purse,
        growth_value: Purse,
        standing: Standing | None,
        programme: int,
        revision: int,
        ladder: Ladder,
        days: dict[date, Counts] | None,
        own_lots: Callable[[int, str], list[Lot]] = lambda asset, cause: [],
        lapsed_elsewhere: Callable[[int, str], list[tuple[Purse, Lot]]] = lambda asset, cause: [],
        lot: Callable[[int, int], Lot | None] = lambda asset, number: None,
    ) -> None:
        self.member_id = member_id
        self.joined_on = joined_on
        self.own_lots = own_lots
        self.lapsed_elsewhere = lapsed_elsewhere
        self.lot = lot
        self.points = points
        self.growth_value = growth_value
        self.standing = standing or tiers.first_standing(ladder, joined_on)
        self.programme = programme
        self.revision = revision
        self.followed = days is not None
        self.days: dict[date, Counts] = days if days is not None else {}
        self.history = tiers.History()
        self.activity_added: dict[UUID, dict[date, Counts]] = {}
        self._counted_for: UUID | None = None
        self._counted: dict[date, Counts] = {}
        if self.followed:
            self.use_ladder(ladder)

    def recorded(self) -> None:
        """Note that the database now holds what the person says."""
        self.revision += 1
        self.activity_added.clear()
        self._counted_for = None

    def use_ladder(self, ladder: Ladder) -> None:
        """Count by ``ladder``; needs every day."""
        index = counter_index(ladder.counter)
        self.history = tiers.History((day, self.days[day][index]) for day in sorted(self.days))

    def gathered_window(self, day: date, counter: int, today: Counts) -> None:
        """Take the sum of the window that ends with ``day`` in place of a history."""
        self.history = tiers.History([(day, counter)])
        self.days = {day: today}

    def count(self, owner: UUID, ladder: Ladder, day: date, counts: Counts) -> None:
        """Add to what was done on ``day``; ``owner`` is whose record the order was made under."""
        if owner is not self._counted_for:
            # Most persons are one record, whose id need not be hashed for every order.
            self._counted_for = owner
            self._counted = self.activity_added.setdefault(owner, {})
        for days in (self._counted, self.days):
            sums = days.get(day)
            if sums is None:
                days[day] = counts.copy()
            else:
                for place, count in enumerate(counts):
                    sums[place] += count
        self.history.add(day, counts[counter_index(ladder.counter)])

    def is_late(self, day: date) -> bool:
        return day < self.standing.evaluated_on

    def needs_history(self, day: date, ladder: Ladder) -> bool:
        """Whether sums of a window are not enough for an order paid on ``day``."""
        standing = self.standing
        return (
            self.is_late(day)
            or day < standing.since
            or (standing.review_on is not None and standing.review_on <= day)
            or ladder.window.span == "anniversary"
            or (ladder.keep.mode == "follow" and ladder.window.span != "lifetime")
        )

    def settle(
        self,
        *,
        journal: Journal,
        programme: Programme,
        standing_by: Programme,
        owner: UUID,
        order: Cause,
        net_minor: Sequence[int],
        lines: Lines,
        paid_at: datetime,
        day: date,
        zone: ZoneInfo,
        now: datetime,
        store: str | None,
        channel: str | None,
        tier_then: str | None = None,
        promised_bps: Sequence[int] = (),
    ) -> Settled:
        """Earn for a paid order, count it, and move on the ladder.

        ``programme`` is the version that holds when it was paid, ``standing_by`` the one whose
        ladder the member stands on now; ``tier_then`` is the tier of an order that comes late, as
        it was when it was paid, or the tier that a quote was made for, with ``promised_bps``.
        """
        ladder = standing_by.ladder
        for purse in (self.points, self.growth_value):
            due = purse.next_due_at
            if due is not None and due <= paid_at and purse.complete:
                purse.catch_up(journal, min(paid_at, now))
        notes = [] if standing_by.number == self.programme else self.stand_by(standing_by, day)
        late = self.is_late(day)
        if not late:
            notes += self.advance(ladder, day)
        today = self.days.get(day, _ZERO)
        tier = tier_then or tiers.effective_tier(self.standing, ladder, day).code
        terms = terms_of(
            programme,
            lines,
            Circumstances(
                tier=tier,
                counter=tiers.counted(self.history, ladder, day, self.joined_on)
                if programme.ladder.crossing == "split"
                else 0,
                day=day,
                store=store,
                channel=channel,
                points_today=today[3],
                growth_value_today=today[2],
            ),
            promised_bps,
        )
        points = earned(terms.points, net_minor)
        growth_value = earned(terms.growth_value, net_minor)
        pending = False
        if points:
            rule = programme.earning.points
            pending = credit(journal, self.points, rule, points, order, paid_at, day, zone, now)
        if growth_value:
            rule = programme.earning.growth_value
            credit(journal, self.growth_value, rule, growth_value, order, paid_at, day, zone, now)
        # Also where nothing was earned: whoever merged this person meanwhile has made the account
        # another one than was seen, and the order looks again.
        journal.touch(self.points)
        self.count(owner, ladder, day, [1, sum(net_minor), growth_value, points])
        notes += self.recount(ladder, day) if late else self.climb(ladder, day)
        return Settled(terms, points, growth_value, pending, notes)

    def settle_in_turn(
        self,
        journal: Journal,
        programme: Programme,
        memo: GoingMemo,
        owner: UUID,
        order: Cause,
        net_minor: Sequence[int],
        skus: Sequence[str],
        paid_at: datetime,
        day: date,
        store: str | None,
        channel: str | None,
    ) -> Settled | None:
        """What ``settle`` does for an order that comes when its time is, with nothing due before
        it; None where that is not so, and nothing has changed then. For years of orders."""
        standing, points_purse, growth_purse = self.standing, self.points, self.growth_value
        due, review_on = points_purse.next_due_at, standing.review_on
        if (
            programme.number != self.programme
            or (due is not None and due <= paid_at)
            or day < standing.evaluated_on
            or day < standing.since
            or (review_on is not None and review_on <= day)
        ):
            return None
        due, ladder = growth_purse.next_due_at, programme.ladder
        if due is not None and due <= paid_at:
            return None
        today = self.days.get(day, _ZERO)
        tier = tiers.effective_tier(standing, ladder, day).code
        going = memo.of(programme, tier, day, store, channel)
        if going is None:
            return None
        terms = going.terms(skus, today[3], today[2])
        points = earned(terms.points, net_minor)
        growth_value = earned(terms.growth_value, net_minor)
        if points:
            gone = going.points.expires_at
            points_purse.credit(journal, points, "earn", order, paid_at, paid_at, gone)
        if growth_value:
            gone = going.growth_value.expires_at
            growth_purse.credit(journal, growth_value, "earn", order, paid_at, paid_at, gone)
        journal.touch(points_purse)  # as in ``settle``
        self.count(owner, ladder, day, [1, sum(net_minor), growth_value, points])
        return Settled(terms, points, growth_value, False, self.climb(ladder, day))

    def stand_by(self, programme: Programme, day: date) -> list[tiers.Note]:
        """Stand on the ladder of ``programme``, anew where it is another than before."""
        before, self.programme = self.programme, programme.number
        if before in (0, programme.number):
            return []
        self.use_ladder(programme.ladder)
        return self.recount(programme.ladder, day)

    def advance(self, ladder: Ladder, day: date) -> list[tiers.Note]:
        """What the calendar brings up to the start of ``day``."""
        if self.standing.review_on is None or self.standing.review_on > day:
            return []
        self.standing, notes = tiers.advance(
            self.standing,
            history=self.history,
            ladder=ladder,
            until=day,
            joined_on=self.joined_on,
        )
        return notes

    def climb(self, ladder: Ladder, day: date) -> list[tiers.Note]:
        self.standing, notes = tiers.after_activity(
            self.standing, history=self.history, ladder=ladder, day=day, joined_on=self.joined_on
        )
        return notes

    def recount(self, ladder: Ladder, day: date) -> list[tiers.Note]:
        """Follow the whole way anew (a late order, a refund, a new ladder); needs every day.

        What the keep rule holds, it goes on holding.
        """
        assert self.followed
        before = self.standing
        until = max(day, before.evaluated_on)
        index = counter_index(ladder.counter)
        renewed, _ = tiers.replay(
            ((d, self.days[d][index]) for d in sorted(self.days)),
            ladder=ladder,
            until=until,
            joined_on=self.joined_on,
        )
        self.standing = tiers.held_after_recount(before, renewed, ladder, until)
        was = tiers.effective_tier(before, ladder, until)
        now_is = tiers.effective_tier(self.standing, ladder, until)
        if was.code == now_is.code:
            return []
        counter = tiers.counted(self.history, ladder, until, self.joined_on)
        higher = ladder.rank(now_is.code) > ladder.rank(was.code)
        return [
            Step(
                until,
                was.code,
                now_is.code,
                "reached" if higher else "recounted",
                counter,
                now_is.threshold,
            )
        ]


def credit(
    journal: Journal,
    purse: Purse,
    rule: EarningRule,
    amount: int,
    order: Cause,
    paid_at: datetime,
    day: date,
    zone: ZoneInfo,
    now: datetime,
) -> bool:
    """Credit what an order earned, or promise it; whether it is pending as of ``now``."""
    dates = earn_dates(rule, earned_at=paid_at, zone=zone, earned_on=day)
    if dates.available_at > now or (purse.complete and dates.available_at > paid_at):
        pending = Pending(
            new_id(),
            purse.asset,
            amount,
            paid_at,
            dates.available_at,
            dates.expires_at,
            order.type,
            order.id,
        )
        purse.promise(journal, pending)
        if purse.complete:
            purse.catch_up(journal, now)
        return pending.amount > 0
    purse.credit(journal, amount, "earn", order, dates.available_at, paid_at, dates.expires_at)
    return False
