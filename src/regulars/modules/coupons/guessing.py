"""Whoever guesses codes is slowed down; whoever shops is not.

Counted in the memory of each serving process, in host time: an attack is not programme time, and
what is lost with a process is at most one window of counts. docs/algorithms/coupons.md has the
limits and says why the wide ones do not lock.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

Verdict = Literal["open", "members_only", "locked"]
_WINDOW: Final = timedelta(minutes=10)
_LOCK: Final = timedelta(minutes=15)
#: So many actors are remembered; the longest unseen is forgotten first.
_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many wrong codes are too many within the window."""

    actor: int = 10
    api_key: int = 20_000
    merchant: int = 100_000


@dataclass(slots=True)
class _Record:
    wrong: deque[tuple[datetime, int]] = field(default_factory=deque)
    total: int = 0
    locked_until: datetime | None = None

    def add(self, count: int, at: datetime) -> None:
        self.wrong.append((at, count))
        self.total += count

    def within(self, at: datetime) -> int:
        while self.wrong and self.wrong[0][0] <= at - _WINDOW:
            self.total -= self.wrong.popleft()[1]
        return self.total


class Guard:
    """Judges who may have codes looked at, and learns from wrong ones. Safe among threads."""

    def __init__(self, limits: Limits = Limits()) -> None:  # frozen
        self._limits = limits
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._lock = threading.Lock()

    def verdict(
        self,
        *,
        merchant_id: int,
        api_key: str,
        member: str | None,
        address: str | None,
        at: datetime,
    ) -> Verdict:
        """Whether codes are looked at: of everybody, of named members alone, or not at all.

        ``address`` is the buyer's own, never that of a till or a shop's server, behind which
        everybody stands. The caller tells codes it did not look at as it tells wrong ones.
        """
        with self._lock:
            actor = self._records.get(_actor(merchant_id, member, address))
            if actor and actor.locked_until and at < actor.locked_until:
                return "locked"
            wide = (
                (_api_key(merchant_id, api_key), self._limits.api_key),
                (_merchant(merchant_id), self._limits.merchant),
            )
            for name, limit in wide:
                record = self._records.get(name)
                if record and record.within(at) >= limit:
                    return "open" if member else "members_only"
        return "open"

    def wrong(
        self,
        count: int,
        *,
        merchant_id: int,
        api_key: str,
        member: str | None,
        address: str | None,
        at: datetime,
    ) -> None:
        """``count`` codes were wrong. Call it for what was looked at alone."""
        if count <= 0:
            return
        with self._lock:
            if member or address:
                actor = self._record(_actor(merchant_id, member, address))
                actor.add(count, at)
                if actor.within(at) >= self._limits.actor:
                    actor.locked_until = at + _LOCK
            for name in (_api_key(merchant_id, api_key), _merchant(merchant_id)):
                self._record(name).add(count, at)

    def _record(self, name: str) -> _Record:
        record = self._records.setdefault(name, _Record())
        self._records.move_to_end(name)
        while len(self._records) > _REMEMBERED:
            self._records.popitem(last=False)
        return record


def _actor(merchant_id: int, member: str | None, address: str | None) -> str:
    return f"{merchant_id}|member|{member}" if member else f"{merchant_id}|address|{address}"


def _api_key(merchant_id: int, api_key: str) -> str:
    return f"{merchant_id}|key|{api_key}"


def _merchant(merchant_id: int) -> str:
    return f"{merchant_id}|all"


#: The guard of this process.
GUARD: Final = Guard()
