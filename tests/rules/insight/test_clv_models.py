"""Lifetime value: the published fits, the published holdouts, and laws of the formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize

from makers.cdnow import CALIBRATION_ENDS, HOLDOUT_ENDS, transactions
from regulars.modules.insight.clv import buying, spending
from regulars.modules.insight.clv.reading import History
from regulars.modules.insight.clv.summary import cells_of, summarise
from regulars.modules.insight.clv.types import (
    Buyers,
    BuyingModel,
    Cells,
    Floats,
    SpendingModel,
    TooFewBuyers,
)

HORIZON = (HOLDOUT_ENDS - CALIBRATION_ENDS).days
MODEL = BuyingModel(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=0.0, buyers=1)


@dataclass(frozen=True)
class Cdnow:
    buyers: Buyers
    days: np.ndarray
    worth: Floats

    @property
    def mean(self) -> Floats:
        return self.buyers.repeat_minor / np.maximum(self.buyers.frequency, 1) / 100


@pytest.fixture(scope="module", params=["sample", "master"])
def which(request: pytest.FixtureRequest) -> Literal["sample", "master"]:
    return request.param


@pytest.fixture(scope="module")
def cdnow(which: Literal["sample", "master"]) -> Cdnow:
    told = transactions(which)
    history = History(len(told.name), told.member, told.day, told.minor)
    buyers, places = history.buyers(as_of=CALIBRATION_ENDS)
    days, worth = history.after(CALIBRATION_ENDS, as_of=HOLDOUT_ENDS)
    return Cdnow(buyers, days[places], worth[places])


PUBLISHED = {
    "sample": ((0.2426, 4.4136, 0.7929, 2.4259), -9582.429, (6.25, 3.744, 15.447), 946),
    "master": ((0.2516, 4.7889, 0.7234, 2.1611), -95368.444, (6.2754, 3.6245, 14.9837), 9_450),
}


def test_buyers_all_alike_are_expected_to_go_on_at_their_pace() -> None:
    """Where nobody ever left and all buy every day, the function of the formula gives up."""
    model = BuyingModel(
        r=162_754.79, alpha=23_250.68, a=3.6e-5, b=9_667.4, log_likelihood=0.0, buyers=40
    )
    found = buying.expected_purchases(
        model, frequency=np.array([59, 15]), recency_days=np.array([59, 15]),
        age_days=np.array([59, 15]), horizon_days=45,
    )  # fmt: skip
    assert found == pytest.approx([45.0, 45.0], rel=1e-3)


def test_the_fits_are_the_published_ones(cdnow: Cdnow, which: str) -> None:
    parameters, log_likelihood, worth, repeaters = PUBLISHED[which]
    told = buying.fit(cells_of(cdnow.buyers))
    assert (told.r, told.alpha, told.a, told.b) == pytest.approx(parameters, rel=1e-3)
    assert told.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    spent = spending.fit(cdnow.buyers.frequency, cdnow.mean)
    assert (spent.p, spent.q, spent.gamma) == pytest.approx(worth, rel=1e-3)
    assert spent.buyers == repeaters


HOLDOUT = {
    "sample": (1_653, 1_882, 0.626, 0.786, 1.608, 30.41, 0.502),
    "master": (16_874, 19_684, 0.669, 0.819, 1.733, 32.68, 0.516),
}


def test_the_holdout_comes_out_as_published_also_where_it_is_short(
    cdnow: Cdnow, which: str
) -> None:
    predicted, actual, together, error, squared, worth_error, top = HOLDOUT[which]
    buyers = cdnow.buyers
    model = buying.fit(cells_of(buyers))
    told = buying.expected_purchases(
        model,
        frequency=buyers.frequency,
        recency_days=buyers.recency_days,
        age_days=buyers.age_days,
        horizon_days=HORIZON,
    )
    assert told.sum() == pytest.approx(predicted, abs=1)
    assert cdnow.days.sum() == actual
    assert np.corrcoef(told, cdnow.days)[0, 1] == pytest.approx(together, abs=6e-4)
    assert np.abs(told - cdnow.days).mean() == pytest.approx(error, abs=6e-4)
    assert math.sqrt(((told - cdnow.days) ** 2).mean()) == pytest.approx(squared, abs=6e-4)
    spent = spending.fit(buyers.frequency, cdnow.mean)
    value = told * spending.expected_mean(spent, frequency=buyers.frequency, mean=cdnow.mean)
    dollars = cdnow.worth / 100
    assert np.abs(value - dollars).mean() == pytest.approx(worth_error, abs=0.02)
    first = np.argsort(-value)[: len(value) // 10]
    assert dollars[first].sum() / dollars.sum() == pytest.approx(top, abs=0.002)


def test_being_alive_is_no_score_for_one_time_buyers(cdnow: Cdnow, which: str) -> None:
    buyers = cdnow.buyers
    alive = buying.probability_alive(
        buying.fit(cells_of(buyers)),
        frequency=buyers.frequency,
        recency_days=buyers.recency_days,
        age_days=buyers.age_days,
    )
    once = buyers.frequency == 0
    assert np.isnan(alive[once]).all()
    assert ((alive[~once] > 0) & (alive[~once] < 1)).all()
    if which == "master":
        again = cdnow.days[~once] > 0
        ranks = alive[~once].argsort().argsort() + 1
        high = ranks[again].sum() - again.sum() * (again.sum() + 1) / 2
        assert high / (again.sum() * (~again).sum()) == pytest.approx(0.700, abs=0.002)


def naive_likelihood(cells: Cells, r: float, alpha: float, a: float, b: float) -> float:
    """The four terms as the paper prints them, buyer by buyer."""
    total = 0.0
    rows = zip(cells.frequency, cells.recency_days, cells.age_days, cells.count, strict=True)
    for x, last, age, count in rows:
        one = math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
        two = math.lgamma(a + b) + math.lgamma(b + x) - math.lgamma(b) - math.lgamma(a + b + x)
        three = (alpha + age / 7) ** -(r + x)
        four = a / (b + x - 1) * (alpha + last / 7) ** -(r + x) if x else 0.0
        total += count * (one + two + math.log(three + four))
    return total


SOME = Cells(
    frequency=np.array([0, 0, 1, 2, 5, 30]),
    recency_days=np.array([0, 0, 20, 100, 250, 270]),
    age_days=np.array([0, 273, 90, 273, 260, 273]),
    count=np.array([3.0, 100.0, 7.0, 5.0, 2.0, 1.0]),
)
POSITIVE = st.floats(0.05, 20)


@given(r=POSITIVE, alpha=POSITIVE, a=POSITIVE, b=POSITIVE)
@settings(max_examples=60, deadline=None)
def test_the_likelihood_and_its_gradient(r: float, alpha: float, a: float, b: float) -> None:
    told = buying.log_likelihood(SOME, r=r, alpha=alpha, a=a, b=b)
    assert told == pytest.approx(naive_likelihood(SOME, r, alpha, a, b), rel=1e-9, abs=1e-9)
    likelihood = buying._Likelihood(SOME)
    at = np.log([r, alpha, a, b])
    off = optimize.check_grad(
        lambda logs: likelihood.at(logs)[0], lambda logs: likelihood.at(logs)[1], at
    )
    assert off <= 2e-3 * (1 + np.abs(likelihood.at(at)[1]).max())


def test_the_same_buyers_counted_or_one_by_one_are_equally_likely() -> None:
    one_by_one = Cells(
        frequency=np.repeat(SOME.frequency, SOME.count.astype(int)),
        recency_days=np.repeat(SOME.recency_days, SOME.count.astype(int)),
        age_days=np.repeat(SOME.age_days, SOME.count.astype(int)),
        count=np.ones(int(SOME.count.sum())),
    )
    told = [
        buying.log_likelihood(cells, r=0.3, alpha=5.0, a=0.8, b=2.0) for cells in (SOME, one_by_one)
    ]
    assert told[0] == pytest.approx(told[1])


def simulated(seed: int, people: int) -> Buyers:
    """Buyers of a BG/NBD world with r 0.6, alpha 5, a 0.9, b 3, watched for 50 to 78 weeks."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, 1 / 5.0, people)
    leaves, watched = rng.beta(0.9, 3.0, people), rng.uniform(50, 78, people)
    frequency, last = np.zeros(people, dtype=np.int64), np.zeros(people)
    active, at = np.arange(people), np.zeros(people)
    while len(active):
        at = at + rng.exponential(1 / rate[active])
        inside = at < watched[active]
        active, at = active[inside], at[inside]
        frequency[active] += 1
        last[active] = at
        stays = rng.random(len(active)) >= leaves[active]
        active, at = active[stays], at[stays]
    return Buyers(
        frequency=frequency,
        recency_days=np.rint(last * 7).astype(np.int64),
        age_days=np.rint(watched * 7).astype(np.int64),
        repeat_minor=np.zeros(people, dtype=np.int64),
    )


