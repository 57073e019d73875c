"""Group commit: what many callers of one process want at the same time is done together.

A few go alone, side by side: while one waits for the database another computes. Where there are
more they go in company: the first does what there is to do, their own and what others have brought
meanwhile; whoever comes later waits, and when that is done one of those goes on. (Combining under
a lock is "flat combining": Hendler, Incze, Shavit, Tzafrir, SPAA 2010; databases flush their logs
so.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

import structlog

_log = structlog.get_logger("regulars.grouping")
Wanted = TypeVar("Wanted")
Given = TypeVar("Given")


class _Place(Generic[Wanted, Given]):
    """Of one caller, who waits at ``turn``."""

    __slots__ = ("given", "is_served", "turn", "wanted")

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.given: Given | None = None
        self.is_served = False
        self.turn = Lock()
        self.turn.acquire()


class Group(Generic[Wanted, Given]):
    """Who comes while fewer than ``alone`` are there goes alone. Of the others ``work`` takes what
    some want, at most ``most`` at a time, and tells what each gets, in their order; None for one
    who has to do it alone.

    A caller's thread does the work of others with its own connection. Where work fails everybody
    has to do theirs alone, and whose fault it is fails again there. Where it stands still (a row
    that somebody else has locked) who comes later waits ``patience`` seconds and then goes alone.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Wanted]], Sequence[Given | None]],
        *,
        alone: int,
        most: int,
        patience: float,
    ) -> None:
        self._work = work
        self._alone = alone
        self._here = 0
        self._most = most
        self._patience = patience
        self._lock = Lock()
        self._waiting: deque[_Place[Wanted, Given]] = deque()
        self._is_at_work = False

    def do(self, wanted: Wanted, alone: Callable[[], Given]) -> Given:
        """What ``alone`` gives, or ``work`` in its place."""
        with self._lock:
            are_few = self._here < self._alone
            self._here += 1
        try:
            given = None if are_few else self._in_company(wanted)
            return alone() if given is None else given
        finally:
            with self._lock:
                self._here -= 1

    def _in_company(self, wanted: Wanted) -> Given | None:
        """What ``work`` gives for this; None where its caller has to do it alone."""
        mine: _Place[Wanted, Given] = _Place(wanted)
        with self._lock:
            waits = self._is_at_work
            self._is_at_work = True
            if waits:
                self._waiting.append(mine)
        if waits:
            if self._gives_up(mine):
                return None
            if mine.is_served:
                return mine.given
        with self._lock:
            company = [mine]
            while self._waiting and len(company) < self._most:
                company.append(self._waiting.popleft())
        try:
            self._serve(company)
        finally:
            self._go_on(company[1:])
        return mine.given

    def _gives_up(self, mine: _Place[Wanted, Given]) -> bool:
        """Wait for one's turn; whether it did not come. Who is in a company already stays."""
        if mine.turn.acquire(timeout=self._patience):
            return False
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return True
        mine.turn.acquire()
        return False

    def _serve(self, company: Sequence[_Place[Wanted, Given]]) -> None:
        try:
            given = self._work([place.wanted for place in company])
        except Exception as error:
            # Alone it goes well, maybe: then nothing else would tell.
            _log.error("company_failed", error=type(error).__name__, exc_info=error)
            return
        for place, what in zip(company, given, strict=True):
            place.given = what

    def _go_on(self, served: Sequence[_Place[Wanted, Given]]) -> None:
        """Let whoever waits longest be the next at work, and those who are served go."""
        with self._lock:
            after = self._waiting.popleft() if self._waiting else None
            self._is_at_work = after is not None
        if after is not None:
            after.turn.release()
        for place in served:
            place.is_served = True
            place.turn.release()
