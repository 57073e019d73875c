"""What orders announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from .base import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCreated(Event):
    """An order is in the books."""

    topic: ClassVar[str] = "order.created"
    version: ClassVar[int] = 1

    order_id: UUID
    member_id: UUID | None
    net_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Event):
    """An order was paid; it counts from ``month`` (of its program day) on."""

    topic: ClassVar[str] = "order.paid"
    version: ClassVar[int] = 1

    order_id: UUID
    member_id: UUID | None
    net_minor: int
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(Event):
    """Part or all of an order went back; ``whole``: every unit of it has by now."""

    topic: ClassVar[str] = "order.refunded"
    version: ClassVar[int] = 1

    order_id: UUID
    refund_id: UUID
    member_id: UUID | None
    cash_minor: int
    month: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """An order was called off, with everything it had brought."""

    topic: ClassVar[str] = "order.cancelled"
    version: ClassVar[int] = 1

    order_id: UUID
    member_id: UUID | None
    month: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersImported(Event):
    """A piece of an import run was settled; ``months`` are the months it touched.

    Ids of orders rise, so ``first_order`` to ``last_order`` are those of the run that it touched.
    """

    topic: ClassVar[str] = "orders.imported"
    version: ClassVar[int] = 1

    run_id: UUID
    orders: int
    months: tuple[str, ...]
    first_order: UUID | None = None
    last_order: UUID | None = None
