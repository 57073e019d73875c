"""An offer as the evaluator reads it. Shapes and bounds are those of docs/algorithms/pricing.md.

Money is in minor units; shares are in bps, 10000 = the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

Kind = Literal[
    "member_price",
    "percent_off",
    "amount_off",
    "unit_price",
    "buy_get",
    "spend_save",
    "spend_percent",
    "free_shipping",
    "points_multiplier",
    "gift",
]
Stage = Literal["price", "item", "order", "coupon", "shipping", "gift", "earn"]
Status = Literal["draft", "active", "paused", "archived"]
OnReturn = Literal["keep", "requalify"]

#: In which order stages run, each on what the one before left.
STAGES: Final[tuple[Stage, ...]] = (
    "price",
    "item",
    "order",
    "coupon",
    "shipping",
    "gift",
    "earn",
)
#: The stage of a kind that names none; an offer with a code has "coupon" where it is on goods.
DEFAULT_STAGE: Final[dict[Kind, Stage]] = {
    "member_price": "price",
    "percent_off": "item",
    "amount_off": "item",
    "unit_price": "item",
    "buy_get": "item",
    "spend_save": "order",
    "spend_percent": "order",
    "free_shipping": "shipping",
    "points_multiplier": "earn",
    "gift": "gift",
}
#: Kinds on goods may be moved among these stages; the others keep theirs.
GOODS_STAGES: Final[tuple[Stage, ...]] = ("price", "item", "order", "coupon")


@dataclass(frozen=True, slots=True)
class MemberPrice:
    """A price per unit for each sku named."""

    prices: dict[str, int]


@dataclass(frozen=True, slots=True)
class PercentOff:
    bps: int


@dataclass(frozen=True, slots=True)
class AmountOff:
    """``each`` minor units off every unit."""

    each: int


@dataclass(frozen=True, slots=True)
class UnitPrice:
    price: int


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Of each ``buy + get`` units, ``get`` are discounted by ``off_bps``."""

    buy: int
    get: int
    off_bps: int = 10_000
    pick: Literal["in_group", "overall"] = "in_group"
    same_item: bool = False


@dataclass(frozen=True, slots=True)
class Saving:
    spend: int
    save: int


@dataclass(frozen=True, slots=True)
class SpendSave:
    """The highest step reached saves; with ``every`` the one step saves again and again."""

    steps: tuple[Saving, ...]
    every: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    spend: int
    bps: int


@dataclass(frozen=True, slots=True)
class SpendPercent:
    steps: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class FreeShipping:
    spend: int


@dataclass(frozen=True, slots=True)
class PointsMultiplier:
    bps: int


@dataclass(frozen=True, slots=True)
class GiftChoice:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Gift:
    """``instead`` are given, the first that there is, where there is not enough of ``sku``."""

    sku: str
    quantity: int
    spend: int
    instead: tuple[GiftChoice, ...] = ()

    @property
    def choices(self) -> tuple[GiftChoice, ...]:
        return (GiftChoice(self.sku, self.quantity), *self.instead)


