"""What each funder pays of a discount. Pure.

A discount is split over its funders by largest remainder, so the parts are the whole. What an order
may take of a funder is bounded by ``most_of``, which no split passes: a funder's part of ``amount``
is never above ``amount`` x share, rounded up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regulars.kernel.allocation import allocate

from .types import FunderShare

BPS: Final = 10_000


def parts(funding: Sequence[FunderShare], amount_minor: int) -> list[int]:
    """What each funder pays of ``amount_minor``; in all exactly that."""
    return allocate(amount_minor, [share.share_bps for share in funding])


def most_of(left_minor: int, share_bps: int) -> int:
    """The most an offer may take, so that a funder's share of it is within ``left_minor``."""
    return left_minor * BPS // share_bps


def at_most(share_bps: int, amount_minor: int) -> int:
    """What a funder pays of ``amount_minor`` at most, however the split is rounded."""
    return -(-amount_minor * share_bps // BPS)
