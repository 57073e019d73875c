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
from .earning import Earner
from .extras import Rest
from .kinds import BPS, Play
from .problem import Problem, State

#: Up to so many relevant offers the search goes on until the best is proved.
ALWAYS_EXACT: Final = 16
#: Above, it stops after so many steps. Each part of the search counts what it costs, so that this
#: is about 50 ms whatever the offers; no clock is read, so the same cart has the same answer.
WORK_LIMIT: Final = 1_000_000
#: With more relevant offers than this nothing is proved beyond the first bound.
MOST_WALKED: Final = 300


class Found(NamedTuple):
    """The combination chosen, in order of application, a proven bound over all others, and how
    many steps the search took."""

    chosen: list[Play]
    bound: int
    work: int


def best(
    basket: Basket,
    plays: Sequence[Play],
    earner: Earner,
    max_discount_bps: int,
    most_work: int | None = None,
) -> Found:
    """The best allowed combination of ``plays``, and a bound that no combination passes.

    ``most_work`` is a work limit below the usual one, whatever the number of offers.
    """
    for place, play in enumerate(reversed(plays)):
        play.bit = 1 << place
        play.reach = sum([1 << i for i in play.lines])
    limit = None if len(plays) <= ALWAYS_EXACT else WORK_LIMIT
    if most_work is not None:
        limit = most_work if limit is None else min(limit, most_work)
    search = Search(basket, earner, limit)
    search.climbs = len(plays) > ALWAYS_EXACT
    room = basket.total * max_discount_bps // BPS
    for problem in problems(plays):
        search.solve(problem, room)
    chosen = search.chosen()
    return Found([play for play in plays if play.bit & chosen], search.bound, search.work)


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
        #: Whether to look for a good combination first; what can be proved comes upon one soon.
        self.climbs = False
        self.work = 0
        self.off = -1
        self.bound = 0
        self._leaf: tuple[Problem, State, State] | None = None
        self._rest: Rest | None = None

    def solve(self, plays: Sequence[Play], room: int) -> None:
        problem = Problem(self, plays)
        basket = self.basket
        begin = State(basket.gross, basket.total, room, 0, 0, 0, 0)
        if self.spent():
            self.bound = max(self.bound, problem.bound(0, begin, basket.shipping))
            return
        if self.climbs and self.limit is not None:
            climb(problem, begin, self.work + self.limit // 4)
        if len(plays) <= MOST_WALKED:
            problem.walk(0, begin, None, -1, 0)
        else:
            self.bound = max(self.bound, problem.bound(0, begin, basket.shipping))
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
