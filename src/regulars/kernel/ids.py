"""Ids: time-ordered UUIDs (version 7, RFC 9562) and the prefixed text people and programs see."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from uuid import UUID, SafeUUID

# An id is a number of 122 free bits: 48 of milliseconds, then a tail of 74.
_TAIL_BITS = 74
_LOW_BITS = 62
_LOW = (1 << _LOW_BITS) - 1
_FRESH = (1 << (_TAIL_BITS - 1)) - 1  # the tail's top bit starts at 0: room to count up
_MAX_MS = (1 << 48) - 1
_STEP_BYTES = 4
_FRESH_BYTES = 10
_NEXT_BYTES = _STEP_BYTES + _FRESH_BYTES
_DRAWN = 64
_VERSION = 0x7000_8000_0000_0000_0000

_SHOWN = re.compile(r"[0-9a-f]{32}")


class _Series:
    """Ids that rise one after the other, from any thread of one process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start anew: a forked child must not count on from its parent's last id."""
        self._lock = threading.Lock()
        self._last = 0
        self._chance: list[int] = []

    def take(self, count: int, now_ms: int, *, never_back: bool) -> list[UUID]:
        """``count`` rising ids at ``now_ms``; above every earlier one if ``never_back``."""
        if not 0 <= now_ms <= _MAX_MS:
            raise ValueError(f"{now_ms} ms since 1970 does not fit an id")
        random = os.urandom(_STEP_BYTES * count + _FRESH_BYTES)
        fresh = int.from_bytes(random[-_FRESH_BYTES:], "big") & _FRESH
        taken = []
        with self._lock:
            last = self._last
            reached_ms = last >> _TAIL_BITS
            if now_ms != reached_ms and not (never_back and now_ms < reached_ms):
                last = (now_ms << _TAIL_BITS) | fresh
            for at in range(0, _STEP_BYTES * count, _STEP_BYTES):
                # A random step keeps the next id from being guessed; a full tail carries
                # into the milliseconds, so the series rises whatever happens.
                last += 1 + int.from_bytes(random[at : at + _STEP_BYTES], "big")
                taken.append(_uuid(last))
            self._last = last
        return taken

    def next(self, now_ms: int) -> UUID:
        """What ``take(1, now_ms, never_back=True)`` gives, at half its cost."""
        if not 0 <= now_ms <= _MAX_MS:
            raise ValueError(f"{now_ms} ms since 1970 does not fit an id")
        with self._lock:
            if not self._chance:
                # A call of the system for many ids: it costs as much as the rest of one.
                drawn = os.urandom(_NEXT_BYTES * _DRAWN)
                self._chance = [
                    int.from_bytes(drawn[at : at + _NEXT_BYTES], "big")
                    for at in range(0, len(drawn), _NEXT_BYTES)
                ]
            random = self._chance.pop()
            last = self._last
            if now_ms > last >> _TAIL_BITS:
                last = (now_ms << _TAIL_BITS) | (random & _FRESH)
            self._last = last = last + 1 + (random >> 8 * _FRESH_BYTES)
        return _uuid(last)


def _uuid(number: int) -> UUID:
    """The version 7 UUID of 122 free bits; a larger number gives a larger UUID."""
    spread = (number >> _TAIL_BITS << 80) | (number >> _LOW_BITS & 0xFFF) << 64 | number & _LOW
    return unchecked(spread | _VERSION)


def unchecked(
    number: int,
    _new: Callable[[type[UUID]], UUID] = object.__new__,
    _set: Callable[[UUID, str, object], None] = object.__setattr__,
    _safety: SafeUUID = SafeUUID.unknown,
) -> UUID:
    """``UUID(int=number)`` past its checks, which cost twice as much as all the rest."""
    uuid = _new(UUID)
    _set(uuid, "int", number)
    _set(uuid, "is_safe", _safety)
    return uuid


_by_the_clock = _Series()
_by_given_time = _Series()


def _forget_all() -> None:
    _by_the_clock.forget()
    _by_given_time.forget()


os.register_at_fork(after_in_child=_forget_all)


def new_id(now_ms: int | None = None) -> UUID:
    """A new UUIDv7, never given before; see ``new_ids`` for its time and order."""
    if now_ms is None:
        return _by_the_clock.next(time.time_ns() // 1_000_000)
    return _by_given_time.take(1, now_ms, never_back=False)[0]


def new_ids(count: int, now_ms: int | None = None) -> list[UUID]:
    """``count`` new UUIDv7, rising.

    Without ``now_ms`` the time is the host's, and every id of this process is above all earlier
    ones, also while the host clock runs backwards. With ``now_ms`` (milliseconds since 1970) the
    id carries exactly that time, and ids rise as long as the times given do not fall; the two
    series leave each other alone, so a programme clock set ahead does not drag the ids of others.

    Safe among threads and after a fork. Raises ValueError for a time that an id cannot hold.
    """
    if now_ms is None:
        return _by_the_clock.take(count, time.time_ns() // 1_000_000, never_back=True)
    return _by_given_time.take(count, now_ms, never_back=False)


def show(prefix: str, uuid: UUID) -> str:
    """The public text of an id: ``show("mem", uuid)`` is "mem_" and 32 hexadecimal digits."""
    return f"{prefix}_{uuid.int:032x}"


def parse(prefix: str, text: str) -> UUID | None:
    """The id that ``text`` shows under ``prefix``; None for anything ``show`` never wrote.

    None means the same as an unknown id: the caller answers 404, and a malformed id tells
    nothing more.
    """
    head = len(prefix) + 1
    if not text.startswith(f"{prefix}_") or not _SHOWN.fullmatch(text, head):
        return None
    return unchecked(int(text[head:], 16))
