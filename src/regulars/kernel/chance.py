"""Who is held out, by chance that can be worked out again: a hash, and nothing that is stored.

docs/algorithms/experiments.md has the worked figure. Offers and experiments ask this one function,
so that whoever does not get an offer is whoever its experiment counts as held out.
"""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

WHOLE_BPS: Final = 10_000
STANDING_SALT: Final = "everything"
"""The salt of a merchant's standing holdout, for ever."""
_SPACE: Final = 1 << 64


def place_of(merchant_id: int, salt: str, member_id: UUID) -> int:
    """Where a member stands among the 10,000 parts of an experiment: the same for ever."""
    written = f"{merchant_id}:{salt}:{member_id.hex}".encode()
    number = int.from_bytes(hashlib.sha256(written).digest()[:8], "big")
    return number * WHOLE_BPS // _SPACE


def is_held_out(merchant_id: int, salt: str, member_id: UUID, held_out_bps: int) -> bool:
    """Whether a member is among the ``held_out_bps`` who do not get what is tried.

    A larger share keeps everybody it already held out.
    """
    return place_of(merchant_id, salt, member_id) < held_out_bps


def salt_of_offer(code: str) -> str:
    """What members are hashed with for an offer: its code, which stays for ever."""
    return f"offer:{code}"