def test_many_buyers_are_fitted_by_a_sample_and_then_by_all() -> None:
    """200,000 buyers take the road through a sample; the top must be the same top."""
    cells = cells_of(simulated(1, 200_000))
    told = buying.fit(cells)
    assert (told.r, told.alpha, told.a, told.b) == pytest.approx((0.6, 5.0, 0.9, 3.0), rel=0.06)
    near = np.log([told.r, told.alpha, told.a, told.b])
    slope = buying._Likelihood(cells).at(near)[1]
    assert np.abs(slope).max() < 0.05
    for side in np.eye(4) * 0.002:
        for there in (near + side, near - side):
            r, alpha, a, b = np.exp(there)
            assert buying.log_likelihood(cells, r=r, alpha=alpha, a=a, b=b) < told.log_likelihood


@given(
    frequency=st.integers(0, 60),
    last=st.integers(1, 500),
    later=st.integers(0, 300),
    horizon=st.integers(1, 700),
)
@settings(max_examples=80, deadline=None)
def test_expectations_grow_with_the_horizon_and_never_faster_than_the_rate(
    frequency: int, last: int, later: int, horizon: int
) -> None:
    told = [
        float(
            buying.expected_purchases(
                MODEL,
                frequency=np.array([frequency]),
                recency_days=np.array([last if frequency else 0]),
                age_days=np.array([last + later]),
                horizon_days=days,
            )[0]
        )
        for days in (horizon, horizon + 7)
    ]
    rate = (MODEL.r + frequency) / (MODEL.alpha + (last + later) / 7)
    assert 0 <= told[0] <= told[1] + 1e-12
    assert told[1] <= rate * (horizon + 7) / 7 * (1 + 1e-9)


