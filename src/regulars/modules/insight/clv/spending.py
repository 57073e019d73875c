"""Gamma-Gamma: what a purchase of a buyer is worth on average, shrunk towards everybody's.

The formulas are those of Fader and Hardie (2013), "The Gamma-Gamma model of monetary value". It
takes for granted that how much and how often somebody buys have little to do with each other;
`correlation` tells how far that holds.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .types import Floats, Integers, SpendingModel, TooFewBuyers

FEWEST_BUYERS: Final = 30
_LOG_BOUND: Final = 12.0
#: A mean that only this holds up would be worth nothing.
_LEAST_WEIGHT: Final = 0.05


def fit(frequency: Integers, mean: Floats) -> SpendingModel:
    """The model of buyers with ``frequency`` repeat purchases worth ``mean`` each on average.

    Buyers without repeat purchases, or whose were worth nothing, have no say. Raises TooFewBuyers
    where fewer than 30 are left.
    """
    from scipy.optimize import minimize

    counts = (frequency > 0) & (mean > 0)
    buyers = int(counts.sum())
    if buyers < FEWEST_BUYERS:
        raise TooFewBuyers("have a worth", there=buyers, needed=FEWEST_BUYERS)
    unit = float(mean[counts].mean())
    likelihood = _Likelihood(frequency[counts], mean[counts] / unit)
    found = minimize(
        likelihood.at,
        np.array([1.0, 1.0, 0.5]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_LOG_BOUND, _LOG_BOUND)] * 3,
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9},
    )
    p, q, gamma = (float(v) for v in np.exp(found.x))
    # The density is one per unit of money: back in the caller's unit.
    log_likelihood = -float(found.fun) * buyers - buyers * float(np.log(unit))
    return SpendingModel(p=p, q=q, gamma=gamma * unit, log_likelihood=log_likelihood, buyers=buyers)


def expected_mean(model: SpendingModel, *, frequency: Integers, mean: Floats) -> Floats:
    """What the next purchase of each buyer is worth; a buyer without repeats gets everybody's.

    Where the model has no mean (means over buyers too wide apart) it is that of the repeat buyers.
    """
    counts = frequency > 0
    seen = frequency * np.where(counts, mean, 0.0)
    weight = model.p * frequency + model.q - 1
    has_mean = weight > _LEAST_WEIGHT
    everybodys = float(mean[counts].mean()) if counts.any() else 0.0
    told = model.p * (model.gamma + seen) / np.where(has_mean, weight, 1.0)
    return np.where(has_mean, told, everybodys)


def correlation(frequency: Integers, mean: Floats) -> float:
    """Between how often and how much repeat buyers buy; the model wants it near 0."""
    counts = (frequency > 0) & (mean > 0)
    if int(counts.sum()) < 2 or np.ptp(frequency[counts]) == 0 or np.ptp(mean[counts]) == 0:
        return 0.0
    return float(np.corrcoef(frequency[counts], mean[counts])[0, 1])


class _Likelihood:
    """Minus the mean log likelihood and its gradient, by the logs of the parameters."""

    __slots__ = ("_count", "_fixed", "_log_total", "_place", "_total", "_x")

    def __init__(self, frequency: Integers, mean: Floats) -> None:
        self._x, self._place = np.unique(frequency, return_inverse=True)
        self._count = np.bincount(self._place).astype(np.float64)
        self._total = mean * frequency
        self._log_total = np.bincount(self._place, weights=np.log(self._total))
        self._fixed = -float(np.log(mean).sum())

    def at(self, logs: Floats) -> tuple[float, Floats]:
        from scipy.special import gammaln, psi

        p, q, gamma = np.exp(logs)
        x, n = self._x, self._count
        buyers = n.sum()
        tail = np.log(gamma + self._total)
        by_x = np.bincount(self._place, weights=tail)
        share = 1 / (gamma + self._total)
        share_by_x = np.bincount(self._place, weights=share)
        value = n @ (gammaln(p * x + q) - gammaln(p * x)) + buyers * (q * logs[2] - gammaln(q))
        value += p * (x @ self._log_total) - (p * x + q) @ by_x + self._fixed
        d_p = (n * x) @ (psi(p * x + q) - psi(p * x)) + x @ self._log_total - x @ by_x
        d_q = n @ psi(p * x + q) + buyers * (logs[2] - psi(q)) - by_x.sum()
        d_gamma = buyers * q / gamma - (p * x + q) @ share_by_x
        slope = np.array([d_p * p, d_q * q, d_gamma * gamma])
        return float(-value / buyers), -slope / buyers
