"""The best combination: depth first in order of application, take first, and prove the rest off.

Offers that never stand together are problems of their own: without any exclusive offer, each
exclusive offer on goods by itself, and exclusive offers of other stages. Within one, offers on
goods are tried with the lefts of all lines at hand; from the chain on (bounding.py) one number is
enough, and lines are worked out only where two combinations come to the same discount.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .basket import Basket
from .bounding import (
    Link,
    Relaxation,
    chain_start,
    least_with_shipping,
    linked,
    through_chain,
)
from .earning import Earner
from .extras import Extras, Rest
from .kinds import BPS, Play
from .playing import cut_shares, lowered, shipping_discount

#: Up to so many relevant offers the search goes on until the best is proved.
ALWAYS_EXACT: Final = 16
#: Above, it stops after so much work: a line looked at by an offer is one step.
WORK_LIMIT: Final = 60_000


class Found(NamedTuple):
    """The combination chosen, in order of application, and a proven bound over all others."""

    chosen: list[Play]
    bound: int


class State(NamedTuple):
    """Where a branch stands: what is left of each line and in all, what the cap leaves, what is
    off so far, the groups and offers taken and how many."""

    left: list[int]
    total: int
    room: int
    off: int
    groups: int
    taken: int
    offers: int


def best(basket: Basket, plays: Sequence[Play], earner: Earner, max_discount_bps: int) -> Found:
    """The best allowed combination of ``plays``, and a bound that no combination passes."""
    for place, play in enumerate(reversed(plays)):
        play.bit = 1 << place
    limit = None if len(plays) <= ALWAYS_EXACT else WORK_LIMIT
    search = Search(basket, earner, limit)
    room = basket.total * max_discount_bps // BPS
    for problem in problems(plays):
        search.solve(problem, room)
    chosen = search.chosen()
    return Found([play for play in plays if play.bit & chosen], search.bound)


def problems(plays: Sequence[Play]) -> list[list[Play]]:
    """Sets of offers within which no exclusive offer forbids another; together they hold every
    allowed combination."""
    sole = [play for play in plays if play.entry.exclusive]
    if not sole:
        return [list(plays)]
    found = [[play for play in plays if not play.entry.exclusive]]
    calm = [play for play in plays if not play.entry.exclusive and not play.entry.crowded]
    for play in sole:
        if play.entry.crowded:
            found.append(sorted([*calm, play], key=lambda one: -one.bit))
    if any(not play.entry.crowded for play in sole):
        found.append([play for play in plays if not play.entry.crowded])
    return found


class Search:
    """The best so far, over all problems of one basket."""

    def __init__(self, basket: Basket, earner: Earner, limit: int | None) -> None:
        self.basket = basket
        self.earner = earner
        self.limit = limit
        self.work = 0
        self.off = -1
        self.bound = 0
        self._leaf: tuple[Problem, State, State] | None = None
        self._rest: Rest | None = None

    def solve(self, plays: Sequence[Play], room: int) -> None:
        problem = Problem(self, plays)
        basket = self.basket
        problem.walk(0, State(basket.gross, basket.total, room, 0, 0, 0, 0))
        self.bound = max(self.bound, self.off)

    def chosen(self) -> int:
        """The bits of the best combination."""
        return self.rest().taken

    def rest(self) -> Rest:
        """What decides ties with the best so far; worked out when it is first asked for."""
        if self._rest is None:
            assert self._leaf is not None
            problem, lines, end = self._leaf
            self._rest = problem.rest(lines, end)
        return self._rest

    def judge(self, problem: Problem, lines: State, end: State) -> None:
        """A complete choice of discounts: ``lines`` at the chain's start, ``end`` behind it."""
        if end.off > self.off:
            self.off, self._leaf, self._rest = end.off, (problem, lines, end), None
        elif end.off == self.off:
            rest = problem.rest(lines, end)
            if rest > self.rest():
                self._leaf, self._rest = (problem, lines, end), rest

    def spent(self) -> bool:
        return self.limit is not None and self.work > self.limit and self.off >= 0


