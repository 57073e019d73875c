"""The rows of orders and refunds."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from regulars.infra.recording import Table, Update

from .types import OrderView

ORDER: Final = Table(
    "orders_order",
    "merchant_id",
    "id",
    "external_id",
    "generation",
    "member_id",
    "channel",
    "store",
    "placed_at",
    "paid_at",
    "status",
    "lines",
    "net_minor",
    "refunded_minor",
    "units_left",
    "paid_minor",
    "points",
    "growth_value",
    "frozen",
    "fingerprint",
    "revision",
    "run_id",
    usually={"generation": 0, "refunded_minor": 0, "revision": 1, "run_id": None},
)
LINE: Final = Table(
    "orders_orderline",
    "merchant_id",
    "order_id",
    "line",
    "sku",
    "quantity",
    "unit_price_minor",
    "net_minor",
    "returned",
    plain=True,
    usually={"returned": 0},
)
ORDER_CHANGE: Final = Update(
    "orders_order",
    key={"merchant_id": "bigint", "id": "uuid"},
    sets={
        "status": "text",
        "paid_at": "timestamptz",
        "refunded_minor": "bigint",
        "units_left": "bigint",
        "points": "bigint",
        "growth_value": "bigint",
        "frozen": "text",
        "revision": "integer",
    },
    seen={"revision": "integer"},
)
LINE_CHANGE: Final = Update(
    "orders_orderline",
    key={"merchant_id": "bigint", "order_id": "uuid", "line": "smallint"},
    sets={"returned": "bigint"},
    seen={"returned": "bigint"},
)
REFUND: Final = Table(
    "orders_refund",
    "merchant_id",
    "id",
    "external_id",
    "order_id",
    "refunded_at",
    "cash_minor",
    "points_taken",
    "growth_value_taken",
    "debt",
    "lines",
    "gifts",
    "fingerprint",
    "run_id",
)


def order_row(
    merchant_id: int, view: OrderView, generation: int, fingerprint: str, run_id: UUID | None
) -> tuple[object, ...]:
    return (
        merchant_id,
        view.id,
        view.external_id,
        generation,
        view.member_id,
        view.channel,
        view.store,
        view.placed_at,
        view.paid_at,
        view.status,
        len(view.lines),
        view.net_minor,
        view.refunded_minor,
        sum(line.quantity for line in view.lines),
        view.paid_minor,
        view.points,
        view.growth_value,
        view.frozen,
        fingerprint,
        1,
        run_id,
    )


def line_rows(merchant_id: int, view: OrderView) -> list[tuple[object, ...]]:
    order_hex = view.id.hex
    return [
        (
            merchant_id,
            order_hex,
            line.line,
            line.sku,
            line.quantity,
            line.unit_price_minor,
            line.net_minor,
            line.returned,
        )
        for line in view.lines
    ]
