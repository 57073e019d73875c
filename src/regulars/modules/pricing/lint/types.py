"""What the linter takes and tells. Money in minor units, shares in bps (10000 = the whole)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from regulars.modules.pricing.types import Cart, CartLine, Evaluation
from regulars.modules.programmes.types import Programme
from regulars.modules.promotions.types import Offer

Severity = Literal["error", "warning", "note"]
Code = Literal[
    "money_loop",
    "rich_points",
    "below_margin_floor",
    "capped",
    "no_limit",
    "exclusives_overlap",
    "never_open",
    "over",
    "unknown_tier",
    "nothing_in_scope",
    "gives_nothing",
    "no_uses",
    "out_of_reach",
    "shadowed",
    "tier_out_of_reach",
    "tier_earns_less",
    "tier_pays_more",
    "expires_before_it_is_real",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. ``facts`` are the figures, ``cart`` an example that shows it."""

    code: Code
    severity: Severity
    offers: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    cart: Cart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be judged: the programme, the offers as they would stand, and what is sold.

    ``floor_bps`` is the least share of the list price that must come in after discounts and the
    worth of the points earned; None asks no such thing. ``most_order_minor`` is the largest cart
    that is thought of, unless the shop sells something that costs more alone.
    """

    programme: Programme
    offers: Sequence[Offer]
    goods: Sequence[CartLine]
    zone: ZoneInfo
    now: datetime
    max_discount_bps: int = 10_000
    floor_bps: int | None = None
    most_order_minor: int = 1_000_000

    @property
    def most_minor(self) -> int:
        """The largest cart that is thought of: what is sold at all is sold once."""
        return max(self.most_order_minor, *(one.unit_price_minor for one in self.goods), 0)


@dataclass(frozen=True, slots=True)
class Worst:
    """The dearest order found: its cart, for whom and when, what it costs and of how much.

    ``cost_minor`` is discounts, shipping included, and what the points earned are worth.
    """

    cart: Cart
    tier: str | None
    at: datetime
    channel: str | None
    store: str | None
    evaluation: Evaluation
    cost_minor: int
    of_minor: int

    @property
    def share_bps(self) -> int:
        """Rounded up: a floor that is missed by a hair is missed."""
        return -(-self.cost_minor * 10_000 // self.of_minor) if self.of_minor else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``dearest`` costs most in money, ``deepest`` as a share of its price. ``a_day`` is what the
    dearest cart costs when one member places it again and again, order by order, as limits are
    used up. ``bound_bps`` is a proven bound on the share of goods that offers can take.
    """

    findings: tuple[Finding, ...]
    dearest: Worst | None
    deepest: Worst | None
    a_day: tuple[int, ...]
    bound_bps: int
    carts: int
