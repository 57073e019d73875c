"""BG/NBD: how many purchases to expect of a buyer, fitted by maximum likelihood.

The formulas are those of Fader, Hardie and Lee (2005), "Counting your customers the easy way".
Everything that depends on one of frequency, recency or age alone is worked out once per distinct
value, so a step of the fit costs one exponential per cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .types import DAYS_A_WEEK, BuyingModel, Cells, Floats, Integers, TooFewBuyers

MOST_LOG: Final = 12.0
"""Parameters are kept within exp(-12) and exp(12): beyond, the likelihood is flat."""
FEWEST_REPEATERS: Final = 30
_SAMPLE: Final = 40_000
_SEED: Final = 20050101
_START: Final = (-1.0, 1.5, -0.3, 0.9)
_CLOSE: Final = 1e-9
_MOST_STEPS: Final = 60
_NUDGE: Final = 1e-6
_SLACK: Final = 1e-6
#: From here on buyers hardly differ, and what the series adds up cancels out.
_MOST: Final = 1_000.0
_NODES: Final = 128
_TINY: Final = 1e-12


def fit(cells: Cells) -> BuyingModel:
    """The parameters that make ``cells`` most likely, alpha in weeks.

    Raises TooFewBuyers where fewer than 30 buyers came back. With very many cells a fixed random
    sample brings the parameters near, and its curvature then leads the steps on all of them.
    """
    repeaters = float(cells.count[cells.frequency > 0].sum())
    if repeaters < FEWEST_REPEATERS:
        raise TooFewBuyers("came back", there=round(repeaters), needed=FEWEST_REPEATERS)
    whole = _Likelihood(cells)
    part = whole if cells.buyers <= 2 * _SAMPLE else _Likelihood(_thinned(cells))
    near = _rough(part)
    best, value = _polished(whole, part, near)
    r, alpha, a, b = (float(v) for v in np.exp(best))
    return BuyingModel(
        r=r, alpha=alpha, a=a, b=b, log_likelihood=-value, buyers=round(cells.buyers)
    )


def log_likelihood(cells: Cells, *, r: float, alpha: float, a: float, b: float) -> float:
    """Of ``cells`` under given parameters, ages in weeks."""
    return -_Likelihood(cells).at(np.log([r, alpha, a, b]))[0]


def expected_purchases(
    model: BuyingModel,
    *,
    frequency: Integers,
    recency_days: Integers,
    age_days: Integers,
    horizon_days: int,
) -> Floats:
    """Purchases to expect of each buyer within ``horizon_days`` after the end of the history."""
    from scipy.special import hyp2f1

    r, alpha, b = model.r, model.alpha, model.b
    # At a = 1 the formula is 0 / 0 and the expectation smooth: step aside.
    a = model.a if abs(model.a - 1) > _NUDGE else 1 + _NUDGE
    since = alpha + age_days / DAYS_A_WEEK
    z = horizon_days / DAYS_A_WEEK / (since + horizon_days / DAYS_A_WEEK)
    # Euler's transformation takes the frequency out of the upper parameters: no overflow.
    with np.errstate(all="ignore"):
        stays = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + frequency - 1, z)
        purchases: Floats = (a + b + frequency - 1) / (a - 1) * (1 - stays)
    # Nobody buys more than if nobody ever left: what says so is the series out of its reach.
    most = (r + frequency) * (horizon_days / DAYS_A_WEEK) / since
    lost = ~((purchases >= 0) & (purchases <= most * (1 + _SLACK))) | (max(r, a) > _MOST)
    if lost.any():
        purchases[lost] = _by_nodes(model, frequency[lost], since[lost], horizon_days)
    gone = _odds_gone(model, frequency=frequency, recency_days=recency_days, age_days=age_days)
    return np.maximum(purchases / (1 + gone), 0.0)


def _by_nodes(model: BuyingModel, frequency: Integers, since: Floats, horizon_days: int) -> Floats:
    """The same of those who are still buyers, for models with so little spread that the series is
    out of the floats' reach: the mean of (1 - E[exp(-rate p horizon)]) / p over the chance p of
    leaving, which is Beta(a, b + x), at nodes of its distribution function."""
    from scipy.special import betaincinv

    at, weight = np.polynomial.legendre.leggauss(_NODES)
    counts, place = np.unique(frequency, return_inverse=True)
    leaves = betaincinv(model.a, model.b + counts[:, None], (at + 1) / 2)[place]
    span = (horizon_days / DAYS_A_WEEK / since)[:, None]
    shape = (model.r + frequency)[:, None]
    never = leaves < _TINY
    leaves = np.where(never, 1.0, leaves)
    each = np.where(never, shape * span, -np.expm1(-shape * np.log1p(leaves * span)) / leaves)
    return np.asarray(each @ (weight / 2), dtype=np.float64)


def probability_alive(
    model: BuyingModel, *, frequency: Integers, recency_days: Integers, age_days: Integers
) -> Floats:
    """The chance that each buyer is still one; NaN for one-time buyers.

    The model cannot see a buyer leave before the second purchase, so it would call every one-time
    buyer alive for certain. That is no score, and none is given.
    """
    gone = _odds_gone(model, frequency=frequency, recency_days=recency_days, age_days=age_days)
    return np.where(frequency > 0, 1 / (1 + gone), np.nan)


def _odds_gone(
    model: BuyingModel, *, frequency: Integers, recency_days: Integers, age_days: Integers
) -> Floats:
    ratio = (model.alpha + age_days / DAYS_A_WEEK) / (model.alpha + recency_days / DAYS_A_WEEK)
    again = np.maximum(frequency, 1)
    with np.errstate(over="ignore"):
        odds: Floats = model.a / (model.b + again - 1) * ratio ** (model.r + again)
    return np.where(frequency > 0, odds, 0.0)


@dataclass(frozen=True, slots=True)
class _Values:
    """The distinct values of a column, where each row has its own, and how many buyers each."""

    values: Floats
    place: Integers
    count: Floats

    @classmethod
    def of(cls, column: Integers, count: Floats, scale: float = 1.0) -> _Values:
        seen = np.zeros(int(column.max(initial=0)) + 1, dtype=bool)
        seen[column] = True
        values = np.flatnonzero(seen).astype(np.float64)
        place = (np.cumsum(seen) - 1)[column]
        return cls(values / scale, place, _summed(place, count, len(values)))


@dataclass(slots=True)
class _Likelihood:
    """Minus the log likelihood of cells and its gradient, by the logs of the parameters."""

    cells: Cells
    _x: _Values = field(init=False)
    _age: _Values = field(init=False)
    _last: _Values = field(init=False)
    _purchases_by_age: Floats = field(init=False)

    def __post_init__(self) -> None:
        cells = self.cells
        self._x = _Values.of(cells.frequency, cells.count)
        self._age = _Values.of(cells.age_days, cells.count, DAYS_A_WEEK)
        self._purchases_by_age = _summed(
            self._age.place, cells.count * cells.frequency, len(self._age.values)
        )
        came_back = cells.frequency > 0
        self.cells = Cells(
            frequency=cells.frequency[came_back],
            recency_days=cells.recency_days[came_back],
            age_days=cells.age_days[came_back],
            count=cells.count[came_back],
        )
        self._last = _Values.of(self.cells.recency_days, self.cells.count, DAYS_A_WEEK)
        # From here on places are those of the cells that came back.
        self._x = _Values(self._x.values, self._x.place[came_back], self._x.count)
        self._age = _Values(self._age.values, self._age.place[came_back], self._age.count)

    def at(self, logs: Floats) -> tuple[float, Floats]:
        from scipy.special import gammaln, psi

        r, alpha, a, b = np.exp(logs)
        x, n_x, buyers = self._x.values, self._x.count, self._x.count.sum()
        age, last = np.log(alpha + self._age.values), np.log(alpha + self._last.values)
        # The part that does not ask whether the buyer has left.
        value = n_x @ (
            gammaln(r + x) - gammaln(r) + gammaln(a + b) + gammaln(b + x) - gammaln(b)
            - gammaln(a + b + x)
        )  # fmt: skip
        value += buyers * r * logs[1] - (r * self._age.count + self._purchases_by_age) @ age
        d_r = n_x @ (psi(r + x) - psi(r)) + buyers * logs[1] - self._age.count @ age
        d_alpha = buyers * r / alpha
        d_alpha -= (r * self._age.count + self._purchases_by_age) @ (1 / (alpha + self._age.values))
        leaving = n_x @ (psi(a + b) - psi(a + b + x))
        d_a, d_b = leaving, leaving + n_x @ (psi(b + x) - psi(b))
        # Left right after the last purchase, against still there: the log of the odds.
        count, again = self.cells.count, r + self.cells.frequency
        longer = age[self._age.place] - last[self._last.place]
        with np.errstate(divide="ignore"):
            chance = np.where(x > 0, logs[2] - np.log(np.maximum(b + x - 1, 0)), 0.0)
            pull = np.where(x > 0, 1 / (b + x - 1), 0.0)
        odds = again * longer
        odds += chance[self._x.place]
        small = np.exp(-np.abs(odds))
        value += count @ (np.maximum(odds, 0) + np.log1p(small))
        weight = count * np.where(odds >= 0, 1.0, small) / (1 + small)
        d_r += weight @ longer
        by_last = _summed(self._last.place, weight * again, len(self._last.values))
        by_age = _summed(self._age.place, weight * again, len(self._age.values))
        d_alpha += by_age @ (1 / (alpha + self._age.values))
        d_alpha -= by_last @ (1 / (alpha + self._last.values))
        d_a += weight.sum() / a
        by_x = _summed(self._x.place, weight, len(x))
        d_b -= by_x @ pull
        slope = np.array([d_r * r, d_alpha * alpha, d_a * a, d_b * b])
        return float(-value), -slope


def _summed(place: Integers, weights: Floats, places: int) -> Floats:
    return np.bincount(place, weights=weights, minlength=places).astype(np.float64)


def _thinned(cells: Cells) -> Cells:
    """About ``_SAMPLE`` buyers, the same ones for the same cells."""
    share = _SAMPLE / cells.buyers
    drawn = np.random.default_rng(_SEED).binomial(cells.count.astype(np.int64), share)
    kept = drawn > 0
    return Cells(
        frequency=cells.frequency[kept],
        recency_days=cells.recency_days[kept],
        age_days=cells.age_days[kept],
        count=drawn[kept].astype(np.float64),
    )


def _rough(part: _Likelihood) -> Floats:
    from scipy.optimize import minimize

    found = minimize(
        part.at,
        np.array(_START),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-MOST_LOG, MOST_LOG)] * 4,
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-6},
    )
    return np.asarray(found.x, dtype=np.float64)


def _polished(whole: _Likelihood, part: _Likelihood, near: Floats) -> tuple[Floats, float]:
    """Newton's steps on ``whole``, led by the curvature of ``part``; never uphill."""
    scale = float(whole._x.count.sum() / part._x.count.sum())
    bend = _curvature(part, near) * scale
    best, (value, slope) = near, whole.at(near)
    for _step in range(_MOST_STEPS):
        step = -np.linalg.solve(bend, slope)
        if -slope @ step < _CLOSE:
            break
        for shorter in (1.0, 0.5, 0.1, 0.01):
            tried = np.clip(best + shorter * step, -MOST_LOG, MOST_LOG)
            tried_value, tried_slope = whole.at(tried)
            if tried_value < value:
                best, value, slope = tried, tried_value, tried_slope
                break
        else:
            break
    return best, value


def _curvature(part: _Likelihood, at: Floats, width: float = 1e-4) -> Floats:
    """The Hessian by central differences of the gradient, made safely positive."""
    rows = [
        (part.at(at + width * side)[1] - part.at(at - width * side)[1]) / (2 * width)
        for side in np.eye(4)
    ]
    bend = np.array(rows)
    values, vectors = np.linalg.eigh((bend + bend.T) / 2)
    least = max(1e-8 * float(values.max()), 1e-8)
    safe: Floats = (vectors * np.maximum(np.abs(values), least)) @ vectors.T
    return safe
