"""What the set-based path takes in and tells: pieces, options, results."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID


@contextmanager
def collector_paused() -> Iterator[None]:
    """A piece makes a million small tuples and no cycles: walking them again and again would cost
    a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Piece(Protocol):
    """Orders as columns, in the order of time; order i has the lines from line_start[i]."""

    @property
    def number(self) -> int: ...
    @property
    def first_row(self) -> list[int]: ...
    @property
    def external_id(self) -> list[str]: ...
    @property
    def member(self) -> list[str | None]: ...
    @property
    def placed_at(self) -> list[datetime]: ...
    @property
    def channel(self) -> list[str | None]: ...
    @property
    def store(self) -> list[str | None]: ...
    @property
    def line_start(self) -> list[int]: ...
    @property
    def sku(self) -> list[str]: ...
    @property
    def quantity(self) -> list[int]: ...
    @property
    def unit_price_minor(self) -> list[int | None]: ...
    @property
    def total_minor(self) -> list[int]: ...


P = TypeVar("P", bound=Piece)


@dataclass(frozen=True, slots=True)
class Refused:
    """An order of a piece that was not taken."""

    index: int
    row: int
    external_id: str
    code: str
    detail: str


@dataclass(slots=True)
class PieceResult:
    """What a piece brought. ``orders`` and ``lines`` count the new ones."""

    orders: int = 0
    lines: int = 0
    repeated: int = 0
    members: int = 0
    refused: list[Refused] = field(default_factory=list)
    order_ids: list[UUID | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """How members of a piece are known, and whose run it is."""

    run_id: UUID | None
    identity_type: str = "external"
    status: str = "shopper"
