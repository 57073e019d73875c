"""What a programme says about earning, and the facts an order freezes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

Counter = Literal["growth_value", "spend", "orders"]


class Expiry(NamedTuple):
    """When what was earned is gone: ``count`` days or months on, then the end of a period.

    A tuple, because its hash is asked for with every credit.
    """

    kind: Literal["never", "days", "months"] = "never"
    count: int = 0  # type: ignore[assignment]  # the name hides tuple.count
    end_of: Literal["day", "month", "quarter", "year"] = "day"


NEVER: Final = Expiry()


@dataclass(frozen=True, slots=True)
class Rate:
    """A faster (or slower) rate for some lines, at some times. Empty fields do not restrict;
    of several rates that fit a line the highest counts."""

    name: str
    bps: int
    categories: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    weekdays: frozenset[int] = frozenset()
    days_of_month: frozenset[int] = frozenset()
    from_day: date | None = None
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class EarningRule:
    """``amount`` units for each whole ``per_minor`` of net, floor once per order."""

    per_minor: int = 100
    amount: int = 1
    pending_days: int = 0
    expiry: Expiry = NEVER
    tier_bps: Mapping[str, int] = field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    per_order_max: int | None = None
    per_day_max: int | None = None
    #: By tier, what ``rules.plain`` found.
    plain: dict[str, Frozen] = field(init=False, repr=False, compare=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Earning:
    points: EarningRule
    growth_value: EarningRule


class LineFacts(NamedTuple):
    """What the rates look at."""

    sku: str
    category: str | None
    type: str | None


class Crossing(NamedTuple):
    """Where inside an order a higher tier's rate begins: from ``above_minor`` of its net on."""

    above_minor: int
    tier_bps: int


class Frozen(NamedTuple):
    """How one order earns one asset, for ever: what a refund years later recomputes with.

    ``line_bps`` is empty where every line earns at 10000. ``most`` is the cap that was left.
    """

    per_minor: int
    amount: int
    tier_bps: int
    line_bps: tuple[int, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    most: int | None = None


class EarnDates(NamedTuple):
    """When something earned becomes real, and when it is gone."""

    available_at: datetime
    expires_at: datetime | None
