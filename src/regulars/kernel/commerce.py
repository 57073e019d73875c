"""What an order line is, and how much of it a partial return gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order, in minor units of the order's currency.

    ``total_minor`` is the truth: files bring lines where ``quantity * unit_price_minor`` cannot
    give it, and lines of quantity 0 that are kept and reported.
    """

    sku: str
    quantity: int
    unit_price_minor: int
    total_minor: int


def part_gone_back(part: int, *, quantity: int, returned: int) -> int:
    """How much of ``part`` has gone back once ``returned`` of ``quantity`` units are back, in all.

    ``part`` is a share of the line: cash, a tender, a discount, in its own unit. One return
    gives the difference to what had gone back before it, so any sequence of partial returns
    sums to the whole part: the rounding is floor, and the last unit brings the rest.

    A line of quantity 0 has no unit to return, so nothing goes back. Raises ValueError when
    ``returned`` is not between 0 and ``quantity``.
    """
    if not 0 <= returned <= quantity:
        raise ValueError(f"cannot return {returned} of {quantity} units")
    if quantity == 0:
        return 0
    return part * returned // quantity