def test_an_expectation_by_its_integral() -> None:
    """E[X(t)] of a newcomer, from the mixture itself: rate and leaving integrated out."""
    told = buying.expected_purchases(
        MODEL,
        frequency=np.array([0]),
        recency_days=np.array([0]),
        age_days=np.array([0]),
        horizon_days=273,
    )

    def given_rate(rate: float) -> float:
        def given_leaving(p: float) -> float:
            density = p ** (MODEL.a - 1) * (1 - p) ** (MODEL.b - 1)
            return (1 - math.exp(-rate * p * 39)) / p * density

        beta = math.gamma(MODEL.a) * math.gamma(MODEL.b) / math.gamma(MODEL.a + MODEL.b)
        inner = integrate.quad(given_leaving, 0, 1)[0] / beta
        density = MODEL.alpha**MODEL.r * rate ** (MODEL.r - 1) * math.exp(-MODEL.alpha * rate)
        return inner * density / math.gamma(MODEL.r)

    assert told[0] == pytest.approx(integrate.quad(given_rate, 0, 8)[0], rel=1e-4)


def test_at_a_equal_to_one_the_expectation_is_smooth() -> None:
    asked = {
        "frequency": np.array([0, 3]),
        "recency_days": np.array([0, 100]),
        "age_days": np.array([200, 200]),
        "horizon_days": 90,
    }
    below, at, above = (
        buying.expected_purchases(
            BuyingModel(r=0.5, alpha=6.0, a=a, b=2.0, log_likelihood=0.0, buyers=1), **asked
        )
        for a in (0.999, 1.0, 1.001)
    )
    assert at == pytest.approx((below + above) / 2, rel=1e-5)


def test_hundreds_of_purchases_overflow_nothing() -> None:
    told = buying.expected_purchases(
        MODEL,
        frequency=np.array([400, 1_000, 400]),
        recency_days=np.array([2_000, 3_000, 100]),
        age_days=np.array([2_001, 3_000, 3_000]),
        horizon_days=365,
    )
    assert np.isfinite(told).all()
    assert told[0] == pytest.approx(400 / (2_001 / 7) * 365 / 7, rel=0.2)
    assert told[2] == pytest.approx(0.0, abs=1e-9)


def test_too_few_who_came_back_is_told_not_guessed() -> None:
    few = Cells(
        frequency=np.array([0, 1]),
        recency_days=np.array([0, 7]),
        age_days=np.array([70, 70]),
        count=np.array([500.0, 29.0]),
    )
    with pytest.raises(TooFewBuyers, match="29"):
        buying.fit(few)
    with pytest.raises(TooFewBuyers):
        spending.fit(np.array([1, 2]), np.array([10.0, 0.0]))


def test_the_worth_of_a_purchase_is_shrunk_towards_everybodys() -> None:
    model = SpendingModel(p=6.25, q=3.74, gamma=15.45, log_likelihood=0.0, buyers=946)
    frequency, mean = np.array([0, 1, 1, 20, 20]), np.array([0.0, 10.0, 100.0, 10.0, 100.0])
    told = spending.expected_mean(model, frequency=frequency, mean=mean)
    everybody = model.population_mean
    assert told[0] == pytest.approx(everybody)
    assert mean[1] < told[1] < everybody < told[2] < mean[2]
    assert abs(told[3] - 10) < abs(told[1] - 10)
    assert abs(told[4] - 100) < abs(told[2] - 100)


