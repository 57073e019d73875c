"""Refusals of steering."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class PlanAtWork(Conflict):
    """Another plan of this merchant is being worked out or given."""

    code = "plan_at_work"
    title = "Another one is at work"


class PlanNotReady(Conflict):
    """The plan is not in the state that this step needs."""

    code = "plan_not_ready"
    title = "The plan is not in the state that this needs"


class PlanStale(Conflict):
    """The plan knows nothing of the last days, in which members bought."""

    code = "plan_stale"
    title = "The plan is too old to be started"


class NothingToGive(Conflict):
    """The plan chose nobody, or too few to be measured."""

    code = "nothing_to_give"
    title = "The plan gives nothing that could be measured"
