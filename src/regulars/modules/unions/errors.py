"""What unions refuse."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class AlreadyMerged(Conflict):
    """One of the two goes on as somebody else already."""

    code = "already_merged"
    title = "Merged before"


class AlreadyUndone(Conflict):
    """The merge was undone before."""

    code = "merge_undone"
    title = "Undone before"


class MergedFurther(Conflict):
    """Who carried on was merged into somebody else since; that merge is undone first."""

    code = "merged_further"
    title = "A later merge stands in the way"


class TooMuch(Conflict):
    """Together the two would hold more than an account can."""

    code = "balance_too_large"
    title = "More than an account can hold"