class Problem:
    """One set of offers without exclusive conflicts, and the walk through its combinations."""

    def __init__(self, search: Search, plays: Sequence[Play]) -> None:
        self.search = search
        self.goods = [play for play in plays if play.on_goods]
        self.start = chain_start(self.goods)
        self.shipping = [play for play in plays if play.is_shipping]
        self.chain = self.goods[self.start :] + self.shipping
        self.extras = Extras([p for p in plays if p.is_gift or p.is_multiplier], search.earner)
        self.grouped = 0
        for play in plays:
            self.grouped |= play.group
        #: The bits of all offers from a place among goods and shipping on.
        self.ahead = [sum([p.bit for p in plays if not (p.on_goods or p.is_shipping)])]
        for play in reversed(self.goods + self.shipping):
            self.ahead.insert(0, self.ahead[0] | play.bit)
        self._relaxed: dict[tuple[int, int], Relaxation] = {}
        self._links: dict[tuple[int, int], tuple[list[list[Link]], list[Play]]] = {}

    # ── before the chain ──

    def walk(self, at: int, state: State) -> None:
        """Every combination from offer ``at`` on, taking before leaving out."""
        goods, search = self.goods, self.search
        sizes: list[int] = [-1] * len(goods)
        if self.hopeless(at, state, sizes):
            return
        left, total, room, off, groups, taken, count = state
        while at < self.start:
            play = goods[at]
            at += 1
            if play.group & groups or self.size(at - 1, left, sizes) == 0 or room == 0:
                continue
            search.work += len(play.lines) + 4
            amount, shares = cut_shares(play, left, room)
            after = State(
                lowered(left, play.lines, shares),
                total - amount,
                room - amount,
                off + amount,
                groups | play.group,
                taken | play.bit,
                count + 1,
            )
            self.walk(at, after)
            if self.hopeless(at, state, sizes):
                return
        self.follow(0, state, state, self.search.basket.shipping)

    def size(self, at: int, left: Sequence[int], sizes: list[int]) -> int:
        """What the offer takes off ``left`` at most, its budget counted; kept in ``sizes``."""
        size = sizes[at]
        if size < 0:
            play = self.goods[at]
            self.search.work += len(play.lines)
            size = play.size(left)
            if play.budget is not None and play.budget < size:
                size = play.budget
            sizes[at] = size
        return size

    def hopeless(self, at: int, state: State, sizes: list[int]) -> bool:
        """Whether nothing from here on can be better than the best so far."""
        if at >= self.start:
            return False
        search = self.search
        relaxed = self.relaxation(at, state.groups)
        for place in relaxed.pooled_places:
            self.size(place, state.left, sizes)
        low = relaxed.least(state.left, state.total, sizes)
        return self.behind(at, 0, state, low, search.basket.shipping)

    def behind(self, at: int, link: int, state: State, low: int, shipping: int) -> bool:
        """The same, when the sum of goods that reaches the chain's ``link`` is ``low`` or more."""
        search = self.search
        links, free = self.links(link, state.groups)
        total = state.total
        low = through_chain(links, low, total)
        low = max(low, total - state.room)
        least = least_with_shipping(free, low, total, shipping)
        bound = state.off + total + shipping - least
        if bound < search.off:
            return True
        if search.spent():
            search.bound = max(search.bound, bound)
            return True
        return bound == search.off and self.loses_the_tie(at + link, state, shipping)

    def loses_the_tie(self, at: int, state: State, shipping: int) -> bool:
        """At best the same discount as the best so far: whether the rest cannot be better."""
        search = self.search
        best = search.rest()
        earner = search.earner
        need = search.off - state.off
        net = state.total - need + (shipping if self.shipping else 0)
        rates = earner.rates(self.extras.all_multipliers)
        points = earner.most_points(rates, state.left, min(net, state.total))
        gifts = self.extras.gifts_reached(state.left, state.groups)
        count = state.offers + (need > 0) + best.gifts
        reach = Rest(points, gifts, -count, state.taken | self.ahead[at])
        return reach <= best

    def relaxation(self, at: int, groups: int) -> Relaxation:
        key = at, groups & self.grouped
        found = self._relaxed.get(key)
        if found is None:
            places = [i for i in range(at, self.start) if not self.goods[i].group & groups]
            found = self._relaxed[key] = Relaxation(places, self.goods, self.search.basket)
        return found

    def links(self, at: int, groups: int) -> tuple[list[list[Link]], list[Play]]:
        """The chain's offers on goods from ``at`` on that may still count, and free shipping's."""
        key = at, groups & self.grouped
        found = self._links.get(key)
        if found is None:
            ahead = [play for play in self.chain[at:] if not play.group & groups]
            found = self._links[key] = (
                linked([play for play in ahead if play.on_goods]),
                [play for play in ahead if play.is_shipping],
            )
        return found

    # ── in the chain: ``state.left`` stays as it is, the numbers go on ──

    def follow(self, at: int, lines: State, state: State, shipping: int) -> None:
        """Every combination from the chain's offer ``at`` on."""
        chain, search = self.chain, self.search
        if at < len(chain) and self.behind(self.start, at, state, state.total, shipping):
            return
        left, total, room, off, groups, taken, count = state
        while at < len(chain):
            play = chain[at]
            at += 1
            search.work += 4
            amount = 0 if play.group & groups else self.amount(play, state, shipping)
            if amount == 0:
                continue
            goods = 0 if play.is_shipping else amount
            after = State(
                left,
                total - goods,
                room - goods,
                off + amount,
                groups | play.group,
                taken | play.bit,
                count + 1,
            )
            self.follow(at, lines, after, shipping - amount + goods)
            if self.behind(self.start, at, state, total, shipping):
                return
        search.judge(self, lines, state)

    def amount(self, play: Play, state: State, shipping: int) -> int:
        if play.is_shipping:
            return shipping_discount(play, state.total, shipping)
        most = min(play.entry.of_sum(state.total), state.room)
        return most if play.budget is None else min(most, play.budget)

    def rest(self, lines: State, end: State) -> Rest:
        """Points and gifts of a complete choice of discounts: the lines through the chain."""
        left, room = lines.left, lines.room
        for play in self.goods[self.start :]:
            if play.bit & end.taken:
                amount, shares = cut_shares(play, left, room)
                left, room = lowered(left, play.lines, shares), room - amount
        return self.extras.best(left, count=end.offers, groups=end.groups, taken=end.taken)
