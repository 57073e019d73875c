"""Orders and refunds as they come in and go out."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from regulars.infra.http.fields import (
    ExternalId,
    Instant,
    MemberId,
    OrderId,
    PageQuery,
    QueryDay,
    QuoteId,
    RefundId,
    Strict,
)
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import FieldError, Invalid
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.members.rules import normalised, phone_region
from regulars.modules.members.types import IdentityType
from regulars.modules.orders.queries import OrderRow, Wanted
from regulars.modules.orders.types import Draft, DraftLine

MOST_LINES: Final = 1_000
MOST_MINOR: Final = 10**15
MOST_UNITS: Final = 2**31 - 1
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Units = Annotated[int, Field(ge=1, le=MOST_UNITS)]
Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]


class IdentityIn(Strict):
    type: IdentityType
    value: ExternalId


class LineIn(Strict):
    """``total`` is what the line cost in all; without it quantity x unit_price."""

    sku: ExternalId
    quantity: Units
    unit_price: Minor
    total: Minor | None = None


class OrderIn(Strict):
    external_id: ExternalId
    member_id: MemberId | None = None
    identity: Annotated[
        IdentityIn | None, Field(description="Unknown: a shopper is enrolled with it")
    ] = None
    channel: ExternalId | None = None
    store: ExternalId | None = None
    placed_at: Instant
    paid_at: Annotated[
        Instant | None, Field(description="Without it nothing is earned until it is paid")
    ] = None
    lines: Annotated[
        list[LineIn],
        Field(
            max_length=MOST_LINES,
            default_factory=list,
            description="1 to 1,000; on a quote they may be left out",
        ),
    ]
    quote_id: Annotated[
        QuoteId | None, Field(description="Placed at exactly the price of this quote")
    ] = None
    paid: Annotated[
        Minor,
        Field(
            description="Recorded; the line totals are the net that earns. "
            "On a quote it is the quote's due"
        ),
    ]

    def draft(self, merchant: MerchantFacts) -> Draft:
        """What the services take. Raises Invalid: two ways to say who, sums out of bounds."""
        if self.member_id is not None and self.identity is not None:
            raise Invalid(
                "Say who it is in one way.",
                errors=[FieldError("/identity", "unexpected", "Leave it out beside member_id.")],
            )
        if not self.lines and self.quote_id is None:
            raise Invalid(
                "An order has lines.",
                errors=[FieldError("/lines", "too_short", "Send 1 to 1,000 lines.")],
            )
        lines = tuple(_line(line, number) for number, line in enumerate(self.lines))
        if sum(line.total_minor for line in lines) > MOST_MINOR:
            raise Invalid(
                "The lines cost more than an order can.",
                errors=[FieldError("/lines", "too_large", f"The most is {MOST_MINOR} in all.")],
            )
        return Draft(
            external_id=self.external_id,
            lines=lines,
            placed_at=self.placed_at,
            paid_at=self.paid_at,
            paid_minor=self.paid,
            member_id=self.member_id,
            identity=_identity(self.identity, merchant),
            channel=self.channel,
            store=self.store,
            quote_id=self.quote_id,
        )


class BulkIn(Strict):
    """Each order is checked by itself, so that one that is wrong keeps nobody waiting."""

    orders: Annotated[list[Any], Field(min_length=1, max_length=1_000)]


class PayIn(Strict):
    paid_at: Instant


class EarlyPayIn(PayIn):
    order_external_id: ExternalId


class EarlyCancelIn(Strict):
    order_external_id: ExternalId


class ReturnIn(Strict):
    line: Annotated[int, Field(ge=1, le=MOST_LINES)]
    quantity: Units


class ReturnsIn(Strict):
    lines: Annotated[list[ReturnIn], Field(min_length=1, max_length=MOST_LINES)]

    def returns(self) -> dict[int, int]:
        """Units per line. Raises Invalid where a line stands twice."""
        found: dict[int, int] = {}
        for number, one in enumerate(self.lines):
            if one.line in found:
                raise Invalid(
                    "Each line stands once.",
                    errors=[FieldError(f"/lines/{number}/line", "repeated", "Add its units up.")],
                )
            found[one.line] = one.quantity
        return found


class RefundIn(ReturnsIn):
    external_id: ExternalId
    refunded_at: Instant | None = None


class RefundPreviewIn(ReturnsIn):
    """A refund may be sent as it would be; only its lines are looked at."""

    external_id: ExternalId | None = None
    refunded_at: Instant | None = None


class EarlyRefundIn(RefundIn):
    order_external_id: ExternalId


class DiscountOut(Strict):
    offer: str
    amount: int


class TendersOut(Strict):
    """Units of each asset that paid a part."""

    points: int
    growth_value: int
    stored_value: int


class GiftOut(Strict):
    offer: str
    sku: str
    quantity: int


class LineOut(Strict):
    line: int
    sku: str
    quantity: int
    unit_price: int | None
    net: Annotated[int, Field(description="Before tenders, where it was placed on a quote")]
    returned: int
    gross: int | None = None
    discounts: list[DiscountOut] | None = None
    tenders: TendersOut | None = None


class OrderFacts(Strict):
    id: OrderId
    external_id: str
    member_id: MemberId | None
    status: Annotated[str, Field(description="placed, paid or cancelled")]
    channel: str | None
    store: str | None
    placed_at: Instant
    paid_at: Instant | None
    net: int
    refunded: int
    paid: int
    points: Annotated[int, Field(description="What it earned, less what was taken back")]
    growth_value: int


class OrderOut(OrderFacts):
    tier: Annotated[str | None, Field(description="The member's tier when it was paid")]
    lines: list[LineOut]
    shipping: Annotated[int | None, Field(description="Only of an order on a quote")] = None
    gifts: Annotated[list[GiftOut] | None, Field(description="Only of an order on a quote")] = None


class OrderChangedOut(OrderOut):
    effects: Effects


class OrderSummaryOut(OrderFacts):
    line_count: int


class OrderPage(Strict):
    data: list[OrderSummaryOut]
    has_more: bool
    next_cursor: str | None


class VerdictOut(Strict):
    index: int
    status: Annotated[int, Field(description="As POST /orders would have answered")]
    order: OrderChangedOut | None = None
    code: str | None = None
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class BulkOut(Strict):
    orders: list[VerdictOut]
    effects: Effects


class ReturnedOut(Strict):
    line: int
    quantity: int
    cash: int
    points: int
    growth_value: int
    stored_value: int


class TakenBackOut(Strict):
    points: int
    growth_value: int


class RefundPreviewOut(Strict):
    lines: list[ReturnedOut]
    taken_back: TakenBackOut
    debt: Annotated[int, Field(description="Points that are owed because they were spent")]
    gifts: Annotated[
        list[GiftOut],
        Field(default_factory=list, description="To be sent back: what they were given for failed"),
    ]
    effects: Effects


class RefundOut(RefundPreviewOut):
    id: RefundId
    external_id: str
    order_id: OrderId


class ParkedReturnOut(Strict):
    line: int
    quantity: int


class ParkedOut(Strict):
    """A refund that waits for its order."""

    status: Literal["parked"]
    external_id: str
    order_external_id: str
    lines: list[ParkedReturnOut]
    refunded_at: Instant | None
    effects: Effects


class ParkedStepOut(Strict):
    """A payment or a cancellation that waits for its order."""

    status: Literal["parked"]
    order_external_id: str
    paid_at: Instant | None = None
    effects: Effects


class OrderQuery(PageQuery):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    member_id: MemberId | None = None
    external_id: ExternalId | None = None
    status: Literal["placed", "paid", "part_refunded", "refunded", "cancelled"] | None = None
    store: ExternalId | None = None
    channel: ExternalId | None = None
    first_day: Annotated[
        QueryDay | None, Field(alias="from", description="Placed on this day or later")
    ] = None
    last_day: Annotated[
        QueryDay | None, Field(alias="until", description="Placed on this day or before")
    ] = None

    def wanted(self) -> Wanted:
        return Wanted(
            member_id=self.member_id,
            external_id=self.external_id,
            status=self.status,
            store=self.store,
            channel=self.channel,
            first_day=self.first_day,
            last_day=self.last_day,
        )


def summary_json(row: OrderRow) -> dict[str, Any]:
    stored = "paid" if row.status in ("part_refunded", "refunded") else row.status
    return {
        "id": show("ord", row.id),
        "external_id": row.external_id,
        "member_id": show("mem", row.member_id) if row.member_id else None,
        "status": stored,
        "channel": row.channel,
        "store": row.store,
        "placed_at": show_instant(row.placed_at),
        "paid_at": show_instant(row.paid_at) if row.paid_at else None,
        "net": row.net_minor,
        "refunded": row.refunded_minor,
        "paid": row.paid_minor,
        "points": row.points,
        "growth_value": row.growth_value,
        "line_count": row.lines,
    }


def _line(line: LineIn, number: int) -> DraftLine:
    total = line.total if line.total is not None else line.quantity * line.unit_price
    if total > MOST_MINOR:
        raise Invalid(
            "The lines cost more than an order can.",
            errors=[FieldError(f"/lines/{number}", "too_large", f"The most is {MOST_MINOR}.")],
        )
    return DraftLine(line.sku, line.quantity, line.unit_price, total)


def _identity(given: IdentityIn | None, merchant: MerchantFacts) -> tuple[str, str] | None:
    if given is None:
        return None
    region = phone_region(merchant.zone, merchant.locale)
    return given.type, normalised(type=given.type, value=given.value, region=region)
