"""One set of offers without exclusive conflicts, and the walk through its combinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from .bounding import Ending, Relaxation, chain_start, link_of, steady_bps
from .extras import Extras, Rest
from .kinds import Play
from .playing import cut_shares, lowered, shipping_discount

if TYPE_CHECKING:
    from .search import Search

_new = tuple.__new__


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


def advanced(state: State, play: Play, amount: int, left: list[int]) -> State:
    """The state after ``play`` took off ``amount`` and left this of the lines."""
    goods = 0 if play.is_shipping else amount
    _, total, room, off, groups, taken, offers = state
    after = left, total - goods, room - goods, off + amount
    return _new(State, (*after, groups | play.group, taken | play.bit, offers + 1))


class Problem:
    """Offers that may all stand together but for their groups, in order of application."""

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
        #: Before the chain, percentages from a threshold on: below it they are *gone* for good.
        self._shares = [
            (place, play, play.spend)
            for place, play in enumerate(self.goods[: self.start])
            if play.spend is not None and steady_bps(play) is not None
        ]
        self._relaxed: list[dict[tuple[int, int], Relaxation]]
        self._relaxed = [{} for _ in range(self.start + 1)]
        self._endings: list[dict[int, Ending]] = [{} for _ in range(len(self.chain) + 1)]

    def relaxation(self, at: int, groups: int, gone: int) -> Relaxation:
        """What may still come of the goods before the chain, from ``at`` on."""
        key = groups & self.grouped, gone
        found = self._relaxed[at].get(key)
        return self._relax(at, *key) if found is None else found

    def gone(self, at: int, left: Sequence[int], changed: int) -> int:
        """The offers from ``at`` on whose threshold cannot be reached any more, of those with one
        of the lines ``changed`` in scope."""
        gone = 0
        self.search.work += 8 * len(self._shares)
        for place, play, spend in self._shares:
            if place >= at and play.reach & changed and play.sum_in_scope(left) < spend:
                gone |= play.bit
        return gone

    def _relax(self, at: int, groups: int, gone: int) -> Relaxation:
        """From the nearest place behind that is known, offer by offer to the front."""
        goods, basket, known = self.goods, self.search.basket, self._relaxed
        place, key = at, (groups, gone)
        while place < self.start and key not in known[place]:
            place += 1
        found = known[place].get(key)
        if found is None:
            found = known[place][key] = Relaxation.of([], goods, basket)
        steps = 100 + 8 * len(basket.skus)
        while place > at:
            place -= 1
            play = goods[place]
            if play.group & groups or play.bit & gone:
                pass
            elif play.group & found.groups & ~found.shared:
                places = [
                    i
                    for i in range(place, self.start)
                    if not (goods[i].group & groups or goods[i].bit & gone)
                ]
                found = Relaxation.of(places, goods, basket)
                self.search.work += steps * len(places)
            else:
                found = found.behind(place, play)
                self.search.work += steps
            known[place][key] = found
        return found

    def ending(self, at: int, groups: int) -> Ending:
        """What may still come of the chain and of free shipping, from the chain's ``at`` on."""
        known, key = self._endings[at], groups & self.grouped
        found = known.get(key)
        if found is None:
            ahead = [play for play in self.chain[at:] if not play.group & groups]
            found = known[key] = Ending(ahead, self.links)
            self.search.work += 10 + 5 * len(self.chain)
        self.search.work += found.steps
        return found

    # ── before the chain ──

    def walk(self, at: int, state: State, before: Sizes | None, changed: int, gone: int) -> None:
        """Every combination from offer ``at`` on, taking before leaving out.

        ``before`` are the discounts on an earlier state, of which the lines ``changed`` have less
        now; so these are at most as large, and the same where no line changed. ``gone`` are the
        offers whose threshold could not be reached even then.
        """
        start, search = self.start, self.search
        shipping = search.basket.shipping
        if at == start:
            self.follow(0, state, state, shipping)
            return
        left, total, room, groups = state.left, state.total, state.room, state.groups
        most, ending = state.off + total + shipping, self.ending(0, groups)
        sizes: Sizes | None = None
        if self._shares:
            gone |= self.gone(at, left, changed)
        if search.off >= 0:
            relaxed = self.relaxation(at, groups, gone)
            if before is not None:
                low = relaxed.least(left, before.off)
                bound = most - ending.least(low, total, room, shipping)
                if bound < search.off or self.behind(at, state, bound, shipping):
                    return
            sizes = self.sizes(relaxed.places, left, before, changed)
            if relaxed.places:
                bound = most - ending.least(relaxed.least(left, sizes.off), total, room, shipping)
                if bound < search.off or self.behind(at, state, bound, shipping):
                    return
        while at < start:
            play = self.goods[at]
            at += 1
            if play.group & groups or play.bit & gone:
                continue
            known = None if sizes is None else sizes.shares.get(at - 1)
            amount, shares = cut_shares(play, left, room, known)
            if amount == 0:
                continue
            search.work += 60 + 4 * len(left)
            after = advanced(state, play, amount, lowered(left, play.lines, shares))
            self.walk(at, after, sizes, play.reach, gone)
            relaxed = self.relaxation(at, groups, gone)
            if sizes is None:
                sizes = self.sizes(relaxed.places, left, None, 0)
            bound = most - ending.least(relaxed.least(left, sizes.off), total, room, shipping)
            if bound < search.off or self.behind(at, state, bound, shipping):
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
        chain, start, search = self.chain, self.start, self.search
        total, room, groups = state.total, state.room, state.groups
        most = state.off + total + shipping
        if at < len(chain) and search.off >= 0:
            bound = most - self.ending(at, groups).least(total, total, room, shipping)
            if bound < search.off or self.behind(start + at, state, bound, shipping):
                return
        while at < len(chain):
            play = chain[at]
            at += 1
            amount = 0 if play.group & groups else self.amount(play, state, shipping)
            if amount == 0:
                continue
            after = advanced(state, play, amount, state.left)
            self.follow(at, lines, after, shipping - amount if play.is_shipping else shipping)
            bound = most - self.ending(at, groups).least(total, total, room, shipping)
            if bound < search.off or self.behind(start + at, state, bound, shipping):
                return
        search.judge(self, lines, state)

    def amount(self, play: Play, state: State, shipping: int) -> int:
        if play.is_shipping:
            return shipping_discount(play, state.total, shipping)
        most = min(play.entry.of_sum(state.total), state.room)
        return most if play.budget is None else min(most, play.budget)

    # ── what cannot win ──

    def behind(self, at: int, state: State, bound: int, shipping: int) -> bool:
        """Whether nothing can be better than the best so far, where at most ``bound`` comes off in
        all and the offers from ``at`` on are still open."""
        search = self.search
        if search.limit is not None and search.spent():
            search.bound = max(search.bound, bound)
            return True
        return bound == search.off and self.loses_the_tie(at, state, shipping)

    def bound(self, at: int, state: State, shipping: int) -> int:
        """The most that may come off in all from offer ``at`` on, the chain's included."""
        low, link = state.total, max(0, at - self.start)
        if at < self.start:
            gone = self.gone(at, state.left, -1)
            relaxed = self.relaxation(at, state.groups, gone)
            low = relaxed.least(state.left, self.sizes(relaxed.places, state.left, None, 0).off)
        least = self.ending(link, state.groups).least(low, state.total, state.room, shipping)
        return state.off + state.total + shipping - least

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
