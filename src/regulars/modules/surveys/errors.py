"""What surveys refuse, and why."""

from __future__ import annotations

from regulars.kernel.errors import Refusal


class SurveyNotDraft(Refusal):
    """A survey that was opened is not changed: its answers are to what was shown."""

    code = "survey_not_draft"
    status = 409
    title = "The survey was opened; make a new one"


class SurveyNotOpen(Refusal):
    """The survey takes no answers now."""

    code = "survey_not_open"
    status = 409
    title = "The survey takes no answers now"


class AlreadyAnswered(Refusal):
    """A member answers a survey once; what was taken back is not asked for again."""

    code = "already_answered"
    status = 409
    title = "This was answered before"


class NotGone(Refusal):
    """Why somebody left is asked of who has left."""

    code = "not_gone"
    status = 409
    title = "The membership goes on"
