"""The few distributions that intervals need, to ten digits, without a numerical library."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_LIKE_NORMAL: Final = 1e7
_TINY: Final = 1e-300
_CLOSE: Final = 1e-15
_MOST_TERMS: Final = 500
_MOST_STEPS: Final = 20
_NEAR: Final = 1e-12
_FEW_DEGREES: Final = 5.0


def normal_quantile(share: float) -> float:
    """The value that a standard normal stays below with chance ``share``."""
    return _NORMAL.inv_cdf(share)


def two_sided(ratio: float, degrees: float) -> float:
    """The chance that a Student's t of ``degrees`` is at least as far from zero as ``ratio``."""
    if degrees > _LIKE_NORMAL:
        return math.erfc(abs(ratio) / math.sqrt(2))
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + ratio * ratio))


@lru_cache(maxsize=4096)
def t_quantile(share: float, degrees: float) -> float:
    """The value that a Student's t of ``degrees`` stays below with chance ``share`` > 1/2."""
    if degrees > _LIKE_NORMAL:
        return normal_quantile(share)
    beyond = 2 * (1 - share)
    if degrees >= _FEW_DEGREES:
        return _by_newton(share, degrees, beyond)
    low, high = 0.0, 2.0
    while two_sided(high, degrees) > beyond:
        low, high = high, 2 * high
    for _halving in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if two_sided(middle, degrees) > beyond else (low, middle)
    return (low + high) / 2


def _by_newton(share: float, degrees: float, beyond: float) -> float:
    """From the normal's quantile, stretched for the heavier tails, in a few steps."""
    z = normal_quantile(share)
    at = z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    front = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
    front -= math.log(degrees * math.pi) / 2
    for _step in range(_MOST_STEPS):
        density = math.exp(front - (degrees + 1) / 2 * math.log1p(at * at / degrees))
        step = (two_sided(at, degrees) - beyond) / (2 * density)
        at += step
        if abs(step) < _NEAR * at:
            break
    return at


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for term in range(1, _MOST_TERMS):
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        d = 1 / _away(1 + even * d)
        c = _away(1 + even / c)
        found *= d * c
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        d = 1 / _away(1 + odd * d)
        c = _away(1 + odd / c)
        found *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return found


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
