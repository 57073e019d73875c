"""What the rest of a search can reach at most, proved. docs/algorithms/pricing.md, "The bound".

Offers on goods stand in order of application; the trailing ones that look at the whole cart's sum
alone are the *chain*. Before the chain every line has a weight, the least share of it that the
percentages still to come can leave, and maybe a ceiling, what a unit price leaves at most; every
other offer takes at most what it takes off now (none takes more when less is left). That gives
the least sum that can reach the chain; through the chain an interval of sums is followed, and at
the end shipping, which is free or not by the same sum. Integers scaled by 2 ** 32; weights are
rounded down, so that rounding never makes the bound too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Final

from regulars.modules.promotions.types import (
    PercentOff,
    SpendPercent,
    SpendSave,
)

from .basket import Basket
from .kinds import BPS, FloorPlay, Play

SHIFT: Final = 32
ONE: Final = 1 << SHIFT


def chain_start(goods: Sequence[Play]) -> int:
    """Where the trailing offers begin that depend on the whole cart's sum alone."""
    start = len(goods)
    while start and goods[start - 1].whole and goods[start - 1].sums:
        start -= 1
    return start


class Relaxation:
    """The least that offers before the chain can leave, from one place in the order on.

    ``places`` are those of the goods whose discount on the lefts at hand it asks for.
    """

    __slots__ = ("ceilings", "flat", "places", "pooled", "rivals", "slack", "weights")

    def __init__(self, places: Sequence[int], goods: Sequence[Play], basket: Basket) -> None:
        """``places`` says which of ``goods`` may still come."""
        count = len(basket.skus)
        weights, loose = [ONE] * count, [ONE] * count
        ceilings: list[int | None] = [None] * count
        strongest: dict[tuple[int, int], int] = {}
        self.slack = 0
        singles: list[tuple[int, int]] = []
        rivals: dict[int, list[tuple[int, int]]] = {}
        groups = [goods[at].group for at in places]
        for at in reversed(places):
            play = goods[at]
            params = play.entry.offer.params
            shared = play.group if play.group and groups.count(play.group) > 1 else 0
            if isinstance(params, PercentOff) and play.budget is None:
                self.slack += _rounding(play, weights, loose, ceilings)
                keep = BPS - params.bps
                for i in play.lines:
                    if not shared:
                        weights[i] = weights[i] * keep // BPS
                        loose[i] = -(-loose[i] * keep // BPS)
                    else:
                        before = strongest.get((shared, i), 0)
                        if params.bps > before:
                            strongest[shared, i] = params.bps
                            weights[i] = weights[i] * keep // (BPS - before)
            elif isinstance(play, FloorPlay) and play.budget is None:
                for i, floor in play.floors:
                    ceiling, known = weights[i] * floor, ceilings[i]
                    ceilings[i] = ceiling if known is None else min(known, ceiling)
            else:
                weight = max([loose[i] for i in play.lines])
                if shared:
                    rivals.setdefault(shared, []).append((at, weight))
                else:
                    singles.append((at, weight))
        self.weights = weights
        self.flat = weights.count(ONE) == count
        self.ceilings = None if ceilings.count(None) == count else ceilings
        self.pooled = singles
        self.rivals = list(rivals.values())
        self.places = [at for at, _ in singles]
        self.places += [at for group in self.rivals for at, _ in group]

    def least(self, left: Sequence[int], total: int, sizes: Sequence[int]) -> int:
        """The least sum that can remain of ``left``; ``sizes`` holds at a place of the goods what
        the offer there takes off ``left`` at most."""
        if self.ceilings is not None:
            low = 0
            for weight, ceiling, rest in zip(self.weights, self.ceilings, left, strict=True):
                kept = weight * rest
                low += kept if ceiling is None or kept < ceiling else ceiling
        elif self.flat:
            low = total << SHIFT
        else:
            low = sum(map(mul, self.weights, left))
        for at, weight in self.pooled:
            low -= weight * sizes[at]
        for group in self.rivals:
            low -= max([weight * sizes[at] for at, weight in group])
        low -= self.slack
        return -(-low >> SHIFT) if low > 0 else 0


def _rounding(play: Play, weights: list[int], loose: list[int], ceilings: list[int | None]) -> int:
    """What rounding can shift between lines, weighed by what comes later.

    Largest remainder rounds s of n shares up by at most s(1 - s/n) <= n/4 in all, and the others
    down by the same; so a shift costs at most n/4 times the spread of the weights behind it.
    """
    scope = play.lines
    high = max([loose[i] for i in scope])
    low = min([weights[i] for i in scope])
    if any(ceilings[i] is not None for i in scope):
        low = 0
    return (high - low) * len(scope) // 4 + (1 if high > low else 0)


class Link:
    """One offer of the chain: where its discount jumps, and what it leaves of a sum."""

    __slots__ = ("budget", "every", "group", "jumps", "of_sum")

    def __init__(self, play: Play) -> None:
        params = play.entry.offer.params
        self.of_sum = play.entry.of_sum
        self.budget = play.budget
        self.group = play.group
        self.every = 0
        #: Sums at which the discount jumps, rising, and what is left of them.
        self.jumps: list[tuple[int, int]] = []
        if isinstance(params, SpendSave) and params.every:
            self.every = params.steps[0].spend
        elif isinstance(params, SpendSave | SpendPercent):
            self.jumps = [(step.spend, self.leaves(step.spend)) for step in params.steps]

    def leaves(self, total: int) -> int:
        amount = self.of_sum(total)
        budget = self.budget
        return total - (amount if budget is None or amount < budget else budget)

    def least(self, low: int, high: int) -> int:
        """The least it leaves of any sum from ``low`` to ``high``: between two jumps what is left
        does not fall when the sum rises, so the low end and the jumps decide."""
        least = self.leaves(low)
        for jump, after in self.jumps:
            if jump > high:
                break
            if after < least and jump > low:
                least = after
        if self.every:
            jump = (low // self.every + 1) * self.every
            if jump <= high:
                least = min(least, self.leaves(jump))
        return least


class Ending:
    """What may still come of the chain and of free shipping, from one place on."""

    __slots__ = ("_free", "_links")

    def __init__(self, plays: Sequence[Play]) -> None:
        #: Each holds one offer, or neighbours of one group, of which at most one counts.
        self._links: list[list[Link]] = []
        for play in plays:
            if not play.on_goods:
                continue
            link = Link(play)
            if self._links and play.group and self._links[-1][0].group == play.group:
                self._links[-1].append(link)
            else:
                self._links.append([link])
        self._free = [(p.spend or 0, p.budget) for p in plays if p.is_shipping]

    def least(self, low: int, high: int, room: int, shipping: int) -> int:
        """The least of goods and shipping together in the end, when goods of ``low`` up to
        ``high`` go in and the cap lets at most ``room`` off ``high``."""
        for rivals in self._links:
            if len(rivals) == 1:
                low = rivals[0].least(low, high)
            else:
                low = min([link.least(low, high) for link in rivals])
        low = max(low, high - room)
        if not self._free:
            return low + shipping
        least = low + self._unpaid(low, shipping)
        for spend, _ in self._free:
            if low < spend <= high:
                least = min(least, spend + self._unpaid(spend, shipping))
        return least

    def _unpaid(self, total: int, shipping: int) -> int:
        for spend, budget in self._free:
            if total >= spend:
                shipping -= shipping if budget is None or budget > shipping else budget
        return shipping
