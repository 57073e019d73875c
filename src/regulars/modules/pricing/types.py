"""What the evaluator takes and gives. docs/algorithms/pricing.md tells it with worked figures.

Money is in minor units of the merchant's currency, points and growth value are units, ``bps`` are
ten-thousandths. Merged lines are the cart's lines of equal sku and unit price put together, in
order of (sku by code point, unit price).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from regulars.modules.earning.types import Frozen
from regulars.modules.promotions.types import STRANGER, Buyer

TenderName = Literal["points", "growth_value", "stored_value"]

#: Why an offer is not in the chosen combination: the first that fits, in this order.
RejectionCode = Literal[
    "not_active",
    "not_now",
    "not_for_member",
    "code_missing",
    "not_in_scope",
    "held_out",
    "limit_reached",
    "budget_spent",
    "gift_out_of_stock",
    "group_taken",
    "exclusive_taken",
    "below_threshold",
    "no_effect",
    "not_best",
    # Not of an offer: a coupon that cannot be used, a tender that asks for more than there is, and
    # an article of which there is less, or that this buyer may not buy yet.
    "coupon_invalid",
    "tender_reduced",
    "out_of_stock",
    "not_on_sale_yet",
]
REASONS: Final[tuple[RejectionCode, ...]] = (
    "not_active",
    "not_now",
    "not_for_member",
    "code_missing",
    "not_in_scope",
    "held_out",
    "limit_reached",
    "budget_spent",
    "gift_out_of_stock",
    "group_taken",
    "exclusive_taken",
    "below_threshold",
    "no_effect",
    "not_best",
)


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line as sent, with what the catalogue knows of its sku."""

    sku: str
    quantity: int
    unit_price_minor: int
    category: str | None = None
    type: str | None = None
    tags: frozenset[str] = frozenset()

    @property
    def gross_minor(self) -> int:
        return self.quantity * self.unit_price_minor


@dataclass(frozen=True, slots=True)
class Cart:
    lines: tuple[CartLine, ...]
    shipping_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What has been used of an offer already, open holds of others included.

    ``by_member`` and ``in_all`` count orders; ``budget_left_minor`` is None without a budget.
    """

    by_member: int = 0
    in_all: int = 0
    budget_left_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Pot:
    """What several offers draw from: ``left`` minor units of a funder's cap, of which each pays
    its share (bps) of what it takes off."""

    left_minor: int
    shares_bps: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """One way to pay: ``units`` of an asset are worth ``minor``, and whole steps alone are taken.

    ``wanted`` is in units, ``"max"`` for the most, 0 for none; ``available`` in units;
    ``cap_bps`` the most of the goods' net before tenders that it may pay. ``bonus`` is how many
    of the available units were given, not paid for (stored value): they are taken last and earn
    nothing.
    """

    wanted: int | Literal["max"] = 0
    available: int = 0
    bonus: int = 0
    cap_bps: int = 10_000
    units: int = 1
    minor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything besides the cart that a price depends on.

    ``given`` maps the code of an offer to the coupon that unlocks it; ``uses`` lists only offers
    of which something is used or held, ``pots`` what several of them draw from, ``stock`` what is
    left of each article that is counted (what this cart asks for included), ``strength`` how many
    bps an offer takes off for this buyer where that is more than for everybody, ``held_out`` those
    that this buyer does not get because what they do is being measured. ``earn`` are the terms
    under which points are earned as of now, with ``line_bps`` empty (a line's own rate is asked of
    ``line_rate_bps`` by sku); None where nobody earns.
    """

    at: datetime
    zone: ZoneInfo
    buyer: Buyer = STRANGER
    channel: str | None = None
    store: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[str, Uses] = field(default_factory=dict)
    held_out: frozenset[str] = frozenset()
    pots: tuple[Pot, ...] = ()
    stock: Mapping[str, int] = field(default_factory=dict)
    strength: Mapping[str, int] = field(default_factory=dict)
    earn: Frozen | None = None
    line_rate_bps: Mapping[str, int] = field(default_factory=dict)
    points: Tender = Tender()
    growth_value: Tender = Tender()
    stored_value: Tender = Tender()


class Discount(NamedTuple):
    """An offer's share in one line (or in shipping), in minor units, > 0."""

    offer: str
    amount_minor: int


class TenderShares(NamedTuple):
    """What a line is paid with besides cash: units of each asset, and their worth in minor.

    The bonus is a part of the stored value, not beside it.
    """

    points: int = 0
    growth_value: int = 0
    stored_value: int = 0
    points_minor: int = 0
    growth_value_minor: int = 0
    stored_value_minor: int = 0
    bonus: int = 0
    bonus_minor: int = 0

    @property
    def minor(self) -> int:
        return self.points_minor + self.growth_value_minor + self.stored_value_minor


class PricedLine(NamedTuple):
    """One original line: ``net_minor`` is before tenders; gross = discounts + net."""

    line: int
    gross_minor: int
    discounts: tuple[Discount, ...]
    tenders: TenderShares
    net_minor: int
    points_to_earn: int
    earn_bps: int = 10_000

    @property
    def cash_minor(self) -> int:
        return self.net_minor - self.tenders.minor


@dataclass(frozen=True, slots=True)
class GiftLine:
    offer: str
    sku: str
    quantity: int


class Applied(NamedTuple):
    """A chosen offer, in order of application, and its discount in all (0: gift, multiplier)."""

    offer: str
    amount_minor: int


class Rejected(NamedTuple):
    """An offer (or coupon) that does not count, and why. ``missing_minor`` is what a threshold
    lacks, where the reason is ``below_threshold``; ``tender`` is the one of ``tender_reduced``.
    ``sku`` is the article that is out of stock, with ``left`` units, or that this buyer may have
    from ``opens_at`` on; so is the instant of an offer that this buyer has early access to."""

    code: RejectionCode
    offer: str | None = None
    coupon: str | None = None
    missing_minor: int | None = None
    tender: TenderName | None = None
    sku: str | None = None
    left: int | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a little more would bring: with ``add_minor`` more of goods in the offer's scope the
    evaluator saves ``save_minor`` in all beyond its price now.

    ``proved`` says that both are best prices and that nothing less reaches the offer's threshold.
    """

    offer: str
    add_minor: int
    save_minor: int
    proved: bool = True


@dataclass(frozen=True, slots=True)
class Certificate:
    """``value_minor`` is the total discount found, ``bound_minor`` a proven upper bound over all
    allowed combinations; the gap is 0 where the best was proved."""

    value_minor: int
    bound_minor: int

    @property
    def gap_minor(self) -> int:
        return self.bound_minor - self.value_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The price of a cart, and why."""

    lines: tuple[PricedLine, ...]
    shipping_gross_minor: int
    shipping_discounts: tuple[Discount, ...]
    gifts: tuple[GiftLine, ...]
    applied: tuple[Applied, ...]
    rejected: tuple[Rejected, ...]
    suggestions: tuple[Suggestion, ...]
    certificate: Certificate
    points_to_earn: int

    @property
    def gross_minor(self) -> int:
        """Of the goods alone."""
        return sum(line.gross_minor for line in self.lines)

    @property
    def discount_minor(self) -> int:
        """Of goods and shipping together."""
        return sum(offer.amount_minor for offer in self.applied)

    @property
    def payable_minor(self) -> int:
        """Before tenders, shipping included."""
        shipping = sum(discount.amount_minor for discount in self.shipping_discounts)
        return sum(line.net_minor for line in self.lines) + self.shipping_gross_minor - shipping

    @property
    def due_minor(self) -> int:
        return self.payable_minor - sum(line.tenders.minor for line in self.lines)
