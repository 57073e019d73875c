"""Utilities of benefits: published figures, closed forms, laws, and simulated members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.modules.surveys.rules import questions_for
from regulars.modules.surveys.types import Answered, Benefit, Choice, Draft
from regulars.modules.surveys.utilities import (
    error_of,
    fit,
    share_of,
    shares,
    standings,
    utility_of,
    value_of,
    wilson,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
#: Games of the American League, Eastern Division, 1987: row beats column. Agresti, Categorical
#: Data Analysis (1990), section 10.6; the figures are those of R's BradleyTerry2 (baseball).
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
ABOVE_BALTIMORE = {
    "Milwaukee": (1.5814, 0.3433),
    "Detroit": (1.4364, 0.3396),
    "Toronto": (1.2945, 0.3367),
    "New York": (1.2476, 0.3359),
    "Boston": (1.1077, 0.3339),
    "Cleveland": (0.6839, 0.3319),
}


def answered(number: int, *choices: Choice) -> Answered:
    return Answered(
        member_id=UUID(int=number), at=START + timedelta(minutes=number), choices=choices
    )


def pairs(first: int, second: int) -> list[Answered]:
    """So many members who chose the first of two benefits, and so many the second."""
    chosen = [0] * first + [1] * second
    return [answered(number, Choice((0, 1), best)) for number, best in enumerate(chosen)]


def test_it_finds_the_published_strengths_of_1987() -> None:
    games = [
        answered(0, Choice((one, other), one))
        for one in range(7)
        for other in range(7)
        for _game in range(WON[one][other])
    ]
    found = fit(games, 7, prior=1e-9)
    for place, team in enumerate(TEAMS[:-1]):
        contrast = np.zeros(7)
        contrast[place], contrast[6] = 1.0, -1.0
        strength, error = ABOVE_BALTIMORE[team]
        assert float(contrast @ found.utilities) == pytest.approx(strength, abs=5e-5)
        assert float(contrast @ found.by_model @ contrast) ** 0.5 == pytest.approx(error, abs=5e-5)


def test_of_two_it_is_the_log_odds_and_the_share_itself() -> None:
    found = fit(pairs(30, 10), 2, prior=1e-9)
    assert found.utilities[0] == pytest.approx(log(3) / 2, abs=1e-6)
    assert shares(found.utilities)[0] == pytest.approx(0.75, abs=1e-6)
    contrast = np.array([1.0, -1.0])
    assert error_of(found, contrast) == pytest.approx((1 / 30 + 1 / 10) ** 0.5, rel=0.02)


def test_the_worked_figures_of_the_page() -> None:
    found = fit(pairs(30, 10), 2)
    share = share_of(found, 0)
    assert [round(100 * x, 1) for x in (share.value, share.low, share.high)] == [74.7, 58.7, 85.9]
    value = value_of(share, 250)
    assert value is not None
    assert [round(x, 3) for x in (value.value, value.low, value.high)] == [0.299, 0.235, 0.344]


def test_what_everybody_chose_stays_finite_and_uncertain() -> None:
    found = fit(pairs(20, 0), 2)
    share = share_of(found, 0)
    assert [round(100 * x, 1) for x in (share.value, share.low, share.high)] == [97.7, 72.9, 99.8]


def test_the_least_liked_counts_against() -> None:
    asked = [answered(number, Choice((0, 1, 2), 0, 2)) for number in range(30)]
    lines = standings(fit(asked, 3), asked, [None] * 3)
    assert [one.place for one in lines] == [0, 1, 2]
    assert [(one.shown, one.best, one.worst) for one in lines] == [
        (30, 30, 0),
        (30, 0, 0),
        (30, 0, 30),
    ]


def test_a_dearer_benefit_that_is_liked_less_is_dominated() -> None:
    asked = pairs(60, 20)
    lines = {one.place: one for one in standings(fit(asked, 2), asked, [100, 100])}
    assert lines[1].dominated_by == 0
    assert lines[0].dominated_by is None
    lines = {one.place: one for one in standings(fit(asked, 2), asked, [101, 100])}
    assert lines[1].dominated_by is None, "the better one costs more"
    close = pairs(42, 38)
    lines = {one.place: one for one in standings(fit(close, 2), close, [100, 100])}
    assert lines[1].dominated_by is None, "that may be chance"


def test_nothing_is_worth_how_much_where_no_cost_is_known() -> None:
    asked = pairs(30, 30)
    lines = standings(fit(asked, 2), asked, [None, 0])
    assert [one.value for one in lines] == [None, None]
    assert [one.dominated_by for one in lines] == [None, None]


def test_wilson_has_its_known_interval() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 and 0 of 20.
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (round(wilson(0, 20).low, 4), round(wilson(0, 20).high, 4)) == (0.0, 0.1611)


# ── laws ──────────────────────────────────────────────────────────────────────────────────


@st.composite
def answers_of(draw: st.DrawFn) -> tuple[list[Answered], int]:
    size = draw(st.integers(3, 6))
    shown = draw(st.integers(2, min(4, size)))
    found = []
    for number in range(draw(st.integers(2, 25))):
        choices = []
        for _question in range(draw(st.integers(1, 4))):
            places = tuple(draw(st.permutations(range(size)))[:shown])
            best, *left = draw(st.permutations(places))
            worst = left[0] if shown > 2 and draw(st.booleans()) else None
            choices.append(Choice(places, best, worst))
        found.append(answered(number, *choices))
    return found, size


@settings(max_examples=60, deadline=None)
@given(answers_of(), st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(
    case: tuple[list[Answered], int], random: object
) -> None:
    found, size = case
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = fit(found, size), fit(mixed, size)
    assert np.allclose(one.utilities, other.utilities, atol=1e-6)
    assert np.allclose(one.by_members, other.by_members, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(answers_of())
def test_shares_add_up_to_one_and_intervals_hold_them(case: tuple[list[Answered], int]) -> None:
    found, size = case
    fitted = fit(found, size)
    told = [share_of(fitted, place) for place in range(size)]
    assert sum(one.value for one in told) == pytest.approx(1)
    assert abs(float(fitted.utilities.sum())) < 1e-9
    for place, one in enumerate(told):
        assert 0 < one.low <= one.value <= one.high < 1
        spread = utility_of(fitted, place)
        assert spread.low <= spread.value <= spread.high


@settings(max_examples=60, deadline=None)
@given(answers_of(), st.integers(0, 5))
def test_what_is_always_chosen_stands_first(case: tuple[list[Answered], int], pick: int) -> None:
    found, size = case
    star = pick % size
    always = [
        answered(number, *(_always(choice, star, size) for choice in one.choices))
        for number, one in enumerate(found)
    ]
    first = standings(fit(always, size), always, [None] * size)[0]
    assert first.place == star


def _always(choice: Choice, star: int, size: int) -> Choice:
    others = tuple(place for place in choice.shown if place != star)[: len(choice.shown) - 1]
    worst = None if choice.worst is None else others[-1]
    return Choice((star, *others), star, worst)


# ── simulation ────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("differ", [0.0, 1.0], ids=["alike", "members differ"])
def test_intervals_hold_the_truth_as_often_as_they_say(differ: float) -> None:
    """Members choose by known utilities; where they differ, the truth is what an endless survey
    of such members comes to."""
    truth = np.array([1.0, 0.5, 0.0, -0.5, -1.0])
    draft = Draft(
        name="x", kind="choice", shown=3, questions=5, worst=True,
        benefits=tuple(Benefit(code=str(place), name={}) for place in range(5)),
    )  # fmt: skip
    random = np.random.default_rng(8)

    def simulated(members: int) -> list[Answered]:
        return [_choosing(random, draft, truth, differ, number) for number in range(members)]

    goal = shares(truth)
    if differ:
        goal = shares(fit(simulated(4_000), 5, prior=1e-6).utilities)
    held = np.zeros(5)
    rounds = 100
    for _round in range(rounds):
        told = fit(simulated(60), 5)
        for place in range(5):
            share = share_of(told, place)
            held[place] += share.low <= goal[place] <= share.high
    # 500 intervals of 95 %, five of a round hanging together: 0.92 is far outside of chance.
    assert 0.92 <= held.mean() / rounds <= 0.985, held / rounds


def _choosing(
    random: np.random.Generator, draft: Draft, truth: np.ndarray, differ: float, number: int
) -> Answered:
    own = truth + differ * random.standard_normal(len(truth))
    member_id = UUID(int=int(random.integers(1, 2**62)))
    choices = []
    for shown in questions_for(1, UUID(int=7), member_id, draft):
        best = _pick(random, shown, own)
        left = tuple(place for place in shown if place != best)
        choices.append(Choice(shown, best, _pick(random, left, -own)))
    return answered(number, *choices)


def _pick(random: np.random.Generator, places: tuple[int, ...], utilities: np.ndarray) -> int:
    noise = random.gumbel(size=len(places))
    return places[int(np.argmax(utilities[list(places)] + noise))]
