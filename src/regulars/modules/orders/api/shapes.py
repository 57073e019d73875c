"""Orders and refunds as they come in and go out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from regulars.infra.http.fields import (
    ExternalId,
    Instant,
    MemberId,
    OrderId,
    PageQuery,
    QueryDay,
    RefundId,
    Strict,
)
from regulars.kernel.ids import show
from regulars.kernel.instants import show_instant
from regulars.modules.orders.intake import ReturnsIn
from regulars.modules.orders.queries import OrderRow, Wanted

Effects = Annotated[
    list[dict[str, Any]], Field(description="What changed: event names and their particulars")
]


class BulkIn(Strict):
    """Each order is checked by itself, so that one that is wrong keeps nobody waiting."""

    orders: Annotated[list[Any], Field(min_length=1, max_length=1_000)]


class PayIn(Strict):
    paid_at: Instant


class EarlyPayIn(PayIn):
    order_external_id: ExternalId


class EarlyCancelIn(Strict):
    order_external_id: ExternalId


class RefundPreviewIn(ReturnsIn):
    """A refund may be sent as it would be; only its lines are looked at."""

    external_id: ExternalId | None = None
    refunded_at: Instant | None = None


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
