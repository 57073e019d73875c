"""Offers bound to one basket, and applied to it in turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from regulars.kernel.allocation import allocate
from regulars.modules.promotions.types import (
    FreeShipping,
    Gift,
    PointsMultiplier,
    SpendPercent,
    SpendSave,
)

from .basket import Basket
from .book import Relevant
from .kinds import BPS, terms_of
from .types import GiftLine

#: The stages that an exclusive offer wants for itself.
CROWDED: Final = frozenset({"item", "order", "coupon"})


class Play:
    """One relevant offer of a basket, with everything that search and application ask of it.

    ``group`` is a bit for the group it belongs to, 0 for none; ``bit`` its own bit among the
    basket's plays, the higher the earlier it applies, so that of two sets the one that takes the
    earlier offer where they first differ is the larger number.
    """

    __slots__ = (
        "bit",
        "bps",
        "budget",
        "code",
        "crowded",
        "entry",
        "exclusive",
        "gift",
        "group",
        "is_gift",
        "is_multiplier",
        "is_shipping",
        "lines",
        "of_sum",
        "on_goods",
        "rank",
        "shares",
        "size",
        "spend",
        "whole",
    )

    def __init__(self, found: Relevant, basket: Basket, *, bit: int, group: int) -> None:
        offer = found.entry.offer
        params = offer.params
        self.entry = found.entry
        self.code = offer.code
        self.rank = found.entry.rank
        self.lines = found.lines
        self.budget = found.budget
        self.bit = bit
        self.group = group
        self.exclusive = offer.exclusive
        self.crowded = offer.stage in CROWDED
        self.whole = len(found.lines) == len(basket.skus)
        self.is_shipping = isinstance(params, FreeShipping)
        self.gift = (
            GiftLine(offer.code, params.sku, params.quantity) if isinstance(params, Gift) else None
        )
        self.is_gift = self.gift is not None
        self.is_multiplier = isinstance(params, PointsMultiplier)
        self.bps = params.bps if isinstance(params, PointsMultiplier) else 0
        self.spend: int | None = None
        if isinstance(params, SpendSave | SpendPercent):
            self.spend = params.steps[0].spend
        elif isinstance(params, FreeShipping | Gift):
            self.spend = params.spend
        terms = terms_of(offer, basket, found.lines)
        self.on_goods = terms is not None
        if terms is not None:
            self.size, self.shares, self.of_sum = terms

    def sum_in_scope(self, left: Sequence[int]) -> int:
        """What thresholds and gifts of this offer look at; free shipping looks at all lines."""
        if self.whole or self.is_shipping:
            return sum(left)
        return sum([left[i] for i in self.lines])


def plays_of(relevant: Sequence[Relevant], basket: Basket) -> list[Play]:
    """The plays of a basket, in order of application."""
    groups: dict[str, int] = {}
    last = len(relevant) - 1
    plays = []
    for place, found in enumerate(relevant):
        name = found.entry.offer.group
        group = 0 if name is None else groups.setdefault(name, 1 << len(groups))
        plays.append(Play(found, basket, bit=1 << (last - place), group=group))
    return plays


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
    """A basket on which offers are applied one after the other."""

    __slots__ = ("left", "room", "shipping")

    def __init__(self, basket: Basket, max_discount_bps: int) -> None:
        self.left = basket.gross
        self.room = basket.total * max_discount_bps // BPS
        self.shipping = basket.shipping

    def apply(self, play: Play) -> Step | None:
        """Apply one offer; None, and nothing changes, where it has no effect."""
        before, room = self.left, self.room
        if play.on_goods:
            amount, shares = cut_shares(play, before, room)
            if amount <= 0:
                return None
            self.left = lowered(before, play.lines, shares)
            self.room = room - amount
            return Step(play, amount, shares, before, room)
        if play.is_shipping:
            amount = self.shipping_discount(play)
            if amount <= 0:
                return None
            self.shipping -= amount
            return Step(play, amount, [], before, room)
        if play.is_gift and play.spend is not None and play.sum_in_scope(before) < play.spend:
            return None
        return Step(play, 0, [], before, room)

    def shipping_discount(self, play: Play) -> int:
        if play.spend is None or sum(self.left) < play.spend:
            return 0
        budget = play.budget
        return self.shipping if budget is None or budget > self.shipping else budget


def cut_shares(play: Play, left: Sequence[int], room: int) -> tuple[int, list[int]]:
    """An offer's discount and shares, cut to its budget and to what the cap leaves."""
    shares = play.shares(left)
    amount = sum(shares)
    most = room if play.budget is None or play.budget > room else play.budget
    if amount > most:
        return most, allocate(most, shares)
    return amount, shares


def lowered(left: Sequence[int], lines: tuple[int, ...], shares: Sequence[int]) -> list[int]:
    """What is left after ``shares`` of ``lines`` are off."""
    if len(lines) == len(left):
        return [a - b for a, b in zip(left, shares, strict=True)]
    after = list(left)
    for i, share in zip(lines, shares, strict=True):
        after[i] -= share
    return after


def conflicts(play: Play, others: Iterable[Play]) -> tuple[bool, bool]:
    """Whether ``play`` beside ``others`` breaks the rule of groups, and that of exclusives."""
    group = exclusive = False
    for other in others:
        if play.group and play.group == other.group:
            group = True
        if (play.exclusive and other.crowded) or (other.exclusive and play.crowded):
            exclusive = True
    return group, exclusive
