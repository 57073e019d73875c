"""Pure rules of orders: what a return gives back and takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.kernel.commerce import part_gone_back
from regulars.modules.earning.rules import earned
from regulars.modules.earning.types import Frozen

from .errors import OverRefund
from .types import LineView, ReturnedLine


def kept_net(lines: Sequence[LineView]) -> list[int]:
    """What each line still costs after its returned units went back."""
    return [
        line.net_minor
        - part_gone_back(line.net_minor, quantity=line.quantity, returned=line.returned)
        if line.returned
        else line.net_minor
        for line in lines
    ]


def with_returns(lines: Sequence[LineView], returns: Mapping[int, int]) -> list[LineView]:
    """The lines after ``returns`` (line -> units, each > 0); raises OverRefund."""
    known = {line.line for line in lines}
    for number in returns:
        if number not in known:
            raise OverRefund(f"The order has no line {number}; lines are numbered from 1.")
    after = []
    for line in lines:
        units = returns.get(line.line, 0)
        left = line.quantity - line.returned
        if units > left:
            raise OverRefund(f"Line {line.line} has {left} left to return, not {units}.")
        after.append(
            LineView(
                line.line,
                line.sku,
                line.quantity,
                line.unit_price_minor,
                line.net_minor,
                line.returned + units,
            )
            if units
            else line
        )
    return after


def cash_back(before: Sequence[LineView], after: Sequence[LineView]) -> tuple[ReturnedLine, ...]:
    """What goes back per line: part x returned // quantity in all, less what went back before."""
    kept = zip(before, after, kept_net(before), kept_net(after), strict=True)
    return tuple(
        ReturnedLine(then.line, now.returned - then.returned, old - new)
        for then, now, old, new in kept
        if now.returned > then.returned
    )


def taken_by_return(frozen: Frozen, before: Sequence[int], after: Sequence[int]) -> int:
    """What the kept nets no longer earn, under the terms of the purchase; never negative."""
    return max(0, earned(frozen, before) - earned(frozen, after))


def wholly_returned(lines: Sequence[LineView]) -> bool:
    """Every unit came back (a line of quantity 0 has none that could)."""
    return any(line.quantity for line in lines) and all(
        line.returned == line.quantity for line in lines
    )
