"""What budgets refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class BudgetTaken(Conflict):
    """Somebody else has the last of it; nothing was taken."""

    code = "budget_taken"
    title = "This is taken: somebody else was faster"


class ClaimEnded(Conflict):
    """A claim ran out, was given back, or is committed already."""

    code = "claim_ended"
    title = "What was held for this is no longer held"
