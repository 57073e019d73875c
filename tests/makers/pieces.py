"""Pieces of imports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from regulars.modules.orders.types import Draft


@dataclass
class Piece:
    """Orders as columns, as a file hands them over."""

    number: int = 0
    first_row: list[int] = field(default_factory=list)
    external_id: list[str] = field(default_factory=list)
    member: list[str | None] = field(default_factory=list)
    placed_at: list[datetime] = field(default_factory=list)
    channel: list[str | None] = field(default_factory=list)
    store: list[str | None] = field(default_factory=list)
    line_start: list[int] = field(default_factory=lambda: [0])
    sku: list[str] = field(default_factory=list)
    quantity: list[int] = field(default_factory=list)
    unit_price_minor: list[int | None] = field(default_factory=list)
    total_minor: list[int] = field(default_factory=list)

    def add(self, draft: Draft) -> None:
        self.first_row.append(len(self.first_row) + 2)
        self.external_id.append(draft.external_id)
        self.member.append(draft.identity[1] if draft.identity else None)
        self.placed_at.append(draft.placed_at)
        self.channel.append(draft.channel)
        self.store.append(draft.store)
        for line in draft.lines:
            self.sku.append(line.sku)
            self.quantity.append(line.quantity)
            self.unit_price_minor.append(line.unit_price_minor)
            self.total_minor.append(line.total_minor)
        self.line_start.append(len(self.sku))
