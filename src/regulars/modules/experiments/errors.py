"""What experiments refuse, and why."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class ComparisonRefused(Refusal):
    """Somebody asked for a comparison that measures selection, not an effect."""

    code = "comparison_refused"
    status = 422
    title = "This comparison does not measure an effect"


class ExperimentNotRunning(Refusal):
    """The experiment is not in the state that this step needs."""

    code = "experiment_not_running"
    status = 409
    title = "The experiment is not in the state that this needs"


class TooSoon(Refusal):
    """A decision was asked for before a planned look, which would make its verdict untrue."""

    code = "too_soon"
    status = 409
    title = "The experiment is decided at its planned look"


class CodeTaken(Refusal):
    """Another experiment of this merchant has the code."""

    code = "code_taken"
    status = 409
    title = "Another experiment has this code"


class OfferNotTried(Refusal):
    """The offer is not published with a holdout, so nobody would be without it."""

    code = "offer_not_held_out"
    status = 409
    title = "The offer of the experiment is not published with a holdout"


class OfferTaken(Refusal):
    """Another experiment on the offer is not decided yet."""

    code = "offer_taken"
    status = 409
    title = "Another experiment on this offer is not decided yet"


class NobodyToAssign(Refusal):
    """An arm would be empty: there is nothing to compare."""

    code = "nobody_to_assign"
    status = 409
    title = "Both arms need members"
