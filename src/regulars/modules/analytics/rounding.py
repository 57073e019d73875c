"""The few roundings of the reports, in whole numbers so that no report depends on a float."""

from __future__ import annotations

_TEN_THOUSAND = 10_000


def half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` to the nearest whole number, halves up; ``denominator`` > 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def share_bps(part: int, whole: int) -> int:
    """``part`` of ``whole`` in basis points, half up; 0 of nothing is 0."""
    return half_up(part * _TEN_THOUSAND, whole) if whole else 0


def mean_4(total: int, count: int) -> float:
    """The mean to 4 decimals, half up; 0.0 of nothing.

    The digits are settled in whole numbers; the float only carries them, and prints them exactly
    while the mean is below 100 billion.
    """
    return half_up(total * _TEN_THOUSAND, count) / _TEN_THOUSAND if count else 0.0
