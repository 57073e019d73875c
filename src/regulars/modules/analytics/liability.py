"""Points as deferred revenue: what buyers have paid for that is still to be given. An estimate.

Pure rules in the shape of IFRS 15: part of what an order cost is allocated to the points it
brought, and becomes revenue as those points are redeemed, out of all that are expected ever to
be. docs/algorithms/liability.md has the worked figures.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate
from typing import Final, Literal

from .rounding import half_up
from .types import PointValue

WHOLE_BPS: Final = 10_000
FEWEST_MONTHS: Final = 12
"""With less history nothing is learnt from it: one year shows every season once."""

QUIET_MONTHS: Final = 12
"""So long after the last movement nothing more is learnt: later months are told like that one."""

Happened = Literal["issued", "redeemed", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Points of the cohort earned in month ``cohort`` that moved in ``month`` (month numbers).

    What is taken back after a refund is ``issued`` below zero. ``until`` is the last month the
    points are good in; None: for ever.
    """

    cohort: int
    month: int
    happened: Happened
    points: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the merchant takes for granted.

    ``expected_bps`` of what members hold will be redeemed, while there is too little history to
    learn from; ``tail_bps`` of what is left after the oldest age ever seen, where it is still
    good. Both are everything unless said otherwise: no breakage without evidence.
    ``expiry_months``: what if points were good for so many months, the first included.
    ``breakage_bps``: what if so much of what members hold were never redeemed.
    """

    value: PointValue = field(default_factory=lambda: PointValue(points=1, minor=1))
    expected_bps: int = WHOLE_BPS
    tail_bps: int = WHOLE_BPS
    expiry_months: int | None = None
    breakage_bps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Points earned in one month, as they stand and as they are expected to end.

    ``issued`` is net of what was taken back; ``expected`` are all that will ever be redeemed.
    """

    month: int
    issued: int
    redeemed: int
    expired: int
    expected: int
    initial_bps: int
    allocated_minor: int
    recognised_minor: int

    @property
    def outstanding(self) -> int:
        return self.issued - self.redeemed - self.expired

    @property
    def left(self) -> int:
        """What can still be redeemed; a return of points already used leaves nothing, not less."""
        return max(self.outstanding, 0)

    @property
    def deferred_minor(self) -> int:
        return self.allocated_minor - self.recognised_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalMonth:
    """opening + deferred - released = closing, and the closing is the next month's opening."""

    month: int
    opening_minor: int
    deferred_minor: int
    released_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """All cohorts at the end of a month (or so far into it), with the months that led there.

    ``development`` is the share of issued points redeemed at each age in months, as seen.
    """

    cohorts: tuple[Cohort, ...]
    journal: tuple[JournalMonth, ...]
    development: tuple[Fraction, ...]
    learnt: bool


def recognised(allocated_minor: int, *, redeemed: int, expected: int) -> int:
    """The part of what was allocated to points that has become revenue, half up.

    9,000 allocated, 4,500 redeemed of 9,700 expected: 4,175; 8,500 of 9,900 a year later: 7,727,
    so that 3,552 are released in that year.
    """
    if redeemed <= 0:
        return 0
    return half_up(allocated_minor * redeemed, max(expected, redeemed))


def allocated(sales_minor: int, points_minor: int) -> int:
    """The part of ``sales_minor`` that pays for points worth ``points_minor`` by themselves.

    By relative stand-alone prices, half up: 100,000 of goods with points worth 9,500 give 8,676.
    """
    if sales_minor <= 0 or points_minor <= 0:
        return 0
    return half_up(sales_minor * points_minor, sales_minor + points_minor)


