"""What a pure function told, kept: for functions that are asked the same thing very often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_MOST: Final = 65_536


class Remembered(dict[K, V]):
    """``remembered[key]`` is ``find(key)``; found once while there is room.

    A plain table: it forgets all at once when it is full, and so need not note at every look who
    was asked for last, which for millions of looks costs more than the looks. Safe to share among
    threads. What ``find`` raises is not kept.
    """

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[K], V]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: K) -> V:
        found = self._find(key)
        if len(self) >= _MOST:
            self.clear()
        self[key] = found
        return found
