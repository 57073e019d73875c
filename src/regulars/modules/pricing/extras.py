"""Gifts and multipliers: what is best once all discounts are settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .earning import Earner, multiplier
from .kinds import BPS, Play


class Rest(NamedTuple):
    """What decides between combinations of equal discount, the greater the better: points, gifts,
    minus the number of offers, and the bits of those taken."""

    points: int
    gifts: int
    fewness: int
    taken: int


class Extras:
    """Gifts and multipliers of one basket, in order of application."""

    __slots__ = (
        "_ahead",
        "_best",
        "_dived",
        "_earner",
        "_enough",
        "_left",
        "_plays",
        "_work",
        "all_multipliers",
    )

    def __init__(self, plays: Sequence[Play], earner: Earner) -> None:
        self._plays = plays
        self._earner = earner
        count = len(earner.plain)
        ahead: list[list[int]] = [[BPS] * count]
        for play in reversed(plays):
            highest = ahead[-1]
            if play.is_multiplier:
                highest, bps = list(highest), multiplier(play)
                for i in play.lines:
                    highest[i] = max(highest[i], bps)
            ahead.append(highest)
        #: For each place the highest multipliers that may still come.
        self._ahead = ahead[::-1]
        self.all_multipliers = self._ahead[0]

    def best(
        self, left: Sequence[int], *, count: int, groups: int, taken: int, enough: int | None
    ) -> tuple[Rest, int]:
        """The best rest when ``count`` offers of ``taken`` and ``groups`` left this to pay, and
        the steps it took; it ends after ``enough`` of them."""
        if not self._plays:
            points = self._earner.points(self._earner.plain, left)
            return Rest(points, 0, -count, taken), 10
        self._left, self._enough, self._work = left, enough, 0
        self._best = Rest(-1, 0, 0, 0)
        self._dived = False
        self._walk(0, self._ahead[-1], 0, count, groups, taken)
        return self._best, self._work

    def gifts_reached(self, left: Sequence[int], groups: int) -> int:
        """The most gifts that may still count."""
        return sum(
            [
                play.sum_in_scope(left) >= (play.spend or 0)
                for play in self._plays
                if play.is_gift and not play.group & groups
            ]
        )

    def _points(self, multipliers: Sequence[int]) -> int:
        return self._earner.points(self._earner.rates(multipliers), self._left)

    def _walk(
        self, at: int, highest: list[int], gifts: int, count: int, groups: int, taken: int
    ) -> None:
        """Take first; a branch ends where it cannot win, or has nothing more to win."""
        plays = self._plays
        points = self._points(highest)
        while True:
            here = Rest(points, gifts, -count, taken)
            self._best = max(self._best, here)
            while at < len(plays) and not self._adds(plays[at], highest, groups):
                at += 1
            if at == len(plays):
                self._dived = True
                return
            if not self._may_win(at, highest, gifts, count, groups, taken):
                return
            if self._dived and self._enough is not None and self._work > self._enough:
                return
            play = plays[at]
            self._walk(
                at + 1,
                _raised(highest, play) if play.is_multiplier else highest,
                gifts + play.is_gift,
                count + 1,
                groups | play.group,
                taken | play.bit,
            )
            at += 1

    def _adds(self, play: Play, highest: list[int], groups: int) -> bool:
        if play.group & groups:
            return False
        if play.is_gift:
            return play.sum_in_scope(self._left) >= (play.spend or 0)
        bps = multiplier(play)
        return any(highest[i] < bps for i in play.lines)

    def _may_win(
        self, at: int, highest: list[int], gifts: int, count: int, groups: int, taken: int
    ) -> bool:
        ahead = self._ahead[at]
        self._work += 60 + 10 * len(highest) + 3 * len(self._plays)
        points = self._points([max(pair) for pair in zip(highest, ahead, strict=True)])
        open_bits = 0
        more = 0
        for play in self._plays[at:]:
            open_bits |= play.bit
            more += play.is_gift and not play.group & groups
        best = self._best
        reach = (points, gifts + more, -count - 1, taken | open_bits)
        return reach > (best.points, best.gifts, best.fewness, best.taken)


def _raised(highest: list[int], play: Play) -> list[int]:
    raised, bps = list(highest), multiplier(play)
    for i in play.lines:
        raised[i] = max(raised[i], bps)
    return raised