def test_the_unit_of_money_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    frequency = rng.integers(1, 9, 3_000)
    mean = rng.gamma(6 * frequency, 1 / (rng.gamma(4, 1 / 15.0, 3_000) * frequency))
    dollars, cents = spending.fit(frequency, mean), spending.fit(frequency, mean * 100)
    assert (cents.p, cents.q) == pytest.approx((dollars.p, dollars.q), rel=1e-5)
    assert cents.gamma == pytest.approx(100 * dollars.gamma, rel=1e-5)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 30), st.integers(0, 5_000)), min_size=1
    )
)
def test_the_summary_is_what_a_loop_would_count(rows: list[tuple[int, int, int]]) -> None:
    known = sorted({who for who, _day, _minor in rows})
    told = summarise(
        np.array([known.index(who) for who, _day, _minor in rows]),
        np.array([730_000 + day for _who, day, _minor in rows]),
        np.array([minor for _who, _day, minor in rows]),
        members=len(known),
        as_of_day=730_040,
    )
    for place, who in enumerate(known):
        days = sorted({day for one, day, _minor in rows if one == who})
        later = sum(minor for one, day, minor in rows if one == who and day > days[0])
        assert told.frequency[place] == len(days) - 1
        assert told.recency_days[place] == days[-1] - days[0]
        assert told.age_days[place] == 40 - days[0]
        assert told.repeat_minor[place] == later
    cells = cells_of(told)
    assert cells.buyers == len(known)
    assert (cells.frequency @ cells.count) == told.frequency.sum()
    assert (cells.age_days @ cells.count) == told.age_days.sum()


@pytest.mark.parametrize("r", [0.24, 2.0, 50.0, 300.0, 999.0])
@pytest.mark.parametrize(
    ("a", "b"), [(0.8, 2.4), (1e-4, 9_256.0), (0.01, 0.5), (3.0, 40.0), (60.0, 900.0)]
)
def test_both_ways_to_the_expectation_agree(
    r: float, a: float, b: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The series, and the integral that stands in where the series leaves the floats."""
    model = BuyingModel(r=r, alpha=r, a=a, b=b, log_likelihood=0.0, buyers=1)
    asked = {
        "frequency": np.array([7, 0, 3, 40, 200]),
        "recency_days": np.array([10, 0, 20, 300, 300]),
        "age_days": np.array([40, 30, 30, 360, 330]),
        "horizon_days": 182,
    }
    series = buying.expected_purchases(model, **asked)
    monkeypatch.setattr(buying, "_MOST", -1.0)
    integral = buying.expected_purchases(model, **asked)
    assert integral == pytest.approx(series, rel=1e-5)


def test_chances_of_leaving_that_are_all_alike_are_that_chance() -> None:
    """One chance p of leaving after each purchase: (1 - E[exp(-rate p horizon)]) / p."""
    model = BuyingModel(r=2.0, alpha=1.0, a=2_000.0, b=198_000.0, log_likelihood=0.0, buyers=1)
    (found,) = buying.expected_purchases(
        model,
        frequency=np.array([10]),
        recency_days=np.array([70]),
        age_days=np.array([70]),
        horizon_days=70,
    )
    p, since = 2_000 / 200_010, 11.0
    assert found == pytest.approx((1 - (since / (since + 10 * p)) ** 12) / p, rel=0.02)


def test_buyers_who_are_all_alike_are_expected_at_the_common_rate() -> None:
    """As steady a shop as can be: the parameters run off to the bounds, the answer does not."""
    model = BuyingModel(
        r=162_754.79, alpha=107_297.66, a=1.2e-4, b=9_256.4, log_likelihood=0.0, buyers=1
    )
    found = buying.expected_purchases(
        model,
        frequency=np.array([7, 0]),
        recency_days=np.array([35, 0]),
        age_days=np.array([40, 30]),
        horizon_days=182,
    )
    assert found == pytest.approx([26 * 162_754.79 / 107_297.66] * 2, rel=1e-3)


@pytest.mark.parametrize("q", [0.4, 1.0, 1.02])
def test_a_mean_that_the_model_does_not_have_is_that_of_the_repeat_buyers(q: float) -> None:
    model = SpendingModel(p=0.5, q=q, gamma=100.0, log_likelihood=0.0, buyers=2)
    found = spending.expected_mean(
        model, frequency=np.array([0, 1, 3]), mean=np.array([0.0, 200.0, 400.0])
    )
    assert found[0] == 300.0
    assert (found > 0).all()
