"""What the rest of a search can reach at most, proved. docs/algorithms/pricing.md, "The bound".

Offers on goods stand in order of application; the trailing ones that look at the whole cart's sum
alone are the *chain*. Before the chain every line has a weight, the least share of it that the
percentages still to come can leave, maybe a ceiling, what a unit price leaves at most, and a drop,
what amounts by the unit take off; every other offer takes at most what it takes off now (none
takes more when less is left). That gives
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
from .kinds import BPS, AmountOffPlay, FloorPlay, Play

SHIFT: Final = 32
ONE: Final = 1 << SHIFT
NO_CEILING: Final = 1 << 128


def chain_start(goods: Sequence[Play]) -> int:
    """Where the trailing offers begin that depend on the whole cart's sum alone."""
    start = len(goods)
    while start and goods[start - 1].whole and goods[start - 1].sums:
        start -= 1
    return start


def steady_bps(play: Play) -> int | None:
    """The share that an offer takes off its scope wherever it has an effect; None for others."""
    params = play.entry.offer.params
    if play.budget is not None:
        return None
    if isinstance(params, PercentOff):
        return params.bps
    if isinstance(params, SpendPercent) and len(params.steps) == 1:
        return params.steps[0].bps
    return None


class Relaxation:
    """The least that offers before the chain can leave, from one place in the order on.

    A line with ``left`` keeps at least max(0, min(weight x left, ceiling) - drop). ``places`` are
    those of the goods whose discount on the lefts at hand it asks for; ``groups`` are those of
    the offers that may come.
    """

    __slots__ = ("_bent", "_lines", "_pooled", "_rivals", "_slack", "groups", "places", "shared")

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._slack = 0
        self._pooled: list[tuple[int, int]] = []
        #: Of groups with two offers or more: what those take off that have no other part in it.
        self._rivals: dict[int, list[tuple[int, int]]] = {}
        self._bent: list[tuple[int, int, int, int]] = []
        self.groups = self.shared = 0
        self.places: list[int] = []

    @staticmethod
    def of(places: Sequence[int], goods: Sequence[Play], basket: Basket) -> Relaxation:
        """``places`` says which of ``goods`` may still come."""
        made = Relaxation(_Lines.fresh(len(basket.skus)))
        seen = 0
        for at in places:
            made.shared |= seen & goods[at].group
            seen |= goods[at].group
        for at in reversed(places):
            made._add(at, goods[at])
        return made._finished()

    def behind(self, at: int, play: Play) -> Relaxation:
        """The same with one more offer at the front; not for the second of a group, which changes
        what the first one means."""
        made = Relaxation(self._lines.copy())
        made._slack, made.groups, made.shared = self._slack, self.groups, self.shared
        made._pooled = list(self._pooled)
        made._rivals = {group: list(of_it) for group, of_it in self._rivals.items()}
        made._add(at, play)
        return made._finished()

    def _add(self, at: int, play: Play) -> None:
        lines = self._lines
        shared = play.group & self.shared
        self.groups |= play.group
        bps = steady_bps(play)
        if bps is not None:
            self._slack += lines.rounding(play.lines)
            lines.percent(play.lines, bps, shared)
        elif isinstance(play, FloorPlay) and play.budget is None:
            lines.ceil(play.floors)
        elif isinstance(play, AmountOffPlay) and play.budget is None and not shared:
            lines.drop(play.most)
        elif shared:
            self._rivals.setdefault(shared, []).append((at, lines.heaviest(play.lines)))
        else:
            self._pooled.append((at, lines.heaviest(play.lines)))

    def _finished(self) -> Relaxation:
        lines = self._lines
        #: The lines of which more than a weight is known.
        if lines.bent:
            self._bent = [
                (i, weight, NO_CEILING if ceiling is None else ceiling, drop)
                for i, (weight, ceiling, drop) in enumerate(
                    zip(lines.weights, lines.ceilings, lines.drops, strict=True)
                )
                if ceiling is not None or drop
            ]
        self.places = [at for at, _ in self._pooled]
        self.places += [at for group in self._rivals.values() for at, _ in group]
        return self

    def least(self, left: Sequence[int], sizes: Sequence[int]) -> int:
        """The least sum that can remain of ``left``; ``sizes`` holds at a place of the goods what
        the offer there takes off ``left`` at most."""
        low = sum(map(mul, self._lines.weights, left))
        for i, weight, ceiling, drop in self._bent:
            kept = weight * left[i]
            if kept > ceiling:
                low -= kept - ceiling
                kept = ceiling
            low -= drop if drop < kept else kept
        for at, weight in self._pooled:
            low -= weight * sizes[at]
        for group in self._rivals.values():
            low -= max([weight * sizes[at] for at, weight in group])
        low -= self._slack
        return -(-low >> SHIFT) if low > 0 else 0


