"""What the reports are asked with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Period = Literal["week", "month"]
CurveGroup = Literal["channel", "store", "cohort"]
#: Who said what points are worth: the programme, by what it redeems them at, or whoever asked.
ValueFrom = Literal["programme", "asked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingKinds:
    """Which kinds of posting mean what in the points report.

    A spending kind that credits (points given back) lessens what was spent. ``debt`` kinds are the
    postings of debt accounts, which are no part of what members hold. ``moved`` kinds shift points
    between the accounts of one member's life. Every other kind is issued where it credits and
    taken back where it debits.
    """

    spent: frozenset[str] = frozenset({"redeem", "redeem_return"})
    expired: frozenset[str] = frozenset({"expire"})
    taken_back: frozenset[str] = frozenset({"clawback", "repay"})
    moved: frozenset[str] = frozenset({"merge_in", "merge_out"})
    debt: frozenset[str] = frozenset({"debt", "debt_repaid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PointValue:
    """What points are worth: ``minor`` for each ``points``, and the share never to be used."""

    points: int
    minor: int
    breakage_bps: int = 0
    said_by: ValueFrom = "asked"

    def __post_init__(self) -> None:
        """Raises ValueError where it is no value: no points, a negative one, over all broken."""
        if self.points < 1 or self.minor < 0 or not 0 <= self.breakage_bps <= 10_000:
            raise ValueError("points >= 1, minor >= 0 and breakage_bps 0 to 10,000 are needed")
