"""Points as deferred revenue: the published case, a shop worked by hand, and laws."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.analytics import liability
from regulars.modules.analytics.liability import Move, Terms
from regulars.modules.analytics.types import PointValue


def test_the_published_case() -> None:
    """10,000 points, 9,000 of the price allocated to them, estimates that move."""
    first = liability.recognised(9_000, redeemed=4_500, expected=9_700)
    both = liability.recognised(9_000, redeemed=8_500, expected=9_900)
    assert (first, both - first) == (4_175, 3_552)


def test_the_published_case_if_a_part_of_the_rest_is_never_redeemed() -> None:
    """4,500 of 10,000 redeemed: 6 % of the other 5,500 never makes 9,670, and 4,188 of 9,000."""
    cohort = liability.Cohort(
        month=JANUARY, issued=10_000, redeemed=4_500, expired=0, expected=9_700,
        initial_bps=9_700, allocated_minor=9_000, recognised_minor=4_175,
    )  # fmt: skip
    six, none, all_of_it = (
        liability.with_breakage([cohort], month=JANUARY + 11, breakage_bps=bps, expiry_months=None)[
            0
        ]
        for bps in (600, 0, 10_000)
    )
    assert (six.expected, six.recognised_minor, six.deferred_minor) == (9_670, 4_188, 4_812)
    assert (none.expected, none.recognised_minor) == (10_000, 4_050)
    assert (all_of_it.expected, all_of_it.deferred_minor) == (4_500, 0)
    # Nothing used and nothing ever to be used: nothing is owed either.
    unused = replace(cohort, redeemed=0, recognised_minor=0)
    (gone,) = liability.with_breakage(
        [unused], month=JANUARY + 11, breakage_bps=10_000, expiry_months=None
    )
    assert (gone.expected, gone.deferred_minor) == (0, 0)
    # Good for twelve months, it ended with the eleventh month after: whatever is left is over.
    (over,) = liability.with_breakage(
        [cohort], month=JANUARY + 11, breakage_bps=0, expiry_months=12
    )
    assert (over.expected, over.deferred_minor) == (4_500, 0)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 24))
def test_the_more_is_never_redeemed_the_less_is_owed(one: int, other: int, months: int) -> None:
    few, many = sorted((one, other))
    cohorts = told(moves_of_a_shop(months), months).cohorts
    at = JANUARY + months - 1
    less, more = (
        liability.with_breakage(cohorts, month=at, breakage_bps=bps, expiry_months=None)
        for bps in (many, few)
    )
    for was, low, high in zip(cohorts, less, more, strict=True):
        assert 0 <= low.deferred_minor <= high.deferred_minor <= was.allocated_minor
        assert was.redeemed <= low.expected <= high.expected <= was.issued
        assert (low.allocated_minor, low.initial_bps) == (was.allocated_minor, was.initial_bps)


def test_no_breakage_asked_of_a_young_shop_is_what_it_assumes_anyway() -> None:
    found = told(moves_of_a_shop(6), 6)
    same = liability.with_breakage(
        found.cohorts, month=JANUARY + 5, breakage_bps=0, expiry_months=None
    )
    assert not found.learnt
    assert same == found.cohorts


def test_the_example_of_the_standard() -> None:
    """IFRS 15, example 52: goods for 100,000 with 10,000 points, 9,500 of which are expected."""
    paid_for = liability.allocated(100_000, 9_500)
    assert paid_for == 8_676
    first = liability.recognised(paid_for, redeemed=4_500, expected=9_500)
    both = liability.recognised(paid_for, redeemed=8_500, expected=9_700)
    assert (first, both - first) == (4_110, 3_493)


JANUARY = 2025 * 12


def moves_of_a_shop(months: int, *, until: int | None = None) -> list[Move]:
    """1,000 points a month; 30 % are redeemed in the month after, 20 % in the one after that."""
    found = []
    for cohort in range(JANUARY, JANUARY + months):
        good = None if until is None else cohort + until - 1
        plan = [("issued", 0, 1_000), ("redeemed", 1, 300), ("redeemed", 2, 200)]
        if until is not None:
            plan.append(("expired", until, 500))
        for happened, later, points in plan:
            if cohort + later < JANUARY + months:
                found.append(
                    Move(cohort=cohort, month=cohort + later, happened=happened,
                         points=points, until=good)
                )  # fmt: skip
    return found


def told(moves: list[Move], months: int, **terms: object) -> liability.Estimate:
    sales = dict.fromkeys(range(JANUARY, JANUARY + months), 100000)
    return liability.estimate(
        moves,
        sales_minor=sales,
        month=JANUARY + months - 1,
        over=True,
        terms=Terms(value=PointValue(points=1, minor=10), **terms),  # type: ignore[arg-type]
    )


def test_what_members_did_is_learnt_and_develops_the_young_cohorts() -> None:
    found = told(moves_of_a_shop(14, until=6), 14)
    assert found.learnt
    assert [float(share) for share in found.development[:4]] == [0.0, 0.3, 0.2, 0.0]
    youngest, second = found.cohorts[-1], found.cohorts[-2]
    assert (youngest.redeemed, youngest.expected) == (0, 500)
    assert (second.redeemed, second.expected) == (300, 500)
    # The price was split by the share expected when the points were sold.
    assert youngest.initial_bps == 5_000
    assert youngest.allocated_minor == liability.allocated(100_000, 5_000) == 4_762
    assert second.recognised_minor == 2_857  # 4,762 x 300 / 500
    assert second.deferred_minor == 1_905
    assert found.cohorts[0].deferred_minor == 0
    # In the first year nothing was known yet; what was settled then is not split anew.
    assert [cohort.initial_bps for cohort in found.cohorts[:11]] == [10_000] * 11
    assert found.cohorts[0].allocated_minor == liability.allocated(100_000, 10_000) == 9_091


def test_too_short_a_history_teaches_nothing() -> None:
    found = told(moves_of_a_shop(6), 6)
    assert not found.learnt
    assert [cohort.expected for cohort in found.cohorts] == [1_000] * 6
    careful = told(moves_of_a_shop(6), 6, expected_bps=5_000)
    assert careful.cohorts[0].expected == 750  # 500 redeemed, half of 500 left


def test_points_for_ever_are_owed_for_ever_unless_the_merchant_says_otherwise() -> None:
    everything = told(moves_of_a_shop(14), 14)
    assert [cohort.expected for cohort in everything.cohorts] == [1_000] * 14
    nothing_more = told(moves_of_a_shop(14), 14, tail_bps=0)
    assert [cohort.expected for cohort in nothing_more.cohorts] == [500] * 14
    half = told(moves_of_a_shop(14), 14, tail_bps=5_000)
    assert half.cohorts[0].expected == 750


def test_what_if_points_were_good_for_two_months() -> None:
    now = told(moves_of_a_shop(14, until=6), 14)
    shorter = told(moves_of_a_shop(14, until=6), 14, expiry_months=2)
    assert now.cohorts[-1].expected == 500
    assert shorter.cohorts[-1].expected == 300
    longer = told(moves_of_a_shop(14, until=6), 14, expiry_months=36, tail_bps=4_000)
    assert longer.cohorts[-1].expected == 700  # 500, and 4 in 10 of the other 500


def test_a_month_that_runs_is_not_yet_an_age_to_learn_from() -> None:
    moves = [*moves_of_a_shop(14, until=6)]
    now = JANUARY + 14
    moves.append(Move(cohort=now - 1, month=now, happened="redeemed", points=100, until=now + 4))
    found = liability.estimate(
        moves, sales_minor={}, month=now, over=False,
        terms=Terms(value=PointValue(points=1, minor=10)),
    )  # fmt: skip
    assert [float(share) for share in found.development[:3]] == [0.0, 0.3, 0.2]
    (cohort,) = [one for one in found.cohorts if one.month == now - 1]
    assert (cohort.redeemed, cohort.expected) == (100, 500)


def test_a_far_day_is_answered_like_a_year_after_the_last_movement() -> None:
    moves = moves_of_a_shop(14, until=6)
    terms = Terms(value=PointValue(points=1, minor=10))
    far, near = (
        liability.estimate(moves, sales_minor={}, month=month, over=True, terms=terms)
        for month in (9_998 * 12, JANUARY + 13 + liability.QUIET_MONTHS)
    )
    assert far == near


def test_no_points_no_liability() -> None:
    found = told([], 1)
    assert (found.cohorts, found.learnt) == ((), False)
    assert found.journal[0].closing_minor == 0


HISTORY = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(0, 20),
        st.sampled_from(("issued", "redeemed", "expired")),
        st.integers(1, 500),
        st.one_of(st.none(), st.integers(0, 30)),
    ),
    max_size=60,
)


@given(
    rows=HISTORY,
    sales=st.lists(st.integers(0, 10**7), min_size=21, max_size=21),
    expected_bps=st.integers(0, 10_000),
    tail_bps=st.integers(0, 10_000),
    expiry=st.one_of(st.none(), st.integers(1, 40)),
    over=st.booleans(),
)
def test_nothing_is_made_or_lost(  # type: ignore[no-untyped-def]
    rows, sales, expected_bps, tail_bps, expiry, over
) -> None:
    left: dict[tuple[int, int | None], int] = {}
    moves = []
    for cohort, later, happened, wanted, good in sorted(rows, key=lambda row: row[1]):
        until = None if good is None else JANUARY + cohort + good
        place = (cohort, until)
        points = wanted if happened == "issued" else min(wanted, left.get(place, 0))
        if points == 0 or cohort + later > 20:
            continue
        left[place] = left.get(place, 0) + (points if happened == "issued" else -points)
        moves.append(
            Move(cohort=JANUARY + cohort, month=JANUARY + cohort + later, happened=happened,
                 points=points, until=until)
        )  # fmt: skip
    found = liability.estimate(
        moves,
        sales_minor={JANUARY + number: worth for number, worth in enumerate(sales)},
        month=JANUARY + 20,
        over=over,
        terms=Terms(expected_bps=expected_bps, tail_bps=tail_bps, expiry_months=expiry),
    )
    for cohort in found.cohorts:
        assert cohort.redeemed <= max(cohort.expected, 0)
        assert cohort.expected <= max(cohort.issued - cohort.expired, cohort.redeemed)
        assert 0 <= cohort.recognised_minor <= cohort.allocated_minor
    opening = 0
    for month in found.journal:
        assert month.opening_minor == opening
        opening = month.closing_minor
    assert opening == sum(cohort.deferred_minor for cohort in found.cohorts)
    assert sum(month.deferred_minor for month in found.journal) == sum(
        cohort.allocated_minor for cohort in found.cohorts
    )
