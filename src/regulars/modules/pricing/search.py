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
from .bounding import Ending, Relaxation, chain_start, link_of
from .earning import Earner
from .extras import Extras, Rest
from .kinds import BPS, Play
from .playing import cut, cut_shares, lowered, shipping_discount

#: Up to so many relevant offers the search goes on until the best is proved.
ALWAYS_EXACT: Final = 16
#: Above, it stops after so many steps. Each part of the search counts what it costs, so that this
#: is about 50 ms whatever the offers; no clock is read, so the same cart has the same answer.
WORK_LIMIT: Final = 1_200_000


_new = tuple.__new__


class Found(NamedTuple):
    """The combination chosen, in order of application, and a proven bound over all others."""

    chosen: list[Play]
    bound: int


class Sizes(NamedTuple):
    """What offers take off at most, by their place, and shares that were found on the way."""

    off: list[int]
    shares: dict[int, list[int]]


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
        play.reach = sum([1 << i for i in play.lines])
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
        begin = State(basket.gross, basket.total, room, 0, 0, 0, 0)
        if self.limit is not None:
            climb(problem, begin, self.work + self.limit // 4)
        problem.walk(0, begin, None, 0)
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


def advanced(state: State, play: Play, amount: int, left: list[int]) -> State:
    """The state after ``play`` took off ``amount`` and left this of the lines."""
    goods = 0 if play.is_shipping else amount
    _, total, room, off, groups, taken, offers = state
    after = left, total - goods, room - goods, off + amount
    return _new(State, (*after, groups | play.group, taken | play.bit, offers + 1))


def climb(problem: Problem, begin: State, enough: int) -> None:
    """A good combination to begin with, where a proof may not be reached: all that may come, then
    one offer in or out as long as that takes off more."""
    search = problem.search
    rivals: dict[int, int] = {}
    for play in problem.goods + problem.shipping:
        if play.group:
            rivals[play.group] = rivals.get(play.group, 0) | play.bit
    wanted = problem.ahead[0]
    best = problem.along(begin, wanted)
    climbing = True
    while climbing:
        climbing = False
        for play in problem.goods + problem.shipping:
            if search.work > enough:
                break
            if play.bit & best[1].taken:
                other = wanted & ~play.bit
            else:
                other = wanted & ~rivals.get(play.group, 0) | play.bit
            found = problem.along(begin, other)
            if found[1].off > best[1].off:
                wanted, best, climbing = other, found, True
    search.judge(problem, *best)


class Problem:
    """One set of offers without exclusive conflicts, and the walk through its combinations."""

    def __init__(self, search: Search, plays: Sequence[Play]) -> None:
        self.search = search
        self.goods = [play for play in plays if play.on_goods]
        self.start = chain_start(self.goods)
        self.shipping = [play for play in plays if play.is_shipping]
        self.chain = self.goods[self.start :] + self.shipping
        self.links = {p.bit: link_of(p) for p in self.goods[self.start :]}
        self.extras = Extras([p for p in plays if p.is_gift or p.is_multiplier], search.earner)
        self.grouped = 0
        for play in plays:
            self.grouped |= play.group
        #: The bits of all offers from a place among goods and shipping on.
        self.ahead = [sum([p.bit for p in plays if not (p.on_goods or p.is_shipping)])]
        for play in reversed(self.goods + self.shipping):
            self.ahead.insert(0, self.ahead[0] | play.bit)
        self._relaxed: dict[tuple[int, int], Relaxation] = {}
        self._endings: dict[tuple[int, int], Ending] = {}

    def relaxation(self, at: int, groups: int) -> Relaxation:
        key = at, groups & self.grouped
        found = self._relaxed.get(key)
        if found is None:
            places = [i for i in range(at, self.start) if not self.goods[i].group & groups]
            found = self._relaxed[key] = Relaxation(places, self.goods, self.search.basket)
            self.search.work += 50 + (20 + 6 * len(self.search.basket.skus)) * len(places)
        return found

    def ending(self, at: int, groups: int) -> Ending:
        key = at, groups & self.grouped
        found = self._endings.get(key)
        if found is None:
            ahead = [play for play in self.chain[at:] if not play.group & groups]
            found = self._endings[key] = Ending(ahead, self.links)
            self.search.work += 10 + 5 * len(self.chain)
        return found

    def least(self, link: int, low: int, state: State, shipping: int) -> int:
        """The least of goods and shipping in the end, when goods of ``low`` or more reach the
        chain's ``link``."""
        ending = self.ending(link, state.groups)
        self.search.work += ending.steps
        return ending.least(low, state.total, state.room, shipping)

    # ── before the chain ──

    def walk(self, at: int, state: State, before: Sizes | None, changed: int) -> None:
        """Every combination from offer ``at`` on, taking before leaving out.

        ``before`` are the discounts on an earlier state, of which the lines ``changed`` have less
        now; so these are at most as large, and the same where no line changed.
        """
        start, shipping = self.start, self.search.basket.shipping
        if at == start:
            self.follow(0, state, state, shipping)
            return
        left, room, groups = state.left, state.room, state.groups
        sizes: Sizes | None = None
        if self.search.off >= 0:
            relaxed = self.relaxation(at, groups)
            if before is not None:
                low = relaxed.least(left, before.off)
                if self.behind(at, state, self.least(0, low, state, shipping), shipping):
                    return
            sizes = self.sizes(relaxed.places, left, before, changed)
            if relaxed.places:
                low = relaxed.least(left, sizes.off)
                if self.behind(at, state, self.least(0, low, state, shipping), shipping):
                    return
        while at < start:
            play = self.goods[at]
            at += 1
            if play.group & groups:
                continue
            shares = None if sizes is None else sizes.shares.get(at - 1)
            if shares is None:
                shares = play.shares(left)
            amount = sum(shares)
            if amount > room or (play.budget is not None and amount > play.budget):
                amount, shares = cut(shares, play.budget, room)
            if amount == 0:
                continue
            self.search.work += 60 + 4 * len(left)
            after = advanced(state, play, amount, lowered(left, play.lines, shares))
            self.walk(at, after, sizes, play.reach)
            relaxed = self.relaxation(at, groups)
            if sizes is None:
                sizes = self.sizes(relaxed.places, left, None, 0)
            low = relaxed.least(left, sizes.off)
            if self.behind(at, state, self.least(0, low, state, shipping), shipping):
                return
        self.follow(0, state, state, shipping)

    def sizes(
        self, places: Sequence[int], left: list[int], before: Sizes | None, changed: int
    ) -> Sizes:
        """What the offers at ``places`` take off ``left`` at most, budgets counted."""
        goods = self.goods
        off = [0] * len(goods)
        known: dict[int, list[int]] = {}
        work = 0
        for at in places:
            play = goods[at]
            if before is not None and not play.reach & changed:
                off[at] = before.off[at]
                if at in before.shares:
                    known[at] = before.shares[at]
                continue
            work += play.steps * (3 + len(play.lines))
            if play.sums:
                size = play.size(left)
            else:
                shares = known[at] = play.shares(left)
                size = sum(shares)
            budget = play.budget
            off[at] = size if budget is None or size < budget else budget
        self.search.work += work
        return Sizes(off, known)

    # ── in the chain: ``state.left`` stays as it is, the numbers go on ──

    def follow(self, at: int, lines: State, state: State, shipping: int) -> None:
        """Every combination from the chain's offer ``at`` on."""
        chain, start = self.chain, self.start
        total, groups = state.total, state.groups
        if at < len(chain) and self.search.off >= 0:
            least = self.least(at, total, state, shipping)
            if self.behind(start + at, state, least, shipping):
                return
        while at < len(chain):
            play = chain[at]
            at += 1
            amount = 0 if play.group & groups else self.amount(play, state, shipping)
            if amount == 0:
                continue
            after = advanced(state, play, amount, state.left)
            self.follow(at, lines, after, shipping - amount if play.is_shipping else shipping)
            least = self.least(at, total, state, shipping)
            if self.behind(start + at, state, least, shipping):
                return
        self.search.judge(self, lines, state)

    def amount(self, play: Play, state: State, shipping: int) -> int:
        if play.is_shipping:
            return shipping_discount(play, state.total, shipping)
        most = min(play.entry.of_sum(state.total), state.room)
        return most if play.budget is None else min(most, play.budget)

    # ── what cannot win ──

    def behind(self, at: int, state: State, least: int, shipping: int) -> bool:
        """Whether nothing can be better than the best so far, where goods and shipping come to
        ``least`` or more in the end and the offers from ``at`` on are still open."""
        search = self.search
        search.work += 8
        bound = state.off + state.total + shipping - least
        if bound < search.off:
            return True
        if search.limit is not None and search.spent():
            search.bound = max(search.bound, bound)
            return True
        return bound == search.off and self.loses_the_tie(at, state, shipping)

    def loses_the_tie(self, at: int, state: State, shipping: int) -> bool:
        """At best the same discount as the best so far: whether the rest cannot be better."""
        search = self.search
        search.work += 80 + 12 * len(state.left)
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

    def along(self, begin: State, wanted: int) -> tuple[State, State]:
        """Where those of ``wanted`` lead that may come and have an effect: at the chain's start,
        and behind it."""
        lines, goods = begin, self.goods
        for play in goods[: self.start]:
            if play.bit & wanted and not play.group & lines.groups:
                self.search.work += 60 + 6 * len(play.lines)
                amount, shares = cut_shares(play, lines.left, lines.room)
                if amount:
                    lines = advanced(lines, play, amount, lowered(lines.left, play.lines, shares))
        end, shipping = lines, self.search.basket.shipping
        for play in self.chain:
            if play.bit & wanted and not play.group & end.groups:
                self.search.work += 20
                amount = self.amount(play, end, shipping)
                if amount:
                    end = advanced(end, play, amount, end.left)
                    shipping -= amount if play.is_shipping else 0
        return lines, end

    def rest(self, lines: State, end: State) -> Rest:
        """Points and gifts of a complete choice of discounts: the lines through the chain."""
        left, room = lines.left, lines.room
        for play in self.goods[self.start :]:
            if play.bit & end.taken:
                self.search.work += 30 + 4 * len(left)
                amount, shares = cut_shares(play, left, room)
                left, room = lowered(left, play.lines, shares), room - amount
        search = self.search
        enough = None if search.limit is None else max(search.limit - search.work, 0)
        found, work = self.extras.best(
            left, count=end.offers, groups=end.groups, taken=end.taken, enough=enough
        )
        search.work += work
        return found