def estimate(
    moves: Sequence[Move],
    *,
    sales_minor: Mapping[int, int],
    month: int,
    over: bool,
    terms: Terms,
) -> Estimate:
    """The liability at ``month``, whose end has come where ``over``, and the journal up to it.

    ``sales_minor`` is what members paid in each month; ``moves`` are those up to then.
    """
    first = min((move.month for move in moves), default=month)
    quiet = max((move.month for move in moves), default=month) + QUIET_MONTHS
    if month > quiet:
        month, over = quiet, True
    initial: dict[int, Fraction] = {}
    journal: list[JournalMonth] = []
    cohorts: tuple[Cohort, ...] = ()
    view = _View()
    by_month: defaultdict[int, list[Move]] = defaultdict(list)
    for move in moves:
        by_month[move.month].append(move)
    for at in range(first, month + 1):
        view.take(by_month.get(at, ()))
        view.at, view.last_full = at, at if at < month or over else at - 1
        before = cohorts
        cohorts = view.cohorts(sales_minor, initial, terms)
        journal.append(_journal(at, before, cohorts))
    return Estimate(
        cohorts=cohorts,
        journal=tuple(journal),
        development=tuple(view.development()) if view.learnt else (),
        learnt=view.learnt,
    )


def with_breakage(
    cohorts: Sequence[Cohort], *, month: int, breakage_bps: int, expiry_months: int | None
) -> tuple[Cohort, ...]:
    """``cohorts`` at ``month`` if ``breakage_bps`` of what is held and still good were never
    redeemed; good is what no expiry of ``expiry_months`` has ended.

    As with every change of the estimate, the split of the price stays as it was settled. 9,000
    allocated, 4,500 of 10,000 redeemed and 6 % of the rest never: 9,670 expected, 4,188 recognised.
    """

    def changed(cohort: Cohort) -> Cohort:
        if expiry_months is not None and month >= cohort.month + expiry_months - 1:
            coming = 0
        else:
            coming = cohort.left * (WHOLE_BPS - breakage_bps)
        expected = half_up(cohort.redeemed * WHOLE_BPS + coming, WHOLE_BPS)
        return replace(
            cohort,
            expected=expected,
            recognised_minor=_earned(cohort, cohort.allocated_minor, expected),
        )

    return tuple(changed(cohort) for cohort in cohorts)


def _journal(month: int, before: Sequence[Cohort], after: Sequence[Cohort]) -> JournalMonth:
    opening = sum(cohort.deferred_minor for cohort in before)
    deferred = _total(after, "allocated_minor") - _total(before, "allocated_minor")
    released = _total(after, "recognised_minor") - _total(before, "recognised_minor")
    return JournalMonth(
        month=month,
        opening_minor=opening,
        deferred_minor=deferred,
        released_minor=released,
        closing_minor=opening + deferred - released,
    )


def _total(cohorts: Sequence[Cohort], name: str) -> int:
    return sum(getattr(cohort, name) for cohort in cohorts)


