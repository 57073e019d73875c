"""Offers applied to a basket, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import sub

from regulars.kernel.allocation import allocate

from .basket import Basket
from .kinds import BPS, Play


class Step:
    """One offer as it applied: ``amount`` in all and its ``shares`` over the lines of the play;
    ``before`` is what was left of each line, ``room`` what the cap left, before it applied."""

    __slots__ = ("amount", "before", "play", "room", "shares")

    def __init__(
        self, play: Play, amount: int, shares: list[int], before: list[int], room: int
    ) -> None:
        self.play = play
        self.amount = amount
        self.shares = shares
        self.before = before
        self.room = room


class Table:
    """A basket on which offers are applied: what is ``left`` of each line, the ``room`` that the
    cap leaves, and what ``shipping`` still costs."""

    __slots__ = ("left", "room", "shipping")

    def __init__(self, left: list[int], room: int, shipping: int) -> None:
        self.left = left
        self.room = room
        self.shipping = shipping

    @staticmethod
    def of(basket: Basket, max_discount_bps: int) -> Table:
        return Table(basket.gross, basket.total * max_discount_bps // BPS, basket.shipping)

    def apply(self, play: Play) -> Step | None:
        """Apply one offer; None, and nothing changes, where it has no effect."""
        before, room = self.left, self.room
        if play.on_goods:
            amount, shares = play.off(before)
            if amount > room or (play.budget is not None and amount > play.budget):
                amount, shares = cut(shares, play.budget, room)
            if amount == 0:
                return None
            self.left = lowered(before, play.lines, shares)
            self.room = room - amount
            return Step(play, amount, shares, before, room)
        if play.is_shipping:
            amount = shipping_discount(play, sum(before), self.shipping)
            if amount == 0:
                return None
            self.shipping -= amount
            return Step(play, amount, [], before, room)
        if play.spend is not None and play.sum_in_scope(before) < play.spend:
            return None
        return Step(play, 0, [], before, room)


def shipping_discount(play: Play, goods: int, shipping: int) -> int:
    """What free shipping takes off, when goods come to this."""
    if goods < (play.spend or 0):
        return 0
    return shipping if play.budget is None or play.budget > shipping else play.budget


def cut(shares: list[int], budget: int | None, room: int) -> tuple[int, list[int]]:
    """Shares cut to a budget and to what the cap leaves, allocated anew over the uncut ones."""
    most = room if budget is None or budget > room else budget
    return most, allocate(most, shares)


def cut_shares(
    play: Play, left: Sequence[int], room: int, known: list[int] | None = None
) -> tuple[int, list[int]]:
    """An offer's discount and shares, cut to its budget and to what the cap leaves; ``known`` are
    the uncut shares of whoever has them."""
    amount, shares = play.off(left) if known is None else (sum(known), known)
    if amount > room or (play.budget is not None and amount > play.budget):
        return cut(shares, play.budget, room)
    return amount, shares


def lowered(left: Sequence[int], lines: tuple[int, ...], shares: Sequence[int]) -> list[int]:
    """What is left after ``shares`` of ``lines`` are off."""
    if len(lines) == len(left):
        return list(map(sub, left, shares))
    after = list(left)
    for i, share in zip(lines, shares, strict=True):
        if share:
            after[i] -= share
    return after


class Company:
    """Which offers are taken already, and who may not join them."""

    __slots__ = ("_crowded", "_exclusive", "_groups")

    def __init__(self, plays: Iterable[Play] = ()) -> None:
        self._groups = 0
        self._crowded = self._exclusive = False
        for play in plays:
            self.take(play)

    def take(self, play: Play) -> None:
        entry = play.entry
        self._groups |= play.group
        if entry.crowded:
            self._crowded = True
        if entry.exclusive:
            self._exclusive = True

    def admits(self, play: Play) -> bool:
        """Whether the offer may join."""
        if play.group & self._groups:
            return False
        entry = play.entry
        if entry.exclusive and self._crowded:
            return False
        return not (self._exclusive and entry.crowded)

    def shares_a_group(self, play: Play) -> bool:
        return play.group & self._groups != 0

    def is_exclusive(self, play: Play) -> bool:
        """Whether an exclusive offer is on one side, and item, order or coupon on the other."""
        entry = play.entry
        return (entry.exclusive and self._crowded) or (entry.crowded and self._exclusive)