Params = (
    MemberPrice
    | PercentOff
    | AmountOff
    | UnitPrice
    | BuyGet
    | SpendSave
    | SpendPercent
    | FreeShipping
    | PointsMultiplier
    | Gift
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines: any of skus, categories and tags (all where the three are empty), and none of
    ``exclude_skus``."""

    skus: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    exclude_skus: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The ``nth`` (1 to 5, or -1 for the last) ``weekday`` (1 = Monday) of a month."""

    nth: int
    weekday: int


@dataclass(frozen=True, slots=True)
class FestivalSpan:
    """A festival of a region, with the days before and after it that count."""

    region: str
    festival: str
    days_before: int = 0
    days_after: int = 0


@dataclass(frozen=True, slots=True)
class Early:
    """Members of ``tiers`` may from ``begins`` on."""

    tiers: frozenset[str]
    begins: datetime


def begins_for(
    begins: datetime | None, early: tuple[Early, ...], tier: str | None
) -> datetime | None:
    """From when on somebody of ``tier`` may, where everybody may from ``begins`` on; None: always
    could."""
    if begins is None or tier is None:
        return begins
    return min([begins, *[one.begins for one in early if tier in one.tiers]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """How much there is of an article to sell and to give, and from when on.

    ``units`` is what there was at first (None: not counted). Before ``opens_at`` those of ``early``
    alone may buy it, and together no more than ``early_units`` (None: all there is).
    """

    sku: str
    units: int | None = None
    opens_at: datetime | None = None
    early: tuple[Early, ...] = ()
    early_units: int | None = None


@dataclass(frozen=True, slots=True)
class When:
    """Half-open [``begins``, ``ends``); the parts are read in the merchant's zone, and every one
    given must hold. ``hours`` are minutes of the day, half-open. ``except_days`` are days on which
    the offer rests. Those of ``early`` may before it begins for everybody."""

    begins: datetime | None = None
    ends: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    days_of_month: frozenset[int] = frozenset()
    nth_weekdays: tuple[NthWeekday, ...] = ()
    hours: tuple[int, int] | None = None
    except_days: frozenset[date] = frozenset()
    early: tuple[Early, ...] = ()
    festivals: tuple[FestivalSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Who:
    """For whom: every field given must hold, any value in a list is enough.

    ``rule`` is a typed tree and ``cel`` an expression over the buyer's facts (docs/reference/
    eligibility.md); both are compiled once per version.
    """

    tiers: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    members_only: bool = False
    rule: dict[str, Any] | None = None
    cel: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """``per_order`` counts sets of buy_get (per sku with ``same_item``) or multiples of a
    spend_save with ``every``; ``per_member`` and ``total`` count orders. ``member_period`` says
    whether ``per_member`` counts for ever or anew in each calendar year of the merchant's zone."""

    per_order: int | None = None
    per_member: int | None = None
    total: int | None = None
    member_period: Literal["ever", "year"] = "ever"


@dataclass(frozen=True, slots=True)
class FunderShare:
    """What of an offer's cost one funder pays."""

    funder: str
    share_bps: int


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    """How a budget is kept: a ``hard`` one is never passed, a ``soft`` one only counts and warns.

    ``per`` says whether there is one budget in all, or one for each store or each calendar day or
    month of the merchant's zone. ``funder`` is who pays, in the merchant's own word; where several
    do, ``funders`` has the share of each, and the shares are the whole.
    """

    stop: Literal["hard", "soft"] = "hard"
    per: Literal["all", "store", "day", "month"] = "all"
    funder: str | None = None
    funders: tuple[FunderShare, ...] = ()

    @property
    def funding(self) -> tuple[FunderShare, ...]:
        """Who pays which share; empty where nobody is named."""
        if self.funders or self.funder is None:
            return self.funders
        return (FunderShare(self.funder, 10_000),)


@dataclass(frozen=True, slots=True)
class Funder:
    """Who pays for offers, and the most of it: over all offers, in all or for each calendar day
    or month of the merchant's zone. A ``hard`` cap is never passed, a ``soft`` one only warns."""

    code: str
    cap_minor: int
    per: Literal["all", "day", "month"] = "all"
    stop: Literal["hard", "soft"] = "hard"


@dataclass(frozen=True, slots=True)
class Strength:
    """For members who meet ``rule``: so much off."""

    bps: int
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Personal:
    """How an offer of percent off varies with what a member did: from its own bps, which everybody
    gets, up to ``most_bps``. The strongest step that is met counts."""

    most_bps: int
    steps: tuple[Strength, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One promise. ``budget`` is the most it may cost in minor units, kept by ``budget_terms``.

    With ``held_out_bps`` it is a campaign that is measured: that share of the members, picked by
    chance, do not get it. Without, it is a standing promise to everybody it is for.
    """

    code: str
    name: str
    kind: Kind
    params: Params
    stage: Stage
    scope: Scope = Scope()
    when: When = When()
    who: Who = Who()
    priority: int = 100
    group: str | None = None
    exclusive: bool = False
    requires_code: bool = False
    limit: Limit = Limit()
    budget: int | None = None
    budget_terms: BudgetTerms = BudgetTerms()
    on_return: OnReturn = "keep"
    held_out_bps: int | None = None
    personal: Personal | None = None
    status: Status = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is known of whoever stands before the shelf; a stranger where ``tier`` is None.

    ``facts`` are the named facts that rules and CEL read (orders, spend_minor, days_since_joined,
    birthday_today, ...).
    """

    tier: str | None = None
    segments: frozenset[str] = frozenset()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_member(self) -> bool:
        return self.tier is not None


STRANGER: Final = Buyer()
