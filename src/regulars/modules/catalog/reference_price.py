"""The lawful price to strike through: what a reduction may be compared with, by region. Pure.

Both rules look at the time before the reduction began, so that a higher price of a day, set to be
struck through the next, never counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Region = Literal["cn", "eu", "none"]
Basis = Literal["deals", "applied"]


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price in minor units from an instant on (a list price), or at an instant (a deal)."""

    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class StrikeRule:
    """How a region finds the reference price.

    ``deals``: the lowest price of a sale within ``days`` before; without one, the last sale's.
    ``applied``: the lowest price at which it was offered or sold within ``days`` before.
    """

    region: Region
    basis: Basis
    days: int


#: cn: Provisions on Regulating Promotion Activities, article 21. eu: Directive 98/6/EC, article 6a.
RULES: Final[dict[Region, StrikeRule]] = {
    "cn": StrikeRule("cn", "deals", 7),
    "eu": StrikeRule("eu", "applied", 30),
}
#: Countries of the European Union, where the directive holds.
EU: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


def reference_price(
    rule: StrikeRule,
    *,
    begins: datetime,
    listed: Sequence[PricePoint],
    deals: Sequence[PricePoint] = (),
) -> int | None:
    """The reference price of a reduction that ``begins`` at an instant, in minor units.

    ``listed`` are list prices from when they held, ``deals`` prices at which units were sold;
    both in any order. Days are spans of 24 hours, [begins - days, begins). None where the law
    knows no base: then nothing may be struck through.
    """
    start = begins - timedelta(days=rule.days)
    before = [deal for deal in deals if deal.at < begins]
    sold = [deal.minor for deal in before if deal.at >= start]
    if rule.basis == "deals":
        if sold:
            return min(sold)
        return max(before, key=lambda deal: (deal.at, -deal.minor)).minor if before else None
    return min(sold + _held(listed, start, begins), default=None)


def lawful_strike(reference_minor: int | None, price_minor: int) -> bool:
    """Whether the reference price may stand struck through beside ``price_minor``."""
    return reference_minor is not None and reference_minor > price_minor


def _held(listed: Sequence[PricePoint], start: datetime, end: datetime) -> list[int]:
    """The list prices that held at any time in [start, end)."""
    known = sorted((point for point in listed if point.at < end), key=lambda point: point.at)
    within = [point.minor for point in known if point.at > start]
    at_start = [point.minor for point in known if point.at <= start][-1:]
    return at_start + within