@dataclass(slots=True)
class _Held:
    """One cohort so far; ``until`` tells what is left by the last month it is good in."""

    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    by_age: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    until: defaultdict[int | None, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def left(self) -> int:
        return max(self.issued - self.redeemed - self.expired, 0)


@dataclass(slots=True)
class _View:
    """What was known at the end of a month."""

    at: int = 0
    last_full: int = 0
    held: dict[int, _Held] = field(default_factory=dict)

    def take(self, moves: Sequence[Move]) -> None:
        for move in moves:
            held = self.held.setdefault(move.cohort, _Held())
            if move.happened == "issued":
                held.issued += move.points
                held.until[move.until] += move.points
            else:
                held.until[move.until] -= move.points
                if move.happened == "expired":
                    held.expired += move.points
                else:
                    held.redeemed += move.points
                    held.by_age[move.month - move.cohort] += move.points

    @property
    def oldest(self) -> int:
        """The highest age that a cohort has lived through whole; -1 before any."""
        return self.last_full - min(self.held, default=self.last_full + 1)

    @property
    def learnt(self) -> bool:
        return self.oldest + 1 >= FEWEST_MONTHS

    def development(self) -> list[Fraction]:
        """Of the points issued by cohorts that lived through an age: the share redeemed at it."""
        used = [0] * (self.oldest + 1)
        for month, held in self.held.items():
            for age, points in held.by_age.items():
                if month + age <= self.last_full:
                    used[age] += points
        months = sorted(self.held)
        so_far = [0, *accumulate(self.held[month].issued for month in months)]
        shares = []
        for age, points in enumerate(used):
            issued = so_far[bisect_right(months, self.last_full - age)]
            shares.append(Fraction(points, issued) if issued > 0 else Fraction(0))
        return shares

    def cohorts(
        self, sales_minor: Mapping[int, int], initial: dict[int, Fraction], terms: Terms
    ) -> tuple[Cohort, ...]:
        to_come = _to_come(self.development()) if self.learnt else None
        found = []
        for month, held in sorted(self.held.items()):
            expected = self._expected(month, held, to_come, terms)
            if month not in initial and held.issued > 0:
                # The split of the price is settled when the points are sold, for good.
                initial[month] = Fraction(expected, held.issued)
            share = initial.get(month, Fraction(0))
            worth = held.issued * share * terms.value.minor / terms.value.points
            points_minor = half_up(worth.numerator, worth.denominator) if worth > 0 else 0
            paid_for = allocated(sales_minor.get(month, 0), points_minor)
            found.append(
                Cohort(
                    month=month,
                    issued=held.issued,
                    redeemed=held.redeemed,
                    expired=held.expired,
                    expected=expected,
                    initial_bps=half_up(share.numerator * WHOLE_BPS, share.denominator),
                    allocated_minor=paid_for,
                    recognised_minor=_earned(held, paid_for, expected),
                )
            )
        return tuple(found)

    def _expected(
        self, month: int, held: _Held, to_come: Sequence[Fraction] | None, terms: Terms
    ) -> int:
        """All points of the cohort that will ever be redeemed: so far, and still to come."""
        left = Fraction(held.left)
        if to_come is None:
            coming = left * terms.expected_bps / WHOLE_BPS
            if terms.expiry_months is not None and self.at >= month + terms.expiry_months - 1:
                coming = Fraction(0)
        else:
            coming = self._coming(month, held, to_come, terms)
        whole = held.redeemed + min(max(coming, Fraction(0)), left)
        return half_up(whole.numerator, whole.denominator)

    def _coming(
        self, month: int, held: _Held, to_come: Sequence[Fraction], terms: Terms
    ) -> Fraction:
        seen = len(to_come) - 1
        lived = min(self.last_full - month + 1, seen)
        ages = seen if terms.expiry_months is None else min(terms.expiry_months, seen)
        coming = held.issued * max(to_come[lived] - to_come[ages], Fraction(0))
        if self.at > self.last_full:
            coming -= held.by_age.get(self.at - month, 0)
        coming = min(max(coming, Fraction(0)), Fraction(held.left))
        beyond = self._outliving(month, held, seen, terms)
        return coming + min(held.left - coming, Fraction(beyond)) * terms.tail_bps / WHOLE_BPS

    def _outliving(self, month: int, held: _Held, ages: int, terms: Terms) -> int:
        """What is left of the cohort and good beyond the oldest age that anybody has seen."""
        if terms.expiry_months is not None:
            return held.left if terms.expiry_months > ages else 0
        last = month + ages - 1
        return max(
            sum(left for until, left in held.until.items() if until is None or until > last), 0
        )


def _to_come(development: Sequence[Fraction]) -> list[Fraction]:
    """For each age, the shares of that one and of all later ones together; at the end, 0."""
    return [*accumulate(reversed(development), initial=Fraction(0))][::-1]


def _earned(held: _Held | Cohort, paid_for: int, expected: int) -> int:
    """What will not be redeemed any more, or cannot be, has nothing left to wait for."""
    if held.left == 0 or expected <= held.redeemed:
        return paid_for
    return recognised(paid_for, redeemed=held.redeemed, expected=expected)
