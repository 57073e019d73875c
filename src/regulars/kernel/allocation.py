"""Splitting an integer amount over weights without losing or making a unit."""

from __future__ import annotations

from collections.abc import Sequence


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` over ``weights`` so that the shares sum to it exactly.

    Largest remainder: spare units go to the largest remainders, earlier lines first, so the
    same cart splits the same way for ever and a return years later gives back what was really
    paid. No share is a whole unit away from its exact proportion.

    When every weight is zero there is nothing to split over: every share is zero and the
    caller keeps ``total``. Raises ValueError for a negative total or weight.
    """
    if total < 0:
        raise ValueError(f"cannot allocate {total}: allocate its absolute value and negate")
    if weights and min(weights) < 0:
        raise ValueError("a weight is negative: weights are sizes, give 0 to leave one out")
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    return allocated(total, weights, whole)


def allocated(total: int, weights: Sequence[int], whole: int) -> list[int]:
    """The same for whoever knows that nothing is negative and that ``whole``, the sum of the
    weights, is above 0."""
    exact = [total * weight for weight in weights]
    shares = [part // whole for part in exact]
    spare = total - sum(shares)
    if spare:
        remainders = [part % whole for part in exact]
        if spare == 1:
            shares[remainders.index(max(remainders))] += 1
            return shares
        # Stable in reverse too, so equal remainders stay in the order written.
        neediest = sorted(range(len(shares)), key=remainders.__getitem__, reverse=True)
        for i in neediest[:spare]:
            shares[i] += 1
    return shares