class _Lines:
    """What the offers after a place leave of each line, while the place moves to the front.

    ``loose`` are the weights without the percentages of groups: at most one of a group comes, and
    what another offer takes off before it may meet none of them.
    """

    __slots__ = ("_strongest", "bent", "ceilings", "drops", "loose", "weights")

    def __init__(
        self,
        weights: list[int],
        loose: list[int],
        drops: list[int],
        ceilings: list[int | None],
        strongest: dict[tuple[int, int], int],
    ) -> None:
        self.weights, self.loose, self.drops, self.ceilings = weights, loose, drops, ceilings
        self._strongest = strongest
        self.bent = False

    @staticmethod
    def fresh(count: int) -> _Lines:
        return _Lines([ONE] * count, [ONE] * count, [0] * count, [None] * count, {})

    def copy(self) -> _Lines:
        copied = _Lines(
            self.weights[:], self.loose[:], self.drops[:], self.ceilings[:], self._strongest.copy()
        )
        copied.bent = self.bent
        return copied

    def percent(self, scope: Sequence[int], bps: int, group: int) -> None:
        keep = BPS - bps
        weights, loose = self.weights, self.loose
        for i in scope:
            if not group:
                weights[i] = weights[i] * keep // BPS
                loose[i] = -(-loose[i] * keep // BPS)
                continue
            before = self._strongest.get((group, i), 0)
            if bps > before:
                self._strongest[group, i] = bps
                weights[i] = weights[i] * keep // (BPS - before)

    def ceil(self, floors: Sequence[tuple[int, int]]) -> None:
        self.bent = True
        for i, floor in floors:
            ceiling, known = self.weights[i] * floor, self.ceilings[i]
            self.ceilings[i] = ceiling if known is None else min(known, ceiling)

    def drop(self, amounts: Sequence[tuple[int, int]]) -> None:
        self.bent = True
        for i, amount in amounts:
            self.drops[i] += self.loose[i] * amount

    def heaviest(self, scope: Sequence[int]) -> int:
        return max([self.loose[i] for i in scope])

    def rounding(self, scope: Sequence[int]) -> int:
        """What rounding can shift between lines, weighed by what comes later.

        Largest remainder rounds s of n shares up by at most s(1 - s/n) <= n/4 in all, and the
        others down by the same; so a shift costs at most n/4 times the spread of the weights.
        """
        high = self.heaviest(scope)
        low = min([self.weights[i] for i in scope])
        if self.bent and any(self.ceilings[i] is not None or self.drops[i] for i in scope):
            low = 0
        return (high - low) * len(scope) // 4 + (1 if high > low else 0)


class Link:
    """One offer of the chain, as it acts on a sum somewhere between a low and a high one.

    Where the discount does not jump, what is left does not fall when the sum rises; so the least
    is left of the low end or of one of the sums at which it jumps.
    """

    __slots__ = ("group",)

    def __init__(self, group: int) -> None:
        self.group = group

    def least(self, low: int, high: int) -> int:
        """The least it leaves of any sum from ``low`` to ``high``."""
        raise TypeError("a link acts by its kind")


class _PercentLink(Link):
    __slots__ = ("_bps",)

    def __init__(self, group: int, bps: int) -> None:
        super().__init__(group)
        self._bps = bps

    def least(self, low: int, high: int) -> int:
        return low - low * self._bps // BPS


class _StepsLink(Link):
    """spend_save and spend_percent: (spend, save, bps, what is left of just that spend)."""

    __slots__ = ("_steps",)

    def __init__(self, group: int, steps: list[tuple[int, int, int, int]]) -> None:
        super().__init__(group)
        self._steps = steps

    def least(self, low: int, high: int) -> int:
        least = low
        for spend, save, bps, after in self._steps:
            if spend <= low:
                least = low - save - low * bps // BPS
            elif spend <= high:
                least = min(least, after)
            else:
                break
        return least if least > 0 else 0


class _OtherLink(Link):
    """With a budget, or again and again: asked at the low end, the next multiple, the steps."""

    __slots__ = ("_budget", "_every", "_jumps", "_of_sum")

    def __init__(self, play: Play) -> None:
        super().__init__(play.group)
        params = play.entry.offer.params
        self._of_sum = play.entry.of_sum
        self._budget = play.budget
        self._every = 0
        self._jumps: list[int] = []
        if isinstance(params, SpendSave) and params.every:
            self._every = params.steps[0].spend
        elif isinstance(params, SpendSave | SpendPercent):
            self._jumps = [step.spend for step in params.steps]

    def _leaves(self, total: int) -> int:
        amount, budget = self._of_sum(total), self._budget
        return total - (amount if budget is None or amount < budget else budget)

    def least(self, low: int, high: int) -> int:
        jumps = self._jumps
        if self._every:
            jumps = [(low // self._every + 1) * self._every]
        return min(
            [self._leaves(low), *[self._leaves(jump) for jump in jumps if low < jump <= high]]
        )


def link_of(play: Play) -> Link:
    """How an offer of the chain acts on a sum."""
    params = play.entry.offer.params
    if play.budget is None and isinstance(params, PercentOff):
        return _PercentLink(play.group, params.bps)
    if play.budget is None and isinstance(params, SpendSave) and not params.every:
        saves = [(s.spend, s.save, 0, max(0, s.spend - s.save)) for s in params.steps]
        return _StepsLink(play.group, saves)
    if play.budget is None and isinstance(params, SpendPercent):
        shares = [(s.spend, 0, s.bps, s.spend - s.spend * s.bps // BPS) for s in params.steps]
        return _StepsLink(play.group, shares)
    return _OtherLink(play)


class Ending:
    """What may still come of the chain and of free shipping, from one place on."""

    __slots__ = ("_free", "_links", "steps")

    def __init__(self, plays: Sequence[Play], links: dict[int, Link]) -> None:
        """``links`` holds the chain's offers by their bit."""
        #: Each holds one offer, or neighbours of one group, of which at most one counts.
        self._links: list[list[Link]] = []
        for play in plays:
            if not play.on_goods:
                continue
            link = links[play.bit]
            if self._links and play.group and self._links[-1][0].group == play.group:
                self._links[-1].append(link)
            else:
                self._links.append([link])
        self._free = [(p.spend or 0, p.budget) for p in plays if p.is_shipping]
        #: What asking costs, in steps of the search.
        self.steps = 12 + 8 * len(plays)

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
