"""What the ledger refuses."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class InsufficientPoints(Refusal):
    """The member has less available than was asked for."""

    code = "insufficient_points"
    status = 409
    title = "Not enough points"


class HoldEnded(Refusal):
    """The hold was captured, released or ran out before."""

    code = "hold_ended"
    status = 409
    title = "The hold has ended"


class ChainBroken(Refusal):
    """Postings that were sealed are gone: nothing is sealed over that. See `regulars doctor`."""

    code = "chain_broken"
    status = 409
    title = "The ledger is not what was sealed"
