"""What a combination would earn: the rates of merged lines and the points they bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regulars.modules.earning.rules import earned
from regulars.modules.earning.types import Frozen
from regulars.modules.promotions.types import PointsMultiplier

from .basket import Basket
from .kinds import BPS, Play
from .types import Context


def multiplier(play: Play) -> int:
    """How fast the lines of a multiplier earn, in bps."""
    params = play.entry.offer.params
    return params.bps if isinstance(params, PointsMultiplier) else BPS


class Earner:
    """Points under the terms of now; 0 for whoever is no member."""

    __slots__ = ("_even", "_frozen", "_own", "earns", "plain")

    def __init__(self, basket: Basket, context: Context) -> None:
        frozen = context.earn if context.buyer.is_member else None
        self._frozen = frozen
        self.earns = frozen is not None
        rates = context.line_rate_bps
        if rates:
            self._own = [rates.get(sku, BPS) for sku in basket.skus]
        else:
            self._own = [BPS] * len(basket.skus)
        self._even = not rates
        #: The rates without any multiplier.
        self.plain = tuple(self._own)

    def multiplied(self, plays: Iterable[Play]) -> list[int]:
        """For each line the highest of the multipliers that hold it, else 10000."""
        highest = [BPS] * len(self._own)
        for play in plays:
            bps = multiplier(play)
            for i in play.lines:
                highest[i] = max(highest[i], bps)
        return highest

    def rates_of(self, multipliers: Sequence[Play]) -> tuple[int, ...]:
        """The rates under these multipliers."""
        return self.rates(self.multiplied(multipliers)) if multipliers else self.plain

    def rates(self, multipliers: Sequence[int]) -> tuple[int, ...]:
        """Each line's own rate times its multiplier."""
        return tuple([own * m // BPS for own, m in zip(self._own, multipliers, strict=True)])

    def most_points(self, rates: tuple[int, ...], left: Sequence[int], total: int) -> int:
        """The most points when at most ``total`` of ``left`` is paid in the end: the fastest
        lines are paid first, which no other distribution beats."""
        base = [0] * len(left)
        for i in sorted(range(len(left)), key=rates.__getitem__, reverse=True):
            base[i] = min(left[i], total)
            total -= base[i]
        return self.points(rates, base)

    def points(self, rates: tuple[int, ...], base: Sequence[int]) -> int:
        frozen = self._frozen
        if frozen is None:
            return 0
        per_minor, amount, tier_bps, _, crossings, most = frozen
        if rates is self.plain and self._even:
            rates = ()
        return earned(Frozen(per_minor, amount, tier_bps, rates, crossings, most), base)
