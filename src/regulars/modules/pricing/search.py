"""The best combination: a search in order of application that proves what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .basket import Basket
from .earning import Earner
from .playing import Play, Table


class Found(NamedTuple):
    """The combination chosen, in order of application, and a proven bound over all others."""

    chosen: list[Play]
    bound: int


Rank = tuple[int, int, int, int, int]
"""Total discount, points, gifts, minus the number of offers, and the bits of those taken."""


def best(basket: Basket, plays: Sequence[Play], earner: Earner, max_discount_bps: int) -> Found:
    search = _Search(plays, earner)
    table = Table(basket, max_discount_bps)
    search.walk(0, table, [], 0, 0)
    return Found(search.chosen, search.rank[0])


class _Search:
    def __init__(self, plays: Sequence[Play], earner: Earner) -> None:
        self.plays = plays
        self.earner = earner
        self.rank: Rank = (-1, 0, 0, 0, 0)
        self.chosen: list[Play] = []

    def walk(self, place: int, table: Table, taken: list[Play], groups: int, off: int) -> None:
        if place == len(self.plays):
            self.judge(table, taken, off)
            return
        play = self.plays[place]
        if not (play.group & groups) and not self.excluded(play, taken):
            left, room, shipping = table.left, table.room, table.shipping
            step = table.apply(play)
            if step is not None:
                taken.append(play)
                self.walk(place + 1, table, taken, groups | play.group, off + step.amount)
                taken.pop()
                table.left, table.room, table.shipping = left, room, shipping
        if off + self.bound(place + 1, table, groups) >= self.rank[0]:
            self.walk(place + 1, table, taken, groups, off)

    def excluded(self, play: Play, taken: list[Play]) -> bool:
        return any(
            (play.exclusive and other.crowded) or (other.exclusive and play.crowded)
            for other in taken
        )

    def bound(self, place: int, table: Table, groups: int) -> int:
        goods = shipping = 0
        for play in self.plays[place:]:
            if play.group & groups:
                continue
            if play.on_goods:
                size = play.size(table.left)
                goods += size if play.budget is None else min(size, play.budget)
            elif play.is_shipping:
                shipping += table.shipping_discount(play)
        return min(goods, table.room, sum(table.left)) + min(shipping, table.shipping)

    def judge(self, table: Table, taken: list[Play], off: int) -> None:
        rates = self.earner.rates(self.earner.multiplied([p for p in taken if p.is_multiplier]))
        rank = (
            off,
            self.earner.points(rates, table.left),
            sum(play.is_gift for play in taken),
            -len(taken),
            sum(play.bit for play in taken),
        )
        if rank > self.rank:
            self.rank, self.chosen = rank, list(taken)
