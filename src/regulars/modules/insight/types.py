"""What insight is asked, and what it answers with beside the figures themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Level = Literal["sku", "type", "category"]
LEVELS: Final[tuple[Level, ...]] = ("sku", "type", "category")
Kind = Literal["drop", "silent"]
KINDS: Final[tuple[Kind, ...]] = ("drop", "silent")


@dataclass(frozen=True, slots=True)
class Abstained:
    """No answer, because there is too little to learn from.

    ``reason`` names what there was too little of: ``there`` of at least ``needed``.
    """

    reason: str
    there: int
    needed: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """A window that is over, foretold as if it were not: how many were expected, how many came.

    ``anchor`` is the last day that was known, counted as the history counts days; ``days`` is how
    long the window was.
    """

    anchor: int
    days: int
    asked: int
    expected: float
    happened: int
