"""The coupon for the next order: the worked figures, and what no member's facts may change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.modules.steering.deciding.next_order import (
    Band,
    Given,
    Known,
    days_good,
    decided,
    expected,
)
from regulars.modules.steering.deciding.rhythm import reaches
from regulars.modules.steering.deciding.weighing import weighed
from regulars.modules.steering.types import MILLI, Lift, Proof

BAND = Band(valid_days=14, most_days=60, spare=False)
NEW = Known(
    personal=True, held_out_of_all=False, item_soon=False, days_ago=8, usual=0.0, reach=0.0,
    gain=(0, 0),
)  # fmt: skip
ANN = replace(NEW, usual=30.0, reach=36.0)
BO = replace(NEW, usual=90.0, reach=120.0)
DEE = replace(NEW, usual=7.0, reach=9.0)


def lift(proof: Proof = "no_trial", mean: float = 0.0, use: float = 0.0, cost: int = 0) -> Lift:
    return Lift(
        proof=proof, mean=mean, low=mean, high=mean, own=mean, own_error=0.01, treated=500,
        held_out=500, base=0.0, use=use, cost_minor=cost,
    )  # fmt: skip


UNKNOWN = (lift(), lift())
#: Eight percent, and fifteen, of a purchase of 100.00.
AMONG_NEW = (lift("works", 0.10, 0.30, 800), lift("works", 0.20, 0.40, 1_500))
ON_RHYTHM = (lift("works", 0.02, 0.30, 800), lift("not_proven"))


def gains(lifts: tuple[Lift, ...]) -> tuple[int, ...]:
    _, gain, _ = weighed(
        np.zeros(1, np.int64), np.array([10_000.0]), np.zeros(1), [[one] for one in lifts],
        margin_bps=4_000,
    )  # fmt: skip
    return tuple(gain[0].tolist())


@pytest.mark.parametrize(
    ("known", "lifts", "gets", "spared"),
    [
        (ANN, UNKNOWN, Given(0, 28, "usual"), Given(0, 28, "usual")),
        (BO, UNKNOWN, Given(0, 60, "usual"), Given(0, 60, "usual")),
        (NEW, AMONG_NEW, Given(1, 14, "stronger"), Given(1, 14, "stronger")),
        (DEE, UNKNOWN, Given(0, 14, "usual"), Given(None, 0, "due_soon")),
        (
            replace(DEE, personal=False), UNKNOWN,
            Given(0, 14, "not_personal"), Given(0, 14, "not_personal"),
        ),
        (
            replace(BO, held_out_of_all=True), UNKNOWN,
            Given(0, 14, "held_out_of_all"), Given(None, 14, "held_out_of_all"),
        ),
        (ANN, ON_RHYTHM, Given(0, 28, "usual"), Given(None, 0, "costs_more")),
        (ANN, (lift("harms", -0.1), lift()), Given(0, 28, "usual"), Given(None, 0, "harms")),
    ],
)  # fmt: skip
def test_the_table(known: Known, lifts: tuple[Lift, ...], gets: Given, spared: Given) -> None:
    told = replace(known, gain=gains(lifts))
    assert decided(BAND, told, lifts) == gets
    assert decided(replace(BAND, spare=True), told, lifts) == spared


def test_what_each_strength_gains_among_the_new_and_on_rhythm() -> None:
    assert gains(AMONG_NEW) == (160 * MILLI, 200 * MILLI)
    assert gains(ON_RHYTHM) == (-160 * MILLI, 0)


def test_a_stronger_one_that_gains_as_much_is_not_given_and_one_not_proven_never() -> None:
    same = (AMONG_NEW[0], AMONG_NEW[0])
    assert decided(BAND, replace(NEW, gain=gains(same)), same).offer == 0
    hoped = (lift(), replace(AMONG_NEW[1], proof="not_proven"))
    assert decided(BAND, replace(NEW, gain=(0, 10**9)), hoped).offer == 0


@pytest.mark.parametrize(("ago", "yes"), [(0, True), (8, True), (9, True), (10, False)], ids=str)
def test_who_is_later_than_ever_is_not_expected(ago: int, yes: bool) -> None:
    assert expected(replace(DEE, days_ago=ago)) is yes


def test_a_week_ahead_is_soon_and_a_day_more_is_not() -> None:
    assert expected(replace(ANN, days_ago=23))
    assert not expected(replace(ANN, days_ago=22))
    assert expected(replace(ANN, item_soon=True))
    assert not expected(NEW)


def test_the_reach_of_gaps_is_known_from_three_days_on() -> None:
    member = np.array([0, 0, 0, 1, 1], np.int64)
    day = np.array([0, 10, 30, 0, 10], np.int64)
    assert reaches(member, day, members=3).tolist() == [19.0, 0.0, 0.0]


KNOWN = st.builds(
    Known,
    personal=st.booleans(),
    held_out_of_all=st.booleans(),
    item_soon=st.booleans(),
    days_ago=st.integers(-1, 5_000),
    usual=st.floats(0, 400),
    reach=st.floats(0, 400),
    gain=st.tuples(*[st.integers(-(10**9), 10**9)] * 3),
)
LIFTS = st.tuples(
    *[st.sampled_from(["works", "no_trial", "too_few", "not_proven", "harms"]).map(lift)] * 3
)
BANDS = st.builds(
    Band, valid_days=st.integers(1, 366), most_days=st.integers(1, 366), spare=st.booleans()
)


@given(band=BANDS, known=KNOWN, lifts=LIFTS)
def test_nobody_gets_less_than_the_lower_end_of_the_band(
    band: Band, known: Known, lifts: tuple[Lift, ...]
) -> None:
    told = decided(band, known, lifts)
    if not band.spare:
        assert told.offer is not None
    if told.offer is not None:
        assert band.valid_days <= told.days <= max(band.most_days, band.valid_days)
        assert told.offer == 0 or (lifts[told.offer].proven and known.gain[told.offer] > 0)


@given(band=BANDS, known=KNOWN, other=KNOWN, lifts=LIFTS)
def test_who_said_no_gets_the_same_whatever_they_did(
    band: Band, known: Known, other: Known, lifts: tuple[Lift, ...]
) -> None:
    one, two = (decided(band, replace(who, personal=False), lifts) for who in (known, other))
    assert one == two == Given(0, band.valid_days, "not_personal")


@given(band=BANDS, known=KNOWN, longer=st.floats(0, 400))
def test_a_longer_reach_never_makes_it_shorter(band: Band, known: Known, longer: float) -> None:
    assert days_good(band, replace(known, reach=known.reach + longer)) >= days_good(band, known)
