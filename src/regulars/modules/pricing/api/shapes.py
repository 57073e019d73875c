"""Carts as they come in, prices as they go out."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, TypeAdapter, WithJsonSchema

from regulars.infra.http.fields import (
    ExternalId,
    FreeJson,
    Instant,
    MemberId,
    OrderId,
    QuoteId,
    Strict,
    null_is,
)
from regulars.kernel.errors import FieldError, Invalid
from regulars.modules.pricing.asked import Asking, Goods, Guesser
from regulars.modules.promotions.document import OfferDocument

MOST_LINES: Final = 1_000
MOST_CARTS: Final = 100
MOST_MINOR: Final = 10**15
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Units = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Codes = Annotated[list[ExternalId], Field(max_length=50)]
_UNITS: Final = TypeAdapter(Annotated[int, Field(strict=True, ge=0, le=MOST_MINOR)])


def _redeemed(value: Any) -> int | Literal["max"]:
    """By hand, as the faults of a union point into its arms and not at the field."""
    if value is None:
        return 0
    return "max" if value == "max" else _UNITS.validate_python(value)


Redeemed = Annotated[
    int | Literal["max"],
    PlainValidator(_redeemed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MOST_MINOR},
                {"const": "max", "type": "string"},
                {"type": "null"},
            ],
            "description": "Units, or max for the most",
        }
    ),
]


class GoodsIn(Strict):
    sku: ExternalId
    quantity: Units
    unit_price: Minor


class RedeemIn(Strict):
    points: Redeemed = 0
    growth_value: Redeemed = 0
    stored_value: Redeemed = 0


class AddIn(Strict):
    """What else goes into the cart."""

    plan: Annotated[
        ExternalId | None, Field(description="A paid plan; no merchant sells one yet")
    ] = None


class AskingIn(Strict):
    """A cart, for whom, where and when."""

    member_id: MemberId | None = None
    channel: ExternalId | None = None
    store: ExternalId | None = None
    at: Annotated[Instant | None, Field(description="Now, where it is left out")] = None
    lines: Annotated[list[GoodsIn], Field(min_length=1, max_length=MOST_LINES)]
    shipping_minor: Annotated[Minor, null_is(int, Minor)] = 0
    coupon_codes: Annotated[_Codes, null_is(list, _Codes), Field(default_factory=list)]
    redeem: Annotated[RedeemIn, null_is(RedeemIn, RedeemIn)] = RedeemIn()
    add: AddIn | None = None
    as_new_member: Annotated[
        bool,
        Field(description="What a stranger would pay after joining now; without member_id alone"),
    ] = False

    def asking(self, guesser: Guesser) -> Asking:
        """Raises Invalid where the cart costs more than an order can."""
        if self.as_new_member and self.member_id is not None:
            raise Invalid(
                "Who is a member already cannot join.",
                errors=[FieldError("/as_new_member", "unexpected", "Leave it out.")],
            )
        if self.add is not None and self.add.plan is not None:
            raise Invalid(
                "There is no such plan.",
                errors=[FieldError("/add/plan", "unknown_value", "No merchant sells one yet.")],
            )
        total = sum(line.quantity * line.unit_price for line in self.lines) + self.shipping_minor
        if total > MOST_MINOR:
            raise Invalid(
                "The cart costs more than an order can.",
                errors=[FieldError("/lines", "too_large", f"The most is {MOST_MINOR} in all.")],
            )
        return Asking(
            lines=tuple(Goods(line.sku, line.quantity, line.unit_price) for line in self.lines),
            member_id=self.member_id,
            channel=self.channel,
            store=self.store,
            at=self.at,
            shipping_minor=self.shipping_minor,
            coupon_codes=tuple(dict.fromkeys(self.coupon_codes)),
            as_new_member=self.as_new_member,
            guesser=guesser,
            redeem={
                "points": self.redeem.points,
                "growth_value": self.redeem.growth_value,
                "stored_value": self.redeem.stored_value,
            },
        )


class ManyIn(Strict):
    """Each cart is checked and priced by itself, so that one that is wrong keeps nobody waiting."""

    carts: Annotated[list[Any], Field(min_length=1, max_length=MOST_CARTS)]


class TrialIn(AskingIn):
    """A cart, priced as if these offers stood in place of what has the same code."""

    offers: Annotated[list[OfferDocument], Field(max_length=50, default_factory=list)]


class QuoteIn(AskingIn):
    expires_in: Annotated[
        int, Field(ge=1, le=86_400, description="Seconds for which the price holds")
    ] = 900


class DiscountOut(Strict):
    offer: str
    amount: int


class TendersOut(Strict):
    """Units of each asset that pay a part."""

    points: int
    growth_value: int
    stored_value: int


class LineOut(Strict):
    line: int
    gross: int
    discounts: list[DiscountOut]
    tenders: TendersOut
    net: Annotated[int, Field(description="Before tenders")]


class ShippingOut(Strict):
    gross: int
    discounts: list[DiscountOut]


class GiftOut(Strict):
    offer: str
    sku: str
    quantity: int


class RejectedOut(Strict):
    offer: str | None = None
    coupon: str | None = None
    code: str
    reason: str
    missing: Annotated[int | None, Field(description="What a threshold lacks")] = None
    sku: Annotated[str | None, Field(description="The article that cannot be had now")] = None
    left: Annotated[int | None, Field(description="Of how many units there still are")] = None
    opens_at: Annotated[
        Instant | None, Field(description="From when on this buyer may have it")
    ] = None


class SuggestionOut(Strict):
    """``add`` more of what the offer is on saves ``save`` more."""

    offer: str
    add: int
    save: int
    proved: Annotated[
        bool, Field(description="Whether nothing less reaches it, and both prices are the best")
    ]


class CertificateOut(Strict):
    value: int
    bound: int
    gap: int


class AmountsOut(Strict):
    shipping: ShippingOut
    gifts: list[GiftOut]
    gross: Annotated[int, Field(description="Of the goods")]
    discount: Annotated[int, Field(description="Shipping's included")]
    payable: Annotated[int, Field(description="Before tenders, shipping included")]
    due: int
    points_to_earn: int
    applied: list[DiscountOut]


class EvaluationOut(AmountsOut):
    lines: list[LineOut]
    rejected: list[RejectedOut]
    suggestions: list[SuggestionOut]
    certificate: CertificateOut


class CartOut(Strict):
    index: int
    status: Annotated[int, Field(description="As POST /evaluations would have answered")]
    evaluation: EvaluationOut | None = None
    code: str | None = None
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class ManyOut(Strict):
    carts: list[CartOut]


class QuoteOut(EvaluationOut):
    id: QuoteId
    expires_at: Instant
    effects: list[dict[str, Any]]


class QuotedLineOut(LineOut):
    sku: str
    quantity: int
    unit_price: int


class QuoteShownOut(AmountsOut):
    id: QuoteId
    expires_at: Instant
    state: Annotated[str, Field(description="open, used, released or expired")]
    member_id: MemberId | None
    order_id: OrderId | None
    lines: list[QuotedLineOut]


class QuoteReleasedOut(QuoteShownOut):
    effects: list[dict[str, Any]]


class LintIn(Strict):
    """What is published, with these in place of what has the same code; nothing is written."""

    programme: Annotated[
        FreeJson | None, Field(description="A draft of the programme; the one in force if not")
    ] = None
    offers: Annotated[list[OfferDocument], Field(max_length=1_000, default_factory=list)]
    floor_bps: Annotated[
        int | None,
        Field(ge=0, le=10_000, description="Least share of the list price that must come in"),
    ] = None
    most_order_minor: Annotated[
        int,
        Field(
            ge=1,
            le=MOST_MINOR,
            description="The largest cart that is thought of, unless an article costs more alone",
        ),
    ] = 1_000_000


class LintLineOut(Strict):
    sku: str
    quantity: int
    unit_price: int
    category: str | None


class LintCartOut(Strict):
    lines: list[LintLineOut]
    shipping_minor: int


class FindingOut(Strict):
    code: str
    severity: Annotated[str, Field(description="error, warning or note")]
    offers: list[str]
    tiers: list[str]
    facts: dict[str, Any]
    cart: LintCartOut | None


class WorstOut(Strict):
    """The dearest order found, with the cart that attains it."""

    cart: LintCartOut
    tier: str | None
    at: Instant
    channel: str | None
    store: str | None
    cost: int
    of: int
    share_bps: int
    evaluation: EvaluationOut


class LintOut(Strict):
    findings: list[FindingOut]
    dearest: WorstOut | None
    deepest: WorstOut | None
    a_day: Annotated[
        list[int], Field(description="What the dearest cart costs, order after order of a member")
    ]
    bound_bps: Annotated[int, Field(description="Proven: offers never take more of the goods")]
    carts: Annotated[int, Field(description="How many carts were priced")]
